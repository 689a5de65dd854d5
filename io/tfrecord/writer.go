package tfrecord

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Writer writes records. It buffers: Close writes the rest.
type Writer struct {
	w      *bufio.Writer
	err    error // the first one; final
	closed bool
	offset int64
	count  int64
	index  []byte
	head   [headerSize]byte
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: bufio.NewWriterSize(w, 64<<10)} }

// Write appends one record.
func (w *Writer) Write(data []byte) error {
	if w.err == nil && w.closed {
		w.err = errors.New("tfrecord: write after close")
	}
	if w.err != nil {
		return w.err
	}
	_, err := w.w.Write(appendHeader(w.head[:0], len(data)))
	if err == nil {
		_, err = w.w.Write(data)
	}
	if err == nil {
		_, err = w.w.Write(binary.LittleEndian.AppendUint32(w.head[:0], Mask(data)))
	}
	if err != nil {
		w.err = &Error{Kind: UnderlyingWrite, Record: w.count, Offset: w.offset, Err: err}
		return w.err
	}
	n := int64(len(data)) + Overhead
	w.index = fmt.Appendf(w.index, "%d %d\n", w.offset, n)
	w.offset += n
	w.count++
	return nil
}

// Close writes what is buffered. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		w.closed = true
		return w.err
	}
	w.closed = true
	if err := w.w.Flush(); err != nil {
		w.err = &Error{Kind: UnderlyingWrite, Record: w.count, Offset: w.offset, Err: err}
	}
	return w.err
}

// Index returns the index of the file as DALI's tfrecord2idx and the Python package tfrecord
// write it: a line a record, of its offset and its length with the framing.
func (w *Writer) Index() []byte { return w.index }

// Payload is the number of bytes written without the framing.
func (w *Writer) Payload() int64 { return w.offset - Overhead*w.count }
