// Package zipfile reads the members of zip archives by their central directory, which archive/zip reads: stored and
// deflated ones, in any file that can be read at any place. What is wrong with a member is a fault of it alone.
package zipfile

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/premix/premix"
)

// A Member is an entry of the central directory.
type Member struct {
	Name   string // as it is in the archive
	Size   int64  // of its contents
	Folder bool
	Link   bool // a symbolic link
	file   *zip.File
}

// A Reader has the members of an archive, in the order of its directory.
type Reader struct {
	Members []Member
	medium  *medium
}

// A medium keeps an error of the file, which archive/zip may take for one of the archive.
type medium struct {
	at  io.ReaderAt
	err error
}

func (m *medium) ReadAt(p []byte, off int64) (int, error) {
	n, err := m.at.ReadAt(p, off)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		m.err = err
	}
	return n, err
}

// Open reads the directory of an archive of size bytes. The error is a fault if the file is no zip archive, or is
// cut off; others are those of at.
func Open(at io.ReaderAt, size int64) (*Reader, error) {
	medium := &medium{at: at}
	z, err := zip.NewReader(medium, size)
	switch {
	case medium.err != nil:
		return nil, medium.err
	case size == 0:
		return nil, premix.Faultf(premix.Empty, "no zip archive: nothing in it")
	case errors.Is(err, zip.ErrInsecurePath): // names are labels here
	case err != nil:
		return nil, premix.Faultf(premix.Truncated, "no directory of a zip archive is at the end of the file (%v): it was cut off, is a part of an archive in several files, or is something else", err)
	}
	r := &Reader{medium: medium, Members: make([]Member, 0, len(z.File))}
	for _, f := range z.File {
		m := Member{
			Name: f.Name, Size: math.MaxInt64, Folder: f.Mode().IsDir(), Link: f.Mode()&fs.ModeSymlink != 0, file: f,
		}
		if f.UncompressedSize64 < math.MaxInt64 {
			m.Size = int64(f.UncompressedSize64)
		}
		r.Members = append(r.Members, m)
	}
	return r, nil
}

// Fault is what makes the contents of a member useless before they are read, or nil.
func (m *Member) Fault(maxBytes int64) *premix.Fault {
	const encrypted = 1
	switch {
	case m.Link:
		return &premix.Fault{Kind: premix.Unsupported, Reason: "a link: write the archive with the file itself"}
	case m.file.Flags&encrypted != 0:
		return &premix.Fault{Kind: premix.Unsupported, Reason: "the member is encrypted: unpack the archive"}
	case m.file.Method != zip.Store && m.file.Method != zip.Deflate:
		return &premix.Fault{Kind: premix.Unsupported, Reason: fmt.Sprintf("the member is compressed by method %d: only stored and deflated members are read; unpack the archive", m.file.Method)}
	case m.Size == 0:
		return &premix.Fault{Kind: premix.Empty, Reason: "the member is empty"}
	case m.Size > maxBytes:
		return &premix.Fault{Kind: premix.TooLarge, Reason: fmt.Sprintf("%d bytes, the limit is %d", m.Size, maxBytes)}
	}
	return nil
}

// Offset is where the contents of a stored member are; false for others, and for what is no member.
func (r *Reader) Offset(m *Member) (offset int64, ok bool, err error) {
	if m.file.Method != zip.Store || m.file.CompressedSize64 != m.file.UncompressedSize64 {
		return 0, false, nil
	}
	offset, err = m.file.DataOffset()
	if r.medium.err != nil {
		return 0, false, r.medium.err
	}
	return offset, err == nil, nil
}

// Read returns the contents of a member without a [Member.Fault], in dst's memory if that suffices; it takes memory
// for what arrives, not for what is announced. The error is a fault of the member, or one of the file.
func (r *Reader) Read(dst []byte, m *Member) ([]byte, error) {
	dst = dst[:0]
	f, err := m.file.Open()
	if err == nil {
		defer f.Close()
		for err == nil && int64(len(dst)) <= m.Size {
			if len(dst) == cap(dst) {
				grown := min(max(int64(2*cap(dst)), 64<<10), m.Size+1)
				dst = append(make([]byte, 0, grown), dst...)
			}
			var n int
			n, err = f.Read(dst[len(dst):cap(dst)])
			dst = dst[:len(dst)+n]
		}
	}
	switch {
	case r.medium.err != nil:
		return dst[:0], r.medium.err
	case int64(len(dst)) > m.Size:
		return dst[:0], premix.Faultf(premix.Corrupt, "the member has more than its %d bytes", m.Size)
	case err == io.EOF:
		return dst, nil
	case errors.Is(err, zip.ErrChecksum):
		return dst[:0], premix.Faultf(premix.Corrupt, "the checksum of the member is wrong")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return dst[:0], premix.Faultf(premix.Truncated, "the member ends after %d of its %d bytes", len(dst), m.Size)
	}
	return dst[:0], premix.Faultf(premix.Corrupt, "the member is broken after %d of its %d bytes: %v", len(dst), m.Size, err)
}
