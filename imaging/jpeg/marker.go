package jpeg

import (
	"github.com/premix/premix"
)

// Markers: the second byte of the pair that begins with 0xff.
const (
	mSOF0  = 0xc0
	mDHT   = 0xc4
	mJPG   = 0xc8
	mDAC   = 0xcc
	mSOF15 = 0xcf
	mRST0  = 0xd0
	mRST7  = 0xd7
	mSOI   = 0xd8
	mEOI   = 0xd9
	mSOS   = 0xda
	mDQT   = 0xdb
	mDNL   = 0xdc
	mDRI   = 0xdd
	mAPP0  = 0xe0
	mAPP14 = 0xee
	mAPP15 = 0xef
	mCOM   = 0xfe
	mTEM   = 0x01
)

// maxSide is the largest side libjpeg reads.
const maxSide = 65500

// frameComp is a component as SOF and SOS describe it.
type frameComp struct {
	id, h, v, tq uint8
	td, ta       uint8
}

// huffDef is a Huffman table as DHT defines it, not yet validated.
type huffDef struct {
	set    bool
	counts [16]uint8
	vals   [256]uint8
}

// A parser reads the segments of an image and keeps what they define.
type parser struct {
	data   []byte
	pos    int
	marker uint8 // a marker that was read but not yet acted on, or 0

	sof            bool
	progressive    bool
	arith          bool // arithmetic coding instead of Huffman's
	width, height  int
	ncomp          int
	comps          [4]frameComp
	hmax, vmax     int
	jfif, adobe    bool
	adobeTransform uint8
	restart        int // MCUs between restart markers, or 0
	skipped        int // the most bytes that next skipped, since that was set to 0

	quant    [4][64]uint16 // natural order
	quantSet [4]bool
	dcDef    [4]huffDef
	acDef    [4]huffDef

	// Conditioning of the arithmetic decoder (DAC): bounds of small differences of DC
	// coefficients, and the last of the low AC coefficients.
	dcLower, dcUpper, acLow [16]uint8

	// The scan that the last SOS announced.
	nscan          int
	scan           [4]uint8 // indexes of its components
	ss, se, ah, al int
}

func (p *parser) reset(data []byte) {
	p.data, p.pos, p.marker = data, 0, 0
	p.sof, p.progressive, p.jfif, p.adobe, p.adobeTransform, p.restart = false, false, false, false, 0, 0
	p.width, p.height, p.ncomp, p.nscan = 0, 0, 0, 0
	p.quantSet = [4]bool{}
	for i := range 4 {
		p.dcDef[i].set, p.acDef[i].set = false, false
	}
	for i := range 16 {
		p.dcLower[i], p.dcUpper[i], p.acLow[i] = 0, 1, 5
	}
}

// errShort is returned inside of the parser where the data ends in a segment.
var errShort = premix.Faultf(premix.Truncated, "jpeg: truncated in a segment")

// readHeader reads up to the first SOS and checks what the frame says.
func (p *parser) readHeader() error {
	if len(p.data) == 0 {
		return premix.Faultf(premix.Empty, "jpeg: no data")
	}
	if len(p.data) < 2 || p.data[0] != 0xff || p.data[1] != mSOI {
		return corrupt("does not begin with an SOI marker")
	}
	p.pos = 2
	found, err := p.segments()
	if err == errShort || err == nil && !found && p.marker == 0 {
		n, unit := size(len(p.data))
		return premix.Faultf(premix.Truncated, "jpeg: truncated after %d %s, before any image data", n, unit)
	}
	if err != nil {
		return err
	}
	if !found {
		return corrupt("no image data before the EOI marker")
	}
	return nil
}

// next moves past the next marker and makes it p.marker. It skips whatever stands before it and
// returns false at the end of the data (jdmarker.c, next_marker).
func (p *parser) next() bool {
	d, i, n := p.data, p.pos, 0
	for {
		for i < len(d) && d[i] != 0xff {
			i++
			n++
		}
		for i < len(d) && d[i] == 0xff {
			i++
		}
		p.skipped = max(p.skipped, n)
		if i >= len(d) {
			p.pos = len(d)
			return false
		}
		if d[i] != 0 {
			p.marker, p.pos = d[i], i+1
			return true
		}
		i++
		n += 2
	}
}

