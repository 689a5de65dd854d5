package tfrecord

import (
	"encoding/binary"
	"fmt"
	"io"
)

const bufferSize = 256 << 10

// A Reader reads records front to back. It checks both checksums of each.
type Reader struct {
	r      io.Reader
	limit  int64
	buf    []byte // buf[lo:hi] is read but not used
	lo, hi int
	eof    bool
	number int64 // of the next record
	next   int64 // offset of the next record
	offset int64 // of the last record
	err    error
}

// NewReader reads from r, starting with the first byte of a record. Records longer than
// maxRecord bytes are an error; 0 means 1 GiB. Nothing is allocated for a record
// before its length has been checked, and memory grows with what really arrives.
func NewReader(r io.Reader, maxRecord int64) *Reader {
	if maxRecord <= 0 {
		maxRecord = defaultMaxRecord
	}
	return &Reader{r: r, limit: maxRecord}
}

// Offset is that of the last record, or of the one that Next complained about.
func (r *Reader) Offset() int64 { return r.offset }

// Record is the number of the last record, from 0; −1 before the first.
func (r *Reader) Record() int64 { return r.number - 1 }

// Next returns the data of the next record, valid until the call after it, or io.EOF after the last.
// Every other error is an *Error and final, except one of the kind BadData: then the next call
// returns the record that follows.
func (r *Reader) Next() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.offset = r.next
	r.number++
	have, err := r.fill(headerSize)
	if err != nil {
		return nil, r.fail(UnderlyingRead, err, "")
	}
	head := r.buf[r.lo:r.hi]
	switch {
	case have == 0:
		r.number--
		r.err = io.EOF
		return nil, r.err
	case have < headerSize:
		return nil, r.fail(Truncated, nil, fmt.Sprintf("truncated: %d of the %d bytes of its header", have, headerSize))
	}
	length := binary.LittleEndian.Uint64(head)
	if got, want := binary.LittleEndian.Uint32(head[8:]), Mask(head[:8]); got != want {
		return nil, r.fail(BadLength, nil, fmt.Sprintf("length checksum mismatch: stored %08x, want %08x", got, want))
	}
	if length > uint64(r.limit) {
		return nil, r.fail(TooLong, nil, fmt.Sprintf("length of %d bytes is above the limit of %d", length, r.limit))
	}
	n := int(length)
	whole := headerSize + n + footerSize
	have, err = r.fill(whole)
	if err != nil {
		return nil, r.fail(UnderlyingRead, err, "")
	}
	if have < whole {
		return nil, r.fail(Truncated, nil, fmt.Sprintf("truncated: %d of its %d bytes", have, whole))
	}
	record := r.buf[r.lo : r.lo+whole]
	r.lo += whole
	r.next += int64(whole)
	data := record[headerSize : headerSize+n : headerSize+n]
	if got, want := binary.LittleEndian.Uint32(record[headerSize+n:]), Mask(data); got != want {
		err := r.fail(BadData, nil, fmt.Sprintf("data checksum mismatch: stored %08x, want %08x", got, want))
		r.err = nil
		return nil, err
	}
	return data, nil
}

func (r *Reader) fail(kind Kind, err error, detail string) error {
	r.err = &Error{Kind: kind, Record: r.number - 1, Offset: r.offset, Err: err, detail: detail}
	return r.err
}

// fill makes n bytes available at buf[lo:], and returns how many there are, at most n: fewer only
// at the end of the file.
func (r *Reader) fill(n int) (int, error) {
	for stalls := 0; r.hi-r.lo < n && !r.eof; {
		if r.lo > 0 {
			r.hi = copy(r.buf, r.buf[r.lo:r.hi])
			r.lo = 0
		}
		if r.hi == len(r.buf) {
			// What is here already vouches for as much again.
			grown := make([]byte, max(bufferSize, min(2*len(r.buf), n)))
			copy(grown, r.buf[:r.hi])
			r.buf = grown
		}
		k, err := r.r.Read(r.buf[r.hi:])
		r.hi += k
		switch {
		case err == io.EOF:
			r.eof = true
		case err != nil:
			return 0, err
		case k > 0:
			stalls = 0
		default:
			if stalls++; stalls == 100 {
				return 0, io.ErrNoProgress
			}
		}
	}
	return min(r.hi-r.lo, n), nil
}
