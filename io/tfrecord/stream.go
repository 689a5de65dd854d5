package tfrecord

import (
	"bufio"
	"io"
)

// A stream is the medium of an io.Reader.
type stream struct {
	in  *tracked
	br  *bufio.Reader
	pos int64
}

func newStream(r io.Reader) *stream {
	in := &tracked{r: r}
	return &stream{in: in, br: bufio.NewReaderSize(in, bufferSize)}
}

// A tracked remembers the error of a reader: one that is io.ErrUnexpectedEOF itself is none of the file.
type tracked struct {
	r   io.Reader
	err error
}

func (t *tracked) Read(p []byte) (n int, err error) {
	n, err = t.r.Read(p)
	t.err = err
	return n, err
}

const bufferSize = 256 << 10

func (s *stream) Pos() int64  { return s.pos }
func (s *stream) End() int64  { return -1 }
func (s *stream) Size() int64 { return -1 }

func (s *stream) Back(int64) (bool, error) { return false, nil }

func (s *stream) Ended(err error) bool { return err == io.ErrUnexpectedEOF && s.in.err == io.EOF }

func (s *stream) Peek(n int) ([]byte, error) {
	p, err := s.br.Peek(n)
	if err == io.EOF {
		err = nil
	}
	return p, err
}

func (s *stream) Skip(n int64) error {
	d, err := s.br.Discard(int(n))
	s.pos += int64(d)
	return short(err)
}

// Read doubles the memory of dst as long as the bytes arrive: what is here vouches for as much again.
func (s *stream) Read(dst []byte, n int64) ([]byte, error) {
	dst = dst[:0]
	for int64(len(dst)) < n {
		from := len(dst)
		step := int(min(n-int64(from), int64(max(bufferSize, from))))
		if cap(dst) < from+step {
			dst = append(make([]byte, 0, from+step), dst...)
		}
		k, err := io.ReadFull(s.br, dst[from:from+step])
		dst = dst[:from+k]
		if s.pos += int64(k); err != nil {
			return dst, short(err)
		}
	}
	return dst, nil
}

// short is err where the end is one that comes too early.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