// segments reads segments up to and including an SOS, and returns true, or up to EOI or the end of
// the data, and returns false; at EOI it leaves p.marker set.
func (p *parser) segments() (bool, error) {
	for {
		if p.marker == 0 && !p.next() {
			return false, nil
		}
		m := p.marker
		if m == mEOI {
			return false, nil
		}
		if m == mTEM || m >= mRST0 && m <= mRST7 {
			p.marker = 0
			continue
		}
		if err := p.known(m); err != nil {
			return false, err
		}
		s, err := p.segment(m)
		if err != nil {
			return false, err
		}
		p.marker = 0
		switch m {
		case mSOS:
			return true, p.readSOS(s)
		case mDHT:
			err = p.readDHT(s)
		case mDQT:
			err = p.readDQT(s)
		case mDAC:
			err = p.readDAC(s)
		case mDRI:
			p.restart = int(s[0])<<8 | int(s[1])
		case mAPP0:
			if len(s) >= 14 && string(s[:5]) == "JFIF\x00" {
				p.jfif = true
			}
		case mAPP14:
			if len(s) >= 12 && string(s[:5]) == "Adobe" {
				p.adobe, p.adobeTransform = true, s[11]
			}
		default:
			if m >= mSOF0 && m <= mSOF15 {
				err = p.readSOF(m, s)
			}
		}
		if err != nil {
			return false, err
		}
	}
}

// known rejects markers that cannot occur here or that begin what is not read.
func (p *parser) known(m uint8) error {
	switch m {
	case mSOI:
		return corrupt("a second SOI marker")
	case mJPG:
		return unsupported("extension marker 0x%02x", m)
	case mSOS:
		if !p.sof {
			return corrupt("SOS before SOF")
		}
	case mDHT, mDAC:
	default:
		if m >= mSOF0 && m <= mSOF15 && p.sof {
			return corrupt("a second SOF segment")
		}
	}
	if m >= mSOF0 && m <= mSOF15 || m >= mSOS && m <= mDRI || m >= mAPP0 && m <= mAPP15 || m == mCOM {
		return nil
	}
	return unsupported("unknown marker 0x%02x", m)
}

// segment returns the content of the segment of marker m at p.pos and moves past it. A length
// below 2, too short for itself, is an error only where the content matters, as for libjpeg.
func (p *parser) segment(m uint8) ([]byte, error) {
	if len(p.data)-p.pos < 2 {
		return nil, errShort
	}
	n := int(p.data[p.pos])<<8 | int(p.data[p.pos+1])
	if n < 2 {
		if m < mAPP0 && m != mDNL {
			return nil, corrupt("segment 0x%02x of length %d", m, n)
		}
		n = 2
	}
	if m == mDRI && n != 4 {
		return nil, corrupt("DRI segment of %d bytes", n-2)
	}
	if len(p.data)-p.pos < n {
		return nil, errShort
	}
	s := p.data[p.pos+2 : p.pos+n]
	p.pos += n
	return s, nil
}

// processes names the SOF markers that are not read.
var processes = map[uint8]string{
	0xc3: "lossless", 0xc5: "hierarchical", 0xc6: "hierarchical progressive", 0xc7: "hierarchical lossless",
	0xcb: "arithmetic-coded lossless",
	0xcd: "arithmetic-coded hierarchical", 0xce: "arithmetic-coded hierarchical progressive",
	0xcf: "arithmetic-coded hierarchical lossless",
}

