package webdataset

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A member is a regular file or another entry of a tar.
type member struct {
	Name   string
	Type   byte  // tar.TypeReg for regular files, tar.TypeGNUSparse for every kind with holes
	Offset int64 // of the first byte of the contents
	Size   int64
}

// A scanner walks the members of any tar that archive/tar reads, and knows where they are.
type scanner struct {
	tape   tape
	tar    *tar.Reader
	member member
	count  int64
	err    error
	// gap is what stood before the contents of the member: pad bytes of padding, then headers.
	gap []byte
	pad int
	// end counts the zero blocks of the end marker, and the zero bytes after them.
	end struct{ blocks, rest int64 }
}

// errNoEnd is wrapped by the error of a tar that stops between two members, without the zero
// blocks at its end: it may have been cut there.
var errNoEnd = errors.New("the archive stops without its end marker")

// errTrailing is wrapped by the error of a tar with more than zeros after its end marker, as two
// concatenated ones have.
var errTrailing = errors.New("more data follows the end marker of the archive")

// newScanner reads a tar from its first byte.
func newScanner(r io.Reader) *scanner {
	s := &scanner{}
	s.tape.r = bufio.NewReaderSize(r, bufferSize)
	s.tar = tar.NewReader(&s.tape)
	return s
}

// next returns the next member, which is valid until the call after it; unread contents are
// skipped. It returns io.EOF at the end marker, an error that wraps errNoEnd or
// io.ErrUnexpectedEOF where the archive is cut, or errTrailing. Errors are final.
func (s *scanner) next() (*member, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.member.Type == tar.TypeReg { // what has holes can be endless; archive/tar steps over it
		if _, err := io.Copy(io.Discard, s.tar); err != nil {
			return nil, s.fail(err)
		}
	}
	pad := padding(s.member.Size)
	s.tape.start()
	h, err := s.tar.Next()
	s.gap = s.tape.stop()
	if errors.Is(err, tar.ErrInsecurePath) {
		err = nil // nothing is extracted
	}
	if err == io.EOF {
		return nil, s.finish()
	}
	if err != nil {
		return nil, s.fail(err)
	}
	s.count++
	s.pad = pad
	s.member = member{Name: h.Name, Type: h.Typeflag, Offset: s.tape.offset, Size: h.Size}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			s.member.Type = tar.TypeGNUSparse
		}
	}
	return &s.member, nil
}

func (s *scanner) fail(err error) error {
	s.err = fmt.Errorf("webdataset: member %d at byte %d: %w", s.count, s.tape.offset, err)
	return s.err
}

// finish looks at what archive/tar does not: whether the end marker is there, and what follows it.
func (s *scanner) finish() error {
	s.end.blocks = int64(len(s.gap)) / block // less than a block of padding comes before them
	if s.end.blocks == 0 {
		return s.fail(errNoEnd)
	}
	var buf [8 << 10]byte
	for {
		n, err := s.tape.Read(buf[:])
		s.end.rest += int64(n)
		if len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return s.fail(errTrailing)
		}
		if err == io.EOF {
			s.err = io.EOF
			return s.err
		}
		if err != nil {
			return s.fail(err)
		}
	}
}

// appendTo appends the contents of the member to dst, if they are no longer than limit.
func (s *scanner) appendTo(dst []byte, limit int64) ([]byte, error) {
	if s.err != nil {
		return dst, s.err
	}
	if s.member.Size > limit {
		return dst, fmt.Errorf("%s has %d bytes, the limit is %d", s.member.Name, s.member.Size, limit)
	}
	dst, err := appendN(dst, s.tar, s.member.Size)
	if err != nil {
		return dst, s.fail(err)
	}
	return dst, nil
}

// appendN appends n bytes of r; memory grows with what really arrives.
func appendN(dst []byte, r io.Reader, n int64) ([]byte, error) {
	const step = 1 << 20
	for n > 0 {
		m := int(min(n, max(step, int64(len(dst)))))
		if cap(dst)-len(dst) < m {
			grown := make([]byte, len(dst), len(dst)+m)
			copy(grown, dst)
			dst = grown
		}
		k, err := io.ReadFull(r, dst[len(dst):len(dst)+m])
		dst = dst[:len(dst)+k]
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return dst, err
		}
		n -= int64(m)
	}
	return dst, nil
}

// A tape counts what is read from it and keeps the first bytes after start.
type tape struct {
	r      *bufio.Reader
	offset int64
	on     bool
	kept   []byte
}

// maxGap is more than a padding with two blocks after it.
const maxGap = 4 * block

func (t *tape) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.offset += int64(n)
	if t.on {
		t.kept = append(t.kept, p[:min(n, maxGap-len(t.kept))]...)
	}
	return n, err
}

func (t *tape) start() { t.on, t.kept = true, t.kept[:0] }

func (t *tape) stop() []byte { t.on = false; return t.kept }
