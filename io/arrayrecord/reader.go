package arrayrecord

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/minio/highwayhash"
	"github.com/premix/premix/io/window"
)

// Options say how a [Reader] reads. The zero value is strict.
type Options struct {
	MaxRecord int64 // records of more bytes are an error; 0 means 1 GiB. A chunk of several has at most 256 MiB, or this
	First     int64 // number of the first record
	// Rescue goes on after every error but one of what it reads from: where the header of a chunk is wrong, at
	// the chunk that a later block header leads to. A strict reader stops there.
	Rescue bool
	// Interrupted, if set, is asked before each chunk, and on the way to the next one.
	Interrupted func() error
	// Report, if set, is called for what differs from what a [Writer] writes, but is as good.
	Report func(offset int64, what string)
}

// A Reader reads records front to back. It checks every hash, in a strict reader those of padding too, and at the
// end of the file compares the footer with what it has read. It holds one chunk.
type Reader struct {
	w      *window.Window
	o      Options
	cur    chunk
	ahead  chunk  // was read after cur, if full
	number int64  // of the next record
	offset int64  // of the last chunk that was looked at
	next   int64  // where the next chunk begins
	sizes  []byte // of the records of cur that are left
	values []byte
	last   int64    // number of the last record
	lost   []*Error // are returned before anything else

	most    int64 // bytes that a chunk of several records may hold
	start   int64 // where reading began
	chunks  int64 // of records
	damaged bool  // some were lost, so nobody knows what the footer should be
	footers hash.Hash64
	unpack  unpacker
	beside  unpacker // of ahead
	err     error    // that ended it
}

// NewReader reads strictly from r, starting with the first byte of a file. Records longer than maxRecord bytes
// are an error; 0 means 1 GiB. Nothing is allocated for a chunk before its length has been checked, and memory
// grows with what really arrives.
func NewReader(r io.Reader, maxRecord int64) *Reader {
	return Open(window.Stream(r, 0, -1, -1), Options{MaxRecord: maxRecord})
}

// Open reads from the position of w, where a file or a chunk begins. Where w has an end, that is one of a chunk of
// records: else the file is read up to its footer.
func Open(w *window.Window, o Options) *Reader {
	if o.MaxRecord <= 0 {
		o.MaxRecord = defaultMaxRecord
	}
	r := &Reader{w: w, o: o, most: max(maxChunk, o.MaxRecord), number: o.First, last: o.First - 1, next: w.Pos, start: w.Pos}
	if h, err := highwayhash.NewDigest64(hashKey); err != nil {
		r.err = err // the key has another length: it has not
	} else {
		r.footers = h
	}
	return r
}

// Offset is where the chunk of the last record begins, or of the one that Next complained about.
func (r *Reader) Offset() int64 { return r.offset }

// Record is the number of the last record, from Options.First, or of the one that Next complained about; one less
// than First before the first.
func (r *Reader) Record() int64 { return r.last }

// Next returns the next record, valid until the call after it, or io.EOF after the last. Every other error is an
// *Error. That of a strict reader is final, except of the kinds BadData, TooLong and Unsupported: then the next
// call goes on after the record. One with Options.Rescue goes on as long as there is something after it, and io.EOF
// follows its last error.
func (r *Reader) Next() ([]byte, error) {
	for len(r.sizes) == 0 {
		if len(r.lost) > 0 {
			e := r.lost[0]
			r.lost = r.lost[1:]
			r.last, r.offset = e.Record, e.Offset
			return nil, e
		}
		if r.err != nil {
			return nil, r.err
		}
		if err := r.group(); err != nil {
			if e, ok := err.(*Error); ok {
				r.last = e.Record
			}
			return nil, err
		}
	}
	size, n := binary.Uvarint(r.sizes) // unpack has checked them
	data := r.values[:size:size]
	r.sizes, r.values = r.sizes[n:], r.values[size:]
	r.last = r.number
	if int64(size) > r.o.MaxRecord {
		return nil, r.fault(TooLong, 0, fmt.Sprintf("%d bytes, the limit is %d", size, r.o.MaxRecord))
	}
	r.number++
	return data, nil
}

// group reads chunks up to one of records, and unpacks it. At the footer it ends the file.
func (r *Reader) group() error {
	c := &r.cur
	if r.ahead.full {
		r.cur, r.ahead = r.ahead, r.cur
		r.ahead.full = false
	} else if err := r.read(c); err == io.EOF {
		if r.w.End >= 0 {
			r.err = io.EOF
			return r.err
		}
		return r.final(r.fault(Truncated, unknown, "the file ends without a footer"))
	} else if err != nil {
		return err
	}
	r.offset = c.begin
	switch c.kind {
	case kindSignature, kindMetadata, kindPadding:
		return nil
	case kindRecords, kindTransposed:
	default:
		c.fault = &Error{Kind: Unsupported, detail: fmt.Sprintf("it is in a chunk of the unknown kind %#02x", c.kind)}
	}
	var sizes, values []byte
	if c.fault == nil {
		sizes, values, c.fault = r.unpack.records(c)
	}
	if c.fault != nil {
		return r.lose(c)
	}
	if r.w.End < 0 {
		if done, err := r.finish(c, sizes, values); done {
			return err
		}
	}
	r.sizes, r.values = sizes, values
	if r.chunks++; r.start == 0 && !r.damaged {
		r.note(Entry{c.begin, int64(c.decoded), int64(c.records)})
	}
	if r.o.Report != nil && c.data[0] != 0 {
		r.o.Report(c.begin, fmt.Sprintf("a chunk is compressed (%q), and premix compresses none", c.data[0]))
	}
	if r.o.Report != nil && c.records != 1 {
		r.o.Report(c.begin, fmt.Sprintf("a chunk has %d records, and premix writes one in each", c.records))
	}
	return nil
}