func (p *parser) readSOF(m uint8, s []byte) error {
	if name, ok := processes[m]; ok {
		return unsupported("%s image (SOF%d)", name, m-mSOF0)
	}
	if len(s) < 6 {
		return corrupt("SOF segment of %d bytes", len(s))
	}
	if s[0] != 8 {
		return unsupported("%d bits a sample", s[0])
	}
	p.height, p.width, p.ncomp = int(s[1])<<8|int(s[2]), int(s[3])<<8|int(s[4]), int(s[5])
	switch {
	case p.width == 0:
		return premix.Faultf(premix.Empty, "jpeg: width 0")
	case p.height == 0:
		return unsupported("height 0, to be defined later (DNL)")
	case p.width > maxSide || p.height > maxSide:
		return premix.Faultf(premix.TooLarge, "jpeg: %d×%d pixels, sides above %d are not read", p.width, p.height, maxSide)
	case p.ncomp != 1 && p.ncomp != 3 && p.ncomp != 4:
		return unsupported("%d components", p.ncomp)
	case len(s) != 6+3*p.ncomp:
		return corrupt("SOF segment of %d bytes for %d components", len(s), p.ncomp)
	}
	p.hmax, p.vmax = 1, 1
	for i := range p.ncomp {
		c := frameComp{id: s[6+3*i], h: s[7+3*i] >> 4, v: s[7+3*i] & 15, tq: s[8+3*i]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 {
			return corrupt("sampling factors %d×%d", c.h, c.v)
		}
		p.comps[i] = c
		p.hmax, p.vmax = max(p.hmax, int(c.h)), max(p.vmax, int(c.v))
	}
	for i := range p.ncomp {
		if c := p.comps[i]; p.hmax%int(c.h) != 0 || p.vmax%int(c.v) != 0 {
			return unsupported("sampling factors %d×%d of %d×%d are not integral", c.h, c.v, p.hmax, p.vmax)
		}
	}
	p.progressive, p.arith, p.sof = m == 0xc2 || m == 0xca, m >= 0xc9, true
	return nil
}

func (p *parser) readSOS(s []byte) error {
	if len(s) < 1 || s[0] < 1 || s[0] > 4 || len(s) != 4+2*int(s[0]) {
		return corrupt("SOS segment of %d bytes", len(s))
	}
	n := int(s[0])
	var taken [4]bool
	for i := range n {
		// Components stand in the order of the frame. Identifiers may repeat: each then stands for
		// the first component that can still follow (jdmarker.c, get_sos).
		id, c := s[1+2*i], i
		for c < p.ncomp && p.comps[c].id != id {
			c++
		}
		if c >= p.ncomp || taken[c] {
			return corrupt("scan of unknown, repeated or misplaced component %d", id)
		}
		taken[c] = true
		p.scan[i] = uint8(c)
		p.comps[c].td, p.comps[c].ta = s[2+2*i]>>4, s[2+2*i]&15
	}
	t := s[1+2*n:]
	p.nscan, p.ss, p.se, p.ah, p.al = n, int(t[0]), int(t[1]), int(t[2]>>4), int(t[2]&15)
	return nil
}

func (p *parser) readDQT(s []byte) error {
	for len(s) > 0 {
		t, wide := s[0]&15, s[0]>>4 != 0
		n := 65
		if wide {
			n = 129
		}
		if t > 3 || len(s) < n {
			return corrupt("bad quantisation table %d", t)
		}
		q := &p.quant[t]
		for i := range 64 {
			if wide {
				q[zigzag[i]] = uint16(s[1+2*i])<<8 | uint16(s[2+2*i])
			} else {
				q[zigzag[i]] = uint16(s[1+i])
			}
		}
		p.quantSet[t] = true
		s = s[n:]
	}
	return nil
}

func (p *parser) readDHT(s []byte) error {
	for len(s) > 16 {
		tc, th := s[0]>>4, s[0]&15
		if tc > 1 || th > 3 {
			return corrupt("bad Huffman table number 0x%02x", s[0])
		}
		n := 0
		for _, c := range s[1:17] {
			n += int(c)
		}
		if n > 256 || n > len(s)-17 {
			return corrupt("Huffman table of %d codes in %d bytes", n, len(s)-17)
		}
		t := &p.dcDef[th]
		if tc == 1 {
			t = &p.acDef[th]
		}
		t.set = true
		copy(t.counts[:], s[1:17])
		copy(t.vals[:], s[17:17+n])
		clear(t.vals[n:])
		s = s[17+n:]
	}
	if len(s) != 0 {
		return corrupt("%d bytes after a Huffman table", len(s))
	}
	return nil
}

func (p *parser) readDAC(s []byte) error {
	for ; len(s) >= 2; s = s[2:] {
		i, v := s[0], s[1]
		switch {
		case i < 16 && v&15 <= v>>4:
			p.dcLower[i], p.dcUpper[i] = v&15, v>>4
		case i >= 16 && i < 32:
			p.acLow[i-16] = v
		default:
			return corrupt("arithmetic conditioning %d of table %d", v, i)
		}
	}
	if len(s) != 0 {
		return corrupt("DAC segment of odd length")
	}
	return nil
}
