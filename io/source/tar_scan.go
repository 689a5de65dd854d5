package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/window"
)

// A tarMember is one header of a tar.
type tarMember struct {
	name    string // as it is in the archive
	header  int64  // where its first header block is, extended headers included; −1 unknown
	data    int64  // where its data begin
	size    int64
	regular bool
	sparse  bool
	link    string // what it is, if it should have data and has none: a link, a device
}

// tarDamage is a place where a tar cannot be read as one. The scanner goes on after it.
type tarDamage struct {
	offset int64
	fault  *premix.Fault
	inside bool  // the archive ends inside of the member before
	lost   int64 // bytes, or unknown
}

func (d *tarDamage) Error() string { return d.fault.Reason }

// bytePlace begins what is said of a place in a tar; of a compressed one it is the place in what
// was decompressed.
func bytePlace(offset int64) string { return fmt.Sprintf("byte %d: ", offset) }

func (m *tarMember) place() string {
	if m.header < 0 {
		return bytePlace(m.data)
	}
	return bytePlace(m.header)
}

func damagef(offset int64, kind premix.FaultKind, format string, args ...any) *tarDamage {
	reason := bytePlace(offset) + fmt.Sprintf(format, args...)
	return &tarDamage{offset: offset, fault: &premix.Fault{Kind: kind, Reason: reason}, lost: unknown}
}

const tarBlock = 512

// entry reports whether a member is part of the data: directories and the like are not.
func (m *tarMember) entry() bool { return m.regular || m.link != "" }

// A tarScanner walks through the members of a tar and survives what is wrong with it: after a
// broken header it looks for the next good one, after the end mark for another archive. Headers
// are parsed by archive/tar, one at a time; this type knows where they are.
type tarScanner struct {
	w       *window.Window
	base    int64       // where the archive begins: blocks are aligned to it
	next    int64       // where the next header is; −1 if carry knows
	carry   *tar.Reader // is inside a sparse member, whose length it alone knows
	resync  bool        // look for a header at the next blocks
	rescue  bool        // go on after a header whose member is larger than the archive
	data    int64       // of the last member
	size    int64       // of these
	marked  bool        // an end mark was seen, and nothing since
	zeros   int64       // where the zeros begin that were seen last
	gap     int64       // bytes that are lost with the member that could not be read, or unknown
	fake    *impostor   // what the file is instead of a tar; or nil
	done    bool
	members int
}

// newTarScanner scans from the window's position, which is a header of the archive that begins
// at base.
func newTarScanner(w *window.Window, base int64) *tarScanner {
	return &tarScanner{w: w, base: base, next: w.Pos}
}

// member moves to the next member. Its errors are io.EOF at the end, a *tarDamage, or one of the
// environment.
func (s *tarScanner) member(ctx context.Context) (tarMember, error) {
	for {
		if err := ctx.Err(); err != nil {
			return tarMember{}, err
		}
		if s.carry == nil && s.w.End >= 0 && s.next >= s.w.End && !s.done {
			s.done = true
			if damage := s.hole(s.w.End, false); damage != nil {
				return tarMember{}, damage
			}
		}
		if s.done {
			return tarMember{}, io.EOF
		}
		m, again, err := s.step()
		if !again {
			return m, err
		}
	}
}

func (s *tarScanner) step() (m tarMember, again bool, err error) {
	if s.carry != nil {
		tr := s.carry
		s.carry = nil
		m, err = s.parse(tr, -1)
		if err == io.EOF {
			s.marked, s.zeros = true, s.w.Pos-2*tarBlock
			s.next = s.align(s.w.Pos)
			return m, true, nil
		}
		return m, false, err
	}
	if s.next > s.w.Pos {
		if err := s.w.Skip(s.next - s.w.Pos); err != nil {
			return m, false, s.insideMember(err)
		}
	}
	block, err := s.w.Peek(tarBlock)
	if s.members == 0 && s.w.Pos == s.base && err == nil && (len(block) < tarBlock || !headerBlock(block)) {
		if s.fake = impostorOf(block, s.w.Max-s.base, ""); s.fake != nil {
			s.done = true
			return m, false, s.fake.damage(s.w.Pos)
		}
	}
	switch {
	case err != nil:
		return m, false, s.broken(err, s.w.Pos, "the archive ends early")
	case len(block) == 0:
		s.done = true
		if damage := s.hole(s.w.Pos, true); damage != nil {
			return m, false, damage
		}
		if s.marked || s.resync {
			return m, false, io.EOF
		}
		if s.members == 0 {
			return m, false, damagef(s.w.Pos, premix.Empty, "no tar archive: nothing in it")
		}
		return m, false, damagef(s.w.Pos, premix.Truncated, "the archive ends without its end mark: members may be missing")
	case zeroBlock(block):
		if !s.marked {
			s.marked, s.zeros = true, s.w.Pos
		}
		s.next = s.w.Pos + int64(len(block))
		return m, true, nil
	case len(block) < tarBlock:
		s.done = true
		if s.resync {
			return m, false, io.EOF
		}
		return m, false, damagef(s.w.Pos, premix.Truncated, "%d bytes where a header should be", len(block))
	}
	if damage := s.hole(s.w.Pos, false); damage != nil {
		return m, false, damage
	}
	if s.resync && !headerBlock(block) {
		s.next = s.w.Pos + tarBlock
		return m, true, nil
	}
	s.resync = false
	m, err = s.parse(tar.NewReader(s.w), s.w.Pos)
	return m, false, err
}

