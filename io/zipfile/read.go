package zipfile

import (
	"bufio"
	"compress/flate"
	"errors"
	"hash/crc32"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/io/window"
)

// A Reader reads the contents of members. Its zero value is ready; it is not safe for concurrent use.
type Reader struct {
	head  []byte
	br    *bufio.Reader
	plain io.ReadCloser // an inflater
}

// Read returns the contents of a member without a [Member.Fault], in dst's memory if that suffices. It takes memory for
// what arrives, not for what is announced. The error is a fault of the member, or one of the window.
func (u *Reader) Read(w *window.Window, dst []byte, m *Member) ([]byte, error) {
	r, err := u.open(w, m)
	if err != nil {
		return dst[:0], err
	}
	dst, err = fill(dst, r, m.Size+1)
	switch {
	case w.Failed != nil && !w.Ended(w.Failed):
		return dst[:0], w.Failed
	case int64(len(dst)) > m.Size:
		return dst[:0], premix.Faultf(premix.Corrupt, "the member has more than its %d bytes", m.Size)
	case err == nil || err == io.EOF:
	case errors.Is(err, io.ErrUnexpectedEOF):
		return dst[:0], premix.Faultf(premix.Truncated, "the member ends after %d of its %d bytes", len(dst), m.Size)
	default:
		return dst[:0], premix.Faultf(premix.Corrupt, "the member is broken after %d of its %d bytes: %v", len(dst), m.Size, err)
	}
	switch {
	case int64(len(dst)) < m.Size:
		return dst[:0], premix.Faultf(premix.Truncated, "the member ends after %d of its %d bytes", len(dst), m.Size)
	case crc32.ChecksumIEEE(dst) != m.crc:
		return dst[:0], premix.Faultf(premix.Corrupt, "the checksum of the member is wrong")
	}
	return dst, nil
}

// Peek returns the first n bytes of a member, or fewer where it has no more or is broken.
func (u *Reader) Peek(w *window.Window, m *Member, n int) ([]byte, error) {
	r, err := u.open(w, m)
	if err == nil {
		var head []byte
		if head, _ = fill(nil, r, int64(n)); w.Failed == nil || w.Ended(w.Failed) {
			return head, nil
		}
		err = w.Failed
	}
	if premix.AsFault(err) != nil {
		return nil, nil // told by who reads the member
	}
	return nil, err
}

// Again reads size bytes of the member that begins at the window, whose record was believed before: for those who
// compare the contents with a digest. The error is io.ErrUnexpectedEOF if the window ends before.
func (u *Reader) Again(w *window.Window, dst []byte, size int64) ([]byte, error) {
	r, err := u.open(w, &Member{Header: w.Pos, Size: size, Packed: w.Max - w.Pos, method: anyMethod})
	if err != nil {
		return nil, err
	}
	dst, err = fill(dst, r, size)
	if err == nil || err == io.EOF {
		if int64(len(dst)) == size {
			return dst, nil
		}
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

const anyMethod = 1<<16 - 1

// open reads the header of a member, and returns what reads its contents.
func (u *Reader) open(w *window.Window, m *Member) (io.Reader, error) {
	if err := seek(w, m.Header); err != nil {
		return nil, err
	}
	var err error
	if u.head, err = w.Fill(u.head, headerSize); err != nil {
		return nil, ended(w, err)
	}
	h := u.head
	if !Is(h) {
		return nil, premix.Faultf(premix.Corrupt, "no member is where the directory has it")
	}
	flags, method, name, extra := le.Uint16(h[6:]), le.Uint16(h[8:]), int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if u.head, err = w.Fill(u.head, name+extra); err != nil {
		return nil, ended(w, err)
	}
	if m.method != anyMethod {
		// Its bytes say whether a name is UTF-8: some writers forget the flag here.
		if string(u.head[:name]) != m.raw || method != m.method || (flags^m.flags)&flagEncrypted != 0 {
			return nil, premix.Faultf(premix.Corrupt, "the member's own header has another name or method than the directory")
		}
	}
	packed := io.LimitReader(w, m.Packed)
	if method == methodStored {
		return packed, nil
	}
	if u.br == nil {
		u.br = bufio.NewReaderSize(packed, 16<<10)
	}
	u.br.Reset(packed)
	if u.plain == nil {
		u.plain = flate.NewReader(u.br)
		return u.plain, nil
	}
	return u.plain, u.plain.(flate.Resetter).Reset(u.br, nil)
}

// seek moves a window to a place.
func seek(w *window.Window, pos int64) error {
	const near = 1 << 20 // further ahead, a request costs less than the bytes between
	if ahead := pos - w.Pos; ahead >= 0 && ahead <= near && w.Failed == nil {
		return ended(w, w.Skip(ahead))
	}
	if ok, err := w.Back(pos); err != nil || ok {
		return err
	}
	return io.ErrUnexpectedEOF
}

// ended makes a fault of the end of the window, where that is the end of the object.
func ended(w *window.Window, err error) error {
	if err != nil && w.Ended(err) {
		return premix.Faultf(premix.Truncated, "the file ends within the member")
	}
	return err
}

// fill appends up to n bytes to dst[:0], in steps.
func fill(dst []byte, r io.Reader, n int64) ([]byte, error) {
	dst = dst[:0]
	for int64(len(dst)) < n {
		if len(dst) == cap(dst) {
			grown := min(max(int64(2*cap(dst)), 64<<10), n)
			dst = append(make([]byte, 0, grown), dst...)
		}
		k, err := r.Read(dst[len(dst):min(int64(cap(dst)), n)])
		dst = dst[:len(dst)+k]
		if err != nil {
			return dst, err
		}
	}
	return dst, nil
}
