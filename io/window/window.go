// Package window has what the readers of containers move through: a file that can be read at any place,
// an object of a store, or a stream that was decompressed.
package window

import (
	"bufio"
	"errors"
	"io"
)

// A Window is the stretch of bytes that a reader of a container moves through: a part of a file that
// can be read at any place, or a stream. Positions are absolute in the object (in the decompressed
// bytes of a compressed one).
type Window struct {
	at  io.ReaderAt   // or nil
	br  *bufio.Reader // the stream, or a buffer over at: that of near or of far
	raw tracked       // what br reads; unused over at

	near, far *bufio.Reader // over at: for what lies close together, and for what does not
	Pos       int64
	End       int64 // where a chunk or an inner container ends; −1 if only the stream knows
	Max       int64 // where the object ends; −1 if only the stream knows

	// Reopen begins the stream anew at a position; may be nil.
	Reopen func(pos int64) (io.Reader, error)

	// Lost is how many bytes of a compressed file are of no use after an error of the stream, which may be
	// unknown; nil if the file is not compressed.
	Lost func() int64

	// Sound is how many bytes of a compressed file are what was compressed, as far as its checksums tell: those before an
	// error of the stream may be others. nil if the file is not compressed.
	Sound func() int64

	Failed error // of Read
	EOF    bool  // Read has met the end
}

const buffer = 32 << 10

// Over a file that can be read at any place, jumps of up to nearJump bytes read nearBuffer at once, which the next jumps
// then find; a longer one reads farBuffer, the header that it is made for.
const (
	nearJump   = 8 << 10
	nearBuffer = 64 << 10
	farBuffer  = 4096
)

// At reads [off, end) of an object of size bytes.
func At(at io.ReaderAt, off, end, size int64) *Window {
	w := &Window{at: at, Pos: off, End: end, Max: size}
	w.far = bufio.NewReaderSize(io.NewSectionReader(at, off, max(0, size-off)), farBuffer)
	w.br = w.far
	return w
}

// Stream reads a stream whose first byte is at off.
func Stream(r io.Reader, off, end, size int64) *Window {
	w := &Window{raw: tracked{r: r}, Pos: off, End: end, Max: size}
	w.br = bufio.NewReaderSize(&w.raw, buffer)
	return w
}

// A tracked remembers the last error of a reader: one that is io.ErrUnexpectedEOF itself is none of the object.
type tracked struct {
	r   io.Reader
	err error
}

func (t *tracked) Read(p []byte) (n int, err error) {
	n, t.err = t.r.Read(p)
	return n, t.err
}

// Read implements io.Reader for archive/tar, which has errors of its own: what the window
// knows stays in Failed and EOF.
func (w *Window) Read(p []byte) (int, error) {
	n, err := w.br.Read(p)
	w.Pos += int64(n)
	if err == io.EOF && w.Max >= 0 && w.Pos < w.Max {
		err = io.ErrUnexpectedEOF
	}
	switch {
	case err == io.EOF:
		w.EOF = true
	case err != nil:
		w.Failed = err
	}
	return n, err
}

// Peek returns the next n bytes without moving, fewer at the end of the object; n is small.
func (w *Window) Peek(n int) ([]byte, error) {
	if left := w.br.Buffered(); w.at != nil && w.br == w.far && 0 < left && left < n { // came here without a jump
		w.expect(0)
		w.jump(w.Pos)
	}
	p, err := w.br.Peek(n)
	if err == io.EOF {
		err = nil
		if w.Max >= 0 && w.Pos+int64(len(p)) < w.Max {
			err = io.ErrUnexpectedEOF
		}
	}
	return p, err
}

// Skip moves n bytes ahead; io.ErrUnexpectedEOF if the object ends before.
func (w *Window) Skip(n int64) error {
	if buffered := int64(w.br.Buffered()); n <= buffered || w.at == nil {
		d, err := w.br.Discard(int(n))
		w.Pos += int64(d)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if n > w.Max-w.Pos {
		w.jump(w.Max)
		return io.ErrUnexpectedEOF
	}
	w.expect(n - int64(w.br.Buffered()))
	w.jump(w.Pos + n)
	return nil
}

// expect chooses the buffer for what lies n bytes beyond the buffered ones. A jump has to follow.
func (w *Window) expect(n int64) {
	w.br = w.far
	if n <= nearJump {
		if w.near == nil {
			w.near = bufio.NewReaderSize(nil, nearBuffer)
		}
		w.br = w.near
	}
}

// Back moves to an earlier position. ok is false if the window cannot.
func (w *Window) Back(pos int64) (ok bool, err error) {
	switch {
	case w.Max >= 0 && pos >= w.Max: // nothing is there
		return false, nil
	case w.at != nil:
		w.jump(pos)
	case w.Reopen != nil:
		r, err := w.Reopen(pos)
		if err != nil {
			return false, err
		}
		w.Pos, w.raw = pos, tracked{r: r}
		w.br.Reset(&w.raw)
	default:
		return false, nil
	}
	w.Failed, w.EOF = nil, false
	return true, nil
}

// jump moves to a position of an object that can be read at any place.
func (w *Window) jump(pos int64) {
	w.Pos = pos
	w.br.Reset(io.NewSectionReader(w.at, pos, w.Max-pos))
}

// Fill appends n bytes to dst[:0] in steps, so that a stream has to deliver before memory is
// taken. It returns io.ErrUnexpectedEOF with what there was if the object ends before.
func (w *Window) Fill(dst []byte, n int64) ([]byte, error) {
	dst = dst[:0]
	if left := n - int64(w.br.Buffered()); w.at != nil && w.br == w.far && left > 0 && left <= nearJump {
		w.expect(left)
		w.jump(w.Pos)
	}
	short := w.Max >= 0 && n > w.Max-w.Pos
	if short {
		n = w.Max - w.Pos
	}
	for n > 0 {
		step := int(n)
		if w.Max < 0 {
			step = int(min(n, int64(max(1<<20, len(dst)))))
		}
		from := len(dst)
		if cap(dst) < from+step {
			dst = append(make([]byte, 0, from+step+step/8), dst...)
		}
		dst = dst[:from+step]
		there, err := io.ReadFull(w.br, dst[from:])
		w.Pos += int64(there)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return dst[:from+there], err
		}
		n -= int64(step)
	}
	if short {
		return dst, io.ErrUnexpectedEOF
	}
	return dst, nil
}

// Ended reports whether err means that the object itself ends too early: what was promised is
// not there. The same error before the known end of the object, or of what a stream is read from, is one
// of the environment.
func (w *Window) Ended(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) && (w.Max < 0 && w.raw.err == io.EOF || w.Max >= 0 && w.Pos >= w.Max)
}

// Random reports whether the window can be read at any place, at no more cost than in order.
func (w *Window) Random() bool { return w.at != nil }