// note adds a chunk to the hash of those that the footer should list.
func (r *Reader) note(e Entry) {
	var p [24]byte
	binary.LittleEndian.PutUint64(p[:], uint64(e.Offset))
	binary.LittleEndian.PutUint64(p[8:], uint64(e.Bytes))
	binary.LittleEndian.PutUint64(p[16:], uint64(e.Records))
	r.footers.Write(p[:])
}

// finish reports whether a chunk of records is the footer or the postscript, and then ends the reading, with an
// error if they are not those of the records before them. What begins like a footer is one if the postscript
// that follows says so.
func (r *Reader) finish(c *chunk, sizes, values []byte) (done bool, err error) {
	if _, ok := postscriptOf(c, sizes, values); ok {
		return true, r.final(r.fault(BadFooter, unknown, "the postscript does not follow a footer"))
	}
	size, n := binary.Uvarint(sizes)
	m, ok := parseMetadata(values[:size])
	if !ok {
		return false, nil
	}
	a := &r.ahead
	if err := r.skipPadding(a); err == io.EOF {
		return true, r.final(r.fault(Truncated, unknown, "the file ends without a postscript"))
	} else if err != nil {
		return true, r.afterFooter(err, "the postscript cannot be read")
	}
	if a.fault != nil && a.begin%blockSize == 0 && a.header.records == 3 {
		return true, r.final(r.fault(BadFooter, unknown, "the postscript is damaged: "+a.fault.detail))
	}
	if !r.leadsTo(a, c.begin) {
		a.full, r.offset = true, c.begin
		return false, nil
	}
	if r.start == 0 && !r.damaged {
		if what := r.contradicts(c, m, sizes[n:], values[size:]); what != "" {
			return true, r.final(r.fault(BadFooter, 0, what))
		}
	}
	if err := r.skipPadding(a); err == io.EOF {
		if r.next%blockSize != 0 {
			return true, r.final(r.fault(Truncated, unknown, "the file ends before its last padding"))
		}
		r.err = io.EOF
		return true, io.EOF
	} else if err != nil {
		return true, r.afterFooter(err, "what follows the postscript is damaged")
	}
	return true, r.final(r.fault(BadFooter, unknown, "more chunks follow the postscript"))
}

// skipPadding reads the next chunk that is not padding.
func (r *Reader) skipPadding(c *chunk) error {
	for {
		if err := r.read(c); err != nil || c.kind != kindPadding {
			return err
		}
	}
}

// contradicts says how a footer differs from the chunks that were read; empty if it does not.
func (r *Reader) contradicts(c *chunk, m metadata, sizes, values []byte) string {
	if m.chunks != uint64(r.chunks) || m.records != uint64(r.number) {
		return fmt.Sprintf("the footer states %d records in %d chunks, there are %d in %d", m.records, m.chunks, r.number, r.chunks)
	}
	have := r.footers.Sum64()
	r.footers.Reset()
	if err := entries(sizes, values, func(e Entry) { r.note(e) }); err != nil {
		return err.Error()
	}
	if r.footers.Sum64() != have {
		return "the footer lists other chunks than there are"
	}
	if r.o.Report != nil && m.options != writerOptions {
		r.o.Report(c.begin, fmt.Sprintf("the footer has the options %q, premix writes %q", m.options, writerOptions))
	}
	return ""
}

// afterFooter ends the reading after an error in what follows the footer.
func (r *Reader) afterFooter(err error, what string) error {
	var e *Error
	switch {
	case errors.As(err, &e) && e.Kind == UnderlyingRead:
		return err
	case e != nil:
		what += ": " + e.Detail()
	}
	return r.final(r.fault(BadFooter, unknown, what))
}

// each is how many records of a chunk at most get an error each, where the chunk is lost.
const each = 1 << 16

// lose passes over the records of a chunk. Its header is right, so that the next chunk and their number are known.
// It may be the footer: the postscript that follows says so.
func (r *Reader) lose(c *chunk) error {
	r.damaged = true
	first := r.number
	if c.records > each {
		r.lost = []*Error{r.fault(c.fault.Kind, int64(c.size), fmt.Sprintf("%d records are lost: %s", c.records, c.fault.detail))}
		r.number += int64(c.records) - 1
	} else {
		for range max(1, c.records) { // one says that there was something
			r.lost = append(r.lost, r.fault(c.fault.Kind, 0, c.fault.detail))
		}
	}
	if r.w.End >= 0 {
		return nil
	}
	var e *Error
	switch err := r.skipPadding(&r.ahead); {
	case errors.As(err, &e):
		r.lost = append(r.lost, e)
	case err == nil && r.leadsTo(&r.ahead, c.begin):
		r.lost, r.number, r.offset = nil, first, c.begin
		return r.final(r.fault(BadFooter, unknown, "the footer is damaged: "+c.fault.detail))
	case err == nil:
		r.ahead.full = true
	}
	return nil
}

// leadsTo reports whether a chunk is a postscript, with the footer at a place.
func (r *Reader) leadsTo(c *chunk, footer int64) bool {
	if c.fault != nil {
		return false
	}
	sizes, values, fault := r.beside.records(c)
	if fault != nil {
		return false
	}
	at, ok := postscriptOf(c, sizes, values)
	return ok && at == footer
}

// fault describes an error of the next record, and goes past it.
func (r *Reader) fault(kind Kind, lost int64, detail string) *Error {
	r.number++
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

// medium ends the reading with an error of the medium.
func (r *Reader) medium(err error) error {
	e := r.fault(UnderlyingRead, unknown, "")
	e.Err = err
	return r.final(e)
}