// insideMember returns the error of a scan that could not skip the data of the last member. The scan
// goes on after the header of that member if it can.
func (s *tarScanner) insideMember(err error) error {
	if s.resync && s.w.Ended(err) {
		s.done = true
		return io.EOF
	}
	what := fmt.Sprintf("the archive ends inside of a member, after %d of its %d bytes", s.w.Pos-s.data, s.size)
	if s.w.Pos >= s.data+s.size {
		what = "the archive ends in the padding of a member"
	}
	back := false
	if s.rescue && s.w.Ended(err) {
		var failed error
		if back, failed = s.back(); failed != nil {
			return failed
		}
	}
	if back {
		damage := damagef(s.data, premix.Truncated, "%s", what)
		if damage.lost, err = s.seek(s.data); err != nil {
			return err
		}
		err = damage
	} else {
		err = s.broken(err, s.w.Pos, what)
	}
	if damage, ok := err.(*tarDamage); ok {
		damage.inside = true
	}
	return err
}

// broken ends the scan at an error of the window: a *tarDamage if the archive is at fault.
func (s *tarScanner) broken(err error, offset int64, what string) error {
	s.done, s.gap = true, unknown
	if f := premix.AsFault(err); f != nil {
		damage := damagef(offset, f.Kind, "%s", f.Reason)
		if s.w.Lost != nil {
			damage.lost = s.w.Lost()
		}
		s.gap = damage.lost
		return damage
	}
	if s.w.Ended(err) {
		return damagef(offset, premix.Truncated, "%s", what)
	}
	return err
}

// back goes back to where the data of the last member begin, when the archive ends inside of them:
// members may follow a header that states a wrong size. In an archive that was cut there are none.
func (s *tarScanner) back() (ok bool, err error) {
	if ok, err = s.w.Back(s.data); ok {
		s.next, s.resync = s.align(s.data), true
	}
	return ok, err
}

// beyond reports whether a member is larger than what is left of the archive, and the scanner can go
// on after its header.
func (s *tarScanner) beyond(m tarMember) bool {
	return s.rescue && !m.sparse && s.w.Max >= 0 && m.size > s.w.Max-s.w.Pos
}

// fault is what makes the data of the member at the scanner useless before they are read,
// or nil. A member beyond the end of the archive is left to read.
func (s *tarScanner) fault(m tarMember, maxBytes int64) *premix.Fault {
	switch {
	case m.link != "":
		return &premix.Fault{Kind: premix.Unsupported, Reason: m.link + ": write the archive with the file itself (tar --dereference --hard-dereference)"}
	case m.sparse:
		return &premix.Fault{Kind: premix.Unsupported, Reason: "a sparse member"}
	case m.size == 0:
		return &premix.Fault{Kind: premix.Empty, Reason: "the member is empty"}
	case m.size > maxBytes && !s.beyond(m):
		return &premix.Fault{Kind: premix.TooLarge, Reason: fmt.Sprintf("%d bytes, the limit is %d", m.size, maxBytes)}
	}
	return nil
}

