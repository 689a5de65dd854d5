package zipfile

import (
	"fmt"
	"hash/crc32"
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/premix/premix"
)

// A Member is a record of the directory.
type Member struct {
	Name   string // as text, but for bytes that are no UTF-8 although the record says so; separated by slashes
	At     int64  // where the record is
	Header int64  // where the member begins, with a header of its own
	Size   int64  // of its contents
	Packed int64  // bytes that they take in the archive
	Folder bool

	raw           string // the name's bytes
	flags, method uint16
	crc           uint32
	link          bool
	outside       bool // it is not between the beginning of the archive and its directory
	past          bool // beyond [Directory].Limit
}

const (
	flagEncrypted = 1 << 0
	flagPatched   = 1 << 5
	flagStrong    = 1 << 6
	flagUTF8      = 1 << 11
	flagMasked    = 1 << 13 // the directory is encrypted

	methodStored   = 0
	methodDeflated = 8
)

// methods are the names of those that are not read.
var methods = map[uint16]string{
	1: "shrinking", 2: "reducing", 3: "reducing", 4: "reducing", 5: "reducing", 6: "imploding", 9: "Deflate64", 10: "imploding of PKWARE",
	12: "bzip2", 14: "LZMA", 18: "TERSE", 19: "LZ77 of IBM", 20: "Zstandard", 93: "Zstandard", 94: "MP3", 95: "xz", 96: "JPEG recompression", 97: "WavPack", 98: "PPMd",
}

// parse reads the record at a place of the file.
func parse(at int64, head, name, extra []byte) (*Member, error) {
	m := &Member{
		At: at, Header: int64(le.Uint32(head[42:])), Packed: int64(le.Uint32(head[20:])), Size: int64(le.Uint32(head[24:])),
		raw: string(name), flags: le.Uint16(head[8:]), method: le.Uint16(head[10:]), crc: le.Uint32(head[16:]),
	}
	m.Name, _, _ = strings.Cut(m.raw, "\x00") // as other readers do
	if m.flags&flagUTF8 == 0 && !utf8.ValidString(m.Name) {
		m.Name, _ = charmap.CodePage437.NewDecoder().String(m.Name) // every byte is a character of it
	}
	disk := le.Uint16(head[34:])
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return nil, corrupt("the extra field of the record at byte %d is longer than it is", at)
		}
		field := extra[4 : 4+n]
		switch id {
		case 1:
			if err := m.zip64(field); err != nil {
				return nil, err
			}
			disk = 0
		case 0x7075: // the name again, in UTF-8
			if n > 5 && field[0] == 1 && le.Uint32(field[1:]) == crc32.ChecksumIEEE(name) && utf8.Valid(field[5:]) {
				m.Name = string(field[5:])
			}
		}
		extra = extra[4+n:]
	}
	if disk != 0 {
		return nil, premix.Faultf(premix.Unsupported, "it is a part of a zip archive in several files, which is not read: join them, as zip -s 0 does")
	}
	m.kind(head[5], le.Uint32(head[38:]))
	return m, nil
}

// kind sets what follows from the system that wrote the member, and from its attributes.
func (m *Member) kind(system byte, attributes uint32) {
	const unix, macOS, fat, ntfs, vfat = 3, 19, 0, 10, 14
	switch system {
	case unix, macOS:
		m.link = attributes>>16&0xf000 == 0xa000
	case fat, 11, ntfs, vfat:
		m.Name = strings.ReplaceAll(m.Name, `\`, "/")
	}
	m.Folder = strings.HasSuffix(m.Name, "/")
}

// zip64 takes the fields that are too large for their places, in the order in which they have one.
func (m *Member) zip64(field []byte) error {
	for _, v := range []*int64{&m.Size, &m.Packed, &m.Header} {
		if *v != noSize {
			continue
		}
		if len(field) < 8 || le.Uint64(field) > math.MaxInt64>>1 {
			return corrupt("the field for ZIP64 of the record at byte %d has not what it should", m.At)
		}
		*v, field = int64(le.Uint64(field)), field[8:]
	}
	return nil
}

// least is how many bytes the member takes at least, with its header.
func (m *Member) least() int64 { return headerSize + int64(len(m.raw)) + m.Packed }

// inside reports whether the member is where members of the archive can be.
func (m *Member) inside(d Directory) bool {
	return m.Header >= d.Base && m.Header <= d.At && m.least() <= d.At-m.Header
}

// End is about where the member ends: its own extra field, of which the directory knows nothing, may make it longer.
func (m *Member) End() int64 { return m.Header + m.least() + 256 }

// Fault is what makes the contents of a member useless before they are read, or nil.
func (m *Member) Fault(maxBytes int64) *premix.Fault {
	unsupported := func(format string, args ...any) *premix.Fault {
		return &premix.Fault{Kind: premix.Unsupported, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case m.link:
		return unsupported("a symbolic link: write the archive with the file itself")
	case m.flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return unsupported("the member is encrypted: unpack the archive with its password")
	case m.flags&flagPatched != 0:
		return unsupported("the member is a patch of PKZIP, which is not read: unpack the archive")
	case m.method != methodStored && m.method != methodDeflated && methods[m.method] != "":
		return unsupported("the member is compressed by %s, which is not read: unpack the archive", methods[m.method])
	case m.method != methodStored && m.method != methodDeflated:
		return unsupported("the member is compressed by method %d, which is not read: unpack the archive", m.method)
	case m.outside:
		return &premix.Fault{Kind: premix.Corrupt, Reason: fmt.Sprintf("the directory has the member at byte %d, where it cannot be", m.Header)}
	case m.Size == 0:
		return &premix.Fault{Kind: premix.Empty, Reason: "the member is empty"}
	case m.Size > maxBytes:
		return &premix.Fault{Kind: premix.TooLarge, Reason: fmt.Sprintf("%d bytes, the limit is %d", m.Size, maxBytes)}
	case m.past:
		return &premix.Fault{Kind: premix.TooLarge, Reason: fmt.Sprintf("the archive unpacks to more than %d times its size, and the members from this one on are not read", ratioOfOutput)}
	case m.method == methodStored && m.Packed != m.Size:
		return &premix.Fault{Kind: premix.Corrupt, Reason: fmt.Sprintf("the member has %d bytes and takes %d, though it is not compressed", m.Size, m.Packed)}
	case m.Packed/2 > m.Size+1<<15:
		return &premix.Fault{Kind: premix.TooLarge, Reason: fmt.Sprintf("the member has %d bytes and takes %d: its stream holds next to nothing", m.Size, m.Packed)}
	}
	return nil
}

// Place begins a message about a member.
func (m *Member) Place() string { return fmt.Sprintf("byte %d: ", m.Header) }

// Readable reports whether the first bytes of the member can be looked at, whatever its size.
func (m *Member) Readable() bool { return !m.outside && !m.past && m.Size > 0 }
