package source

import (
	"bufio"
	"errors"
	"io"
)

// A window is the stretch of bytes that a container reader moves through: a part of a file that
// can be read at any place, or a stream. Positions are absolute in the object (in the decompressed
// bytes of a compressed one).
type window struct {
	at  io.ReaderAt   // or nil
	br  *bufio.Reader // the stream, or a buffer over at
	pos int64
	end int64 // where a chunk or an inner container ends; −1 if only the stream knows
	max int64 // where the object ends; −1 if only the stream knows

	reopen func(pos int64) (io.Reader, error) // begins the stream anew at a position; may be nil

	// lost is how many bytes of a compressed file are of no use after an error of the stream, which may be
	// unknown; nil if the file is not compressed.
	lost func() int64

	failed error // of Read
	eof    bool  // Read has met the end
}

const windowBuffer = 32 << 10

// atWindow reads [off, end) of an object of size bytes.
func atWindow(at io.ReaderAt, off, end, size int64) *window {
	w := &window{at: at, pos: off, end: end, max: size}
	w.br = bufio.NewReaderSize(io.NewSectionReader(at, off, max(0, size-off)), 4096)
	return w
}

// streamWindow reads a stream whose first byte is at off.
func streamWindow(r io.Reader, off, end, size int64) *window {
	return &window{br: bufio.NewReaderSize(r, windowBuffer), pos: off, end: end, max: size}
}

// Read implements io.Reader for archive/tar, which has errors of its own: what the window
// knows stays in failed and eof.
func (w *window) Read(p []byte) (int, error) {
	n, err := w.br.Read(p)
	w.pos += int64(n)
	if err == io.EOF && w.max >= 0 && w.pos < w.max {
		err = io.ErrUnexpectedEOF
	}
	switch {
	case err == io.EOF:
		w.eof = true
	case err != nil:
		w.failed = err
	}
	return n, err
}

// peek returns the next n bytes without moving, fewer at the end of the object; n is small.
func (w *window) peek(n int) ([]byte, error) {
	p, err := w.br.Peek(n)
	if err == io.EOF {
		err = nil
		if w.max >= 0 && w.pos+int64(len(p)) < w.max {
			err = io.ErrUnexpectedEOF
		}
	}
	return p, err
}

// skip moves n bytes ahead; io.ErrUnexpectedEOF if the object ends before.
func (w *window) skip(n int64) error {
	if buffered := int64(w.br.Buffered()); n <= buffered || w.at == nil {
		d, err := w.br.Discard(int(n))
		w.pos += int64(d)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if n > w.max-w.pos {
		w.jump(w.max)
		return io.ErrUnexpectedEOF
	}
	w.jump(w.pos + n)
	return nil
}

// back moves to an earlier position. ok is false if the window cannot.
func (w *window) back(pos int64) (ok bool, err error) {
	switch {
	case w.max >= 0 && pos >= w.max: // nothing is there
		return false, nil
	case w.at != nil:
		w.jump(pos)
	case w.reopen != nil:
		r, err := w.reopen(pos)
		if err != nil {
			return false, err
		}
		w.pos = pos
		w.br.Reset(r)
	default:
		return false, nil
	}
	w.failed, w.eof = nil, false
	return true, nil
}

// jump moves to a position of an object that can be read at any place.
func (w *window) jump(pos int64) {
	w.pos = pos
	w.br.Reset(io.NewSectionReader(w.at, pos, w.max-pos))
}

// read appends n bytes to dst[:0] in steps, so that a stream has to deliver before memory is
// taken. It returns io.ErrUnexpectedEOF with what there was if the object ends before.
func (w *window) read(dst []byte, n int64) ([]byte, error) {
	dst = dst[:0]
	short := w.max >= 0 && n > w.max-w.pos
	if short {
		n = w.max - w.pos
	}
	for n > 0 {
		step := int(n)
		if w.max < 0 {
			step = int(min(n, int64(max(1<<20, len(dst)))))
		}
		from := len(dst)
		if cap(dst) < from+step {
			dst = append(make([]byte, 0, from+step+step/8), dst...)
		}
		dst = dst[:from+step]
		there, err := io.ReadFull(w.br, dst[from:])
		w.pos += int64(there)
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

// ended reports whether err means that the object itself ends too early: what was promised is
// not there. The same error before the known end of the object is one of the environment.
func (w *window) ended(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) && (w.max < 0 || w.pos >= w.max)
}