// read returns the data of the member at the scanner, in dst's memory if that
// suffices. The error is a fault if the archive ends inside of them.
func (s *tarScanner) read(dst []byte, m tarMember) ([]byte, error) {
	if left := s.w.Max - s.w.Pos; s.beyond(m) {
		if ok, err := s.back(); err != nil {
			return dst[:0], err
		} else if ok {
			if s.gap, err = s.seek(m.data); err != nil {
				return dst[:0], err
			}
			return dst[:0], damagef(m.data, premix.Truncated, "the archive ends after %d of the member's %d bytes", left, m.size).fault
		}
	}
	data, err := s.w.Fill(dst, m.size)
	if err == nil {
		return data, nil
	}
	err = s.broken(err, m.data, fmt.Sprintf("the archive ends after %d of the member's %d bytes", len(data), m.size))
	if damage, ok := err.(*tarDamage); ok {
		return data, damage.fault
	}
	return data, err
}

// sniff reports whether the member at the scanner begins as an image.
func (s *tarScanner) sniff(m tarMember) (bool, error) {
	if m.sparse || m.size < 1 {
		return false, nil
	}
	head, err := s.w.Peek(int(min(m.size, sniffBytes)))
	if err != nil && !s.w.Ended(err) && premix.AsFault(err) == nil {
		return false, err
	}
	return imaging.Sniff(head) != imaging.Unknown, nil
}

// parse reads one header, with the extended ones before it, through tr.
func (s *tarScanner) parse(tr *tar.Reader, header int64) (tarMember, error) {
	from := s.w.Pos
	h, err := tr.Next()
	if errors.Is(err, tar.ErrInsecurePath) {
		err = nil // names are labels here
	}
	switch {
	case err == nil:
	case s.w.Failed != nil:
		return tarMember{}, s.broken(s.w.Failed, from, "the archive ends inside of a header")
	case err == io.EOF && header < 0:
		return tarMember{}, io.EOF
	case s.w.EOF:
		return tarMember{}, s.broken(io.ErrUnexpectedEOF, from, "the archive ends inside of a header")
	default:
		s.resync = true
		s.next = s.align(max(s.w.Pos, from+1))
		what := "a broken header; what it stands for is lost"
		if s.members == 0 {
			what = "no tar header"
		} else if s.marked {
			what = "what follows the end mark is no archive"
		}
		s.members++
		s.marked = false
		damage := damagef(from, premix.Corrupt, "%s", what)
		if damage.lost, err = s.seek(from); err != nil {
			return tarMember{}, err
		}
		if damage.lost == unknown && s.w.Max >= 0 {
			damage.lost = s.w.Max - from // to its end, but they are there
		}
		return tarMember{}, damage
	}
	s.members++
	s.marked = false
	m := tarMember{name: h.Name, header: header, data: s.w.Pos, size: h.Size}
	s.data = m.data
	m.setKind(h)
	switch {
	case m.sparse:
		s.carry, s.next = tr, -1
	case m.link != "" || h.Typeflag == tar.TypeDir: // these have no data, whatever the size says
		m.size = 0
		s.next = s.align(m.data)
	default:
		s.next, s.size = s.align(m.data+m.size), m.size
		if m.size < 0 || s.next < m.data {
			s.next, s.resync = s.align(m.data), true
			return tarMember{}, damagef(from, premix.Corrupt, "a member of %d bytes", m.size)
		}
	}
	return m, nil
}

// setKind sets what the type of a header says about its member.
func (m *tarMember) setKind(h *tar.Header) {
	switch h.Typeflag {
	case tar.TypeLink:
		m.link = "a hard link to " + shorten(h.Linkname)
	case tar.TypeSymlink:
		m.link = "a symbolic link to " + shorten(h.Linkname)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		m.link = "a device"
	case tar.TypeReg, tar.TypeCont:
		m.regular = true
	case tar.TypeGNUSparse:
		m.regular, m.sparse = true, true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			m.sparse = true
		}
	}
}

// align is the first block boundary at or after pos.
func (s *tarScanner) align(pos int64) int64 {
	return pos + (tarBlock-(pos-s.base)%tarBlock)%tarBlock
}

var zeros [tarBlock]byte

func zeroBlock(p []byte) bool { return bytes.Equal(p, zeros[:len(p)]) }

// headerBlock reports whether a block has the magic and the checksum of a header.
func headerBlock(p []byte) bool {
	if !bytes.HasPrefix(p[257:], []byte("ustar")) {
		return false
	}
	digits := string(bytes.Trim(p[148:156], " \x00"))
	sum, signed := uint64(0), int64(0)
	for i, b := range p {
		if i >= 148 && i < 156 {
			b = ' '
		}
		sum += uint64(b)
		signed += int64(int8(b))
	}
	want, err := strconv.ParseUint(digits, 8, 64)
	return err == nil && (want == sum || int64(want) == signed)
}
