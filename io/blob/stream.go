package blob

import (
	"fmt"
	"io"
	"syscall"
)

var (
	errIsDir = error(syscall.EISDIR)
	// errShort: a store sent less than it had announced.
	errShort = fmt.Errorf("the connection ended early: %w", io.ErrUnexpectedEOF)
)

// A stream reads left bytes of an object, or all of it if left is negative, and says where its
// errors come from. An end before left bytes is an error.
type stream struct {
	r    io.Reader
	c    io.Closer
	uri  string
	left int64
}

func (s *stream) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	if s.left > 0 && int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.r.Read(p)
	if s.left > 0 {
		s.left -= int64(n)
		if err == io.EOF && s.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil && err != io.EOF {
		err = wrap("read", s.uri, err)
	}
	return n, err
}

func (s *stream) Close() error { return wrap("close", s.uri, s.c.Close()) }
