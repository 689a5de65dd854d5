package tfrecord

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/premix/premix/io/window"
)

// Options say how a [Reader] reads. The zero value is strict.
type Options struct {
	MaxRecord int64 // records of more bytes are an error; 0 means 1 GiB
	First     int64 // number of the first record
	// Rescue goes on after every error but one of what it reads from: where a length is wrong, at the next
	// head whose checksum is right. A strict reader stops there.
	Rescue bool
	// Interrupted, if set, is asked before each record, and on the way to the next head.
	Interrupted func() error
}

// A Reader reads records front to back. It checks both checksums of each.
type Reader struct {
	w      *window.Window
	o      Options
	head   [headerSize]byte
	buf    []byte
	number int64 // of the next record
	next   int64 // offset of the next record
	offset int64 // of the last record
	size   int64 // of the data of the last record
	err    error // that ended it
}

// NewReader reads strictly from r, starting with the first byte of a record. Records longer than
// maxRecord bytes are an error; 0 means 1 GiB. Nothing is allocated for a record
// before its length has been checked, and memory grows with what really arrives.
func NewReader(r io.Reader, maxRecord int64) *Reader {
	return Open(window.Stream(r, 0, -1, -1), Options{MaxRecord: maxRecord})
}

// Open reads from the position of w, where a record begins.
func Open(w *window.Window, o Options) *Reader {
	if o.MaxRecord <= 0 {
		o.MaxRecord = defaultMaxRecord
	}
	return &Reader{w: w, o: o, number: o.First, next: w.Pos}
}

// Offset is that of the last record, or of the one that Next complained about.
func (r *Reader) Offset() int64 { return r.offset }

// Record is the number of the last record, from Options.First; one less before the first.
func (r *Reader) Record() int64 { return r.number - 1 }

// Next returns the data of the next record, valid until the call after it, or io.EOF after the last.
// Every other error is an *Error. That of a strict reader is final, except one of the kind BadData: then
// the next call returns the record that follows. One with Options.Rescue goes on as long as there is
// something behind the record, and io.EOF follows its last error.
func (r *Reader) Next() ([]byte, error) {
	if err := r.header(); err != nil {
		return nil, err
	}
	if r.size > r.o.MaxRecord {
		return nil, r.large()
	}
	var err error
	r.buf, err = r.w.Fill(r.buf, r.size+footerSize)
	if err != nil {
		return nil, r.stop(err, fmt.Sprintf("%d of its %d bytes", len(r.buf), r.size))
	}
	data := r.buf[:r.size:r.size]
	if binary.LittleEndian.Uint32(r.buf[r.size:]) != Mask(data) {
		return nil, r.fault(BadData, 0, "data checksum mismatch")
	}
	return data, nil
}

// Skip passes over the next record. It reads the head only, and returns the errors of Next.
func (r *Reader) Skip() error { return r.header() }

// header reads the head of the next record.
func (r *Reader) header() error {
	switch {
	case r.err != nil:
		return r.err
	case r.o.Interrupted != nil:
		if err := r.o.Interrupted(); err != nil {
			return r.medium(err, "")
		}
	}
	if end := r.w.End; end >= 0 && r.next >= end {
		r.err = io.EOF
		return r.err
	}
	begin := func() { r.offset, r.number = r.next, r.number+1 }
	if pos := r.w.Pos; r.next > pos { // the data of the record before were not read
		if err := r.w.Skip(r.next - pos); err != nil {
			begin()
			return r.stop(err, "the file ends inside of the record before")
		}
	}
	have, err := r.w.Peek(headerSize)
	if err == nil && len(have) == 0 {
		r.err = io.EOF
		return r.err
	}
	begin()
	switch {
	case err != nil:
		return r.stop(err, "the file ends early")
	case len(have) < headerSize:
		return r.final(r.fault(Truncated, unknown, fmt.Sprintf("%d of the %d bytes of its head", len(have), headerSize)))
	}
	copy(r.head[:], have)
	length := binary.LittleEndian.Uint64(r.head[:])
	size := r.w.Max
	switch {
	case !IsHead(r.head[:]):
		return r.broken(-1, BadLength, "length checksum mismatch")
	case !r.o.Rescue && length > uint64(r.o.MaxRecord):
		return r.final(r.fault(TooLong, unknown, fmt.Sprintf("%d bytes, the limit is %d", length, r.o.MaxRecord)))
	case length > 1<<62 || size >= 0 && int64(length) > size-r.offset-headerSize:
		return r.broken(-1, Truncated, fmt.Sprintf("it says that it has %d bytes, more than the file", length))
	}
	if err := r.w.Skip(headerSize); err != nil {
		return r.medium(err, "")
	}
	r.size = int64(length)
	r.next = r.offset + Overhead + r.size
	return nil
}

// stop ends the reading with an error of the medium, or where the file ends too early.
func (r *Reader) stop(err error, what string) error {
	if r.w.Ended(err) {
		return r.final(r.fault(Truncated, unknown, what))
	}
	return r.medium(err, "")
}

// medium ends the reading with an error of the medium.
func (r *Reader) medium(err error, what string) error {
	e := r.fault(UnderlyingRead, unknown, what)
	e.Err = err
	return r.final(e)
}

// fault describes an error of the last record.
func (r *Reader) fault(kind Kind, lost int64, detail string) *Error {
	return &Error{Kind: kind, Record: r.number - 1, Offset: r.offset, Lost: lost, detail: detail}
}

// final ends the reading with an error.
func (r *Reader) final(e *Error) error {
	r.err = e
	if r.o.Rescue {
		r.err = io.EOF
	}
	return e
}
