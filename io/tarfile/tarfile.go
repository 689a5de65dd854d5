// Package tarfile walks through the members of tars, and knows where they are. Headers are read by archive/tar;
// what is broken, cut off or behind the end is the subject of this package. A [Walker] survives damage and goes
// on after it, as an input asks for, or stops at the first, as a check does.
package tarfile

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix"
)

// Block is the size of a header, and what contents are filled up to.
const Block = 512

// Unknown stands for a place or a number of bytes that nobody knows.
const Unknown = -1

// A Member is what a header announces.
type Member struct {
	Name   string // as it is in the archive
	Type   byte   // as in archive/tar
	Header int64  // where its first header block is, extended headers included, or Unknown
	Data   int64  // where its contents begin
	Size   int64  // of its contents: 0 for what has none, whatever the header says
	Sparse bool   // it has holes, in one of the ways of GNU
	Target string // of a link
}

// Regular reports whether a member is a file.
func (m *Member) Regular() bool {
	return m.Type == tar.TypeReg || m.Type == tar.TypeCont || m.Type == tar.TypeGNUSparse
}

// Link reports whether a member should be a file and has no contents here: a link, or a device.
func (m *Member) Link() bool {
	switch m.Type {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return true
	}
	return false
}

// Place says where a member is, for the beginning of a message.
func (m *Member) Place() string {
	if m.Header < 0 {
		return Place(m.Data)
	}
	return Place(m.Header)
}

// Place begins what is said of a place in a tar; of a compressed one it is the place in what
// was decompressed.
func Place(offset int64) string { return fmt.Sprintf("byte %d: ", offset) }

// Damage is a place where a tar cannot be read as one.
type Damage struct {
	Offset int64
	Fault  *premix.Fault
	Inside bool  // the archive ends inside of the member before
	Lost   int64 // bytes, or Unknown
	cause  error
}

func (d *Damage) Error() string { return d.Fault.Reason }

// Unwrap returns ErrNoEnd, ErrTrailing, io.ErrUnexpectedEOF, an error of archive/tar, or nil.
func (d *Damage) Unwrap() error { return d.cause }

// ErrNoEnd is wrapped by the damage of a tar that stops between two members, without the zeros at its end:
// it may have been cut there.
var ErrNoEnd = errors.New("the archive stops without its end mark")

// ErrTrailing is wrapped by the damage of a tar with more than zeros after its end mark.
var ErrTrailing = errors.New("more follows the end mark of the archive")

func damagef(offset int64, kind premix.FaultKind, cause error, format string, args ...any) *Damage {
	reason := Place(offset) + fmt.Sprintf(format, args...)
	return &Damage{Offset: offset, Fault: &premix.Fault{Kind: kind, Reason: reason}, Lost: Unknown, cause: cause}
}

var zeros [Block]byte

// IsZero reports whether a block, or the part of one that is there, is all zeros.
func IsZero(p []byte) bool { return bytes.Equal(p, zeros[:len(p)]) }

// IsHeader reports whether a block has the magic and the checksum of a header.
func IsHeader(p []byte) bool {
	return len(p) >= Block && bytes.HasPrefix(p[257:], []byte("ustar")) && HasSum(p)
}

// HasSum reports whether a block has the checksum of a header, as those of before POSIX too, which have no magic.
func HasSum(p []byte) bool {
	if len(p) < Block {
		return false
	}
	digits := string(bytes.Trim(p[148:156], " \x00"))
	sum, signed := uint64(0), int64(0)
	for i, b := range p[:Block] {
		if i >= 148 && i < 156 {
			b = ' '
		}
		sum += uint64(b)
		signed += int64(int8(b))
	}
	want, err := strconv.ParseUint(digits, 8, 64)
	return err == nil && (want == sum || int64(want) == signed)
}

// Padding reports whether n zeros that end at a position can be what writers fill their blocks up with, behind
// an end mark of so many bytes: a tar is written in records of 20 blocks, on other machines of a power of two.
func Padding(end, n, mark int64) bool {
	if end%(20*Block) == 0 && n < 20*Block+mark {
		return true
	}
	for size := int64(Block); size <= 1<<20; size *= 2 {
		if end%size == 0 && n < size+mark {
			return true
		}
	}
	return false
}

// memberOf is what a header says.
func memberOf(h *tar.Header, header, data int64) Member {
	m := Member{Name: h.Name, Type: h.Typeflag, Header: header, Data: data, Size: h.Size}
	m.Sparse = m.Type == tar.TypeGNUSparse
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			m.Sparse = true
		}
	}
	if m.Type == tar.TypeLink || m.Type == tar.TypeSymlink {
		m.Target = h.Linkname
	}
	if m.Type == tar.TypeDir || m.Link() {
		m.Size = 0
	}
	return m
}
