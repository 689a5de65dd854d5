package jpeg

import (
	"bytes"
	"encoding/binary"
)

// segmentPad is how many zero bytes follow the data of a segment.
const segmentPad = 16

var zeros [segmentPad]byte

// A bitReader reads the bits of one segment of coded data: what lies between an SOS segment or a
// restart marker and the next marker. Behind the end it reads zeros, as libjpeg feeds them.
type bitReader struct {
	buf  []byte // the data, without stuffed zeros, and segmentPad zero bytes
	pos  int    // next byte to load; may run past the end
	bits uint64 // the next bits, first bit highest; below the first n they are correct or 0
	n    uint

	end int  // length of the data
	eof bool // the segment was ended by the end of the file, not by a marker
	bad bool // a code was read that its table does not have, in this segment or one before
}

// overrun reports whether bits after the end have been consumed.
func (r *bitReader) overrun() bool {
	return r.pos > r.end && r.pos*8-int(r.n) > r.end*8
}

// refill makes n at least 56. It may be called when n is below 57.
func (r *bitReader) refill() {
	if r.pos <= len(r.buf)-8 {
		r.bits |= binary.BigEndian.Uint64(r.buf[r.pos:]) >> r.n
	}
	r.pos += int((63 - r.n) >> 3)
	r.n |= 56
}

// drop consumes l bits.
func (r *bitReader) drop(l uint) {
	r.bits <<= l & 63
	r.n -= l
}

// take consumes and returns s bits, 1 ≤ s ≤ 16. There must be as many.
func (r *bitReader) take(s int) uint32 {
	v := uint32(r.bits >> (64 - uint(s)))
	r.drop(uint(s))
	return v
}

// value consumes s bits, 1 ≤ s ≤ 16, and gives them their sign. There must be as many.
func (r *bitReader) value(s int) int32 {
	v := extend(r.bits, uint(s))
	r.drop(uint(s))
	return v
}

// symbol decodes one symbol with a table of kind tableSymbol. Afterwards at least 16 bits are there.
func (r *bitReader) symbol(t *huffTable) uint8 {
	if r.n < 33 {
		r.refill()
	}
	if e := t.look[r.bits>>(64-lookBits)]; e != 0 {
		r.drop(uint(e & 63))
		return uint8(e >> 16)
	}
	sym, l := r.long(t, r.bits)
	r.drop(l)
	return sym
}

// long decodes a code of more than lookBits bits: its symbol and length. A code that does not
// exist is taken for a 0 of 17 bits, as by libjpeg.
func (r *bitReader) long(t *huffTable, bits uint64) (sym uint8, length uint) {
	for l := lookBits + 1; l <= 16; l++ {
		if c := int32(bits >> (64 - uint(l))); c <= t.maxCode[l] {
			return t.vals[uint8(c+t.offset[l])], uint(l)
		}
	}
	r.bad = true
	return 0, 17
}

// A scanState is where the decoding of a scan is.
type scanState struct {
	toGo    int   // MCUs until the next restart marker
	restart uint8 // its number
	gray    bool  // the data of the segment was short: the MCUs up to the next restart are left out
}

// beginScan prepares for the coded data of a scan, at the parser's position.
func (d *Decoder) beginScan() {
	d.scan = scanState{toGo: d.p.restart}
	d.loadSegment()
}

// loadSegment loads the coded data up to the next marker, which becomes the parser's, or nothing
// if the parser already stands at one. It leaves out the zero after each 0xff; further 0xff
// between the two are padding (jdhuff.c, jpeg_fill_bit_buffer).
func (d *Decoder) loadSegment() {
	p := &d.p
	out := d.unstuffed[:0]
	eof := false
	if p.marker == 0 {
		in := p.data[p.pos:]
		if cap(out) < len(in)+segmentPad {
			out = make([]byte, 0, len(in)+segmentPad)
		}
		for {
			i := bytes.IndexByte(in, 0xff)
			if i < 0 {
				out, in, eof = append(out, in...), nil, true
				break
			}
			out = append(out, in[:i]...)
			for i < len(in) && in[i] == 0xff {
				i++
			}
			if i == len(in) {
				in, eof = nil, true
				break
			}
			m := in[i]
			in = in[i+1:]
			if m != 0 {
				p.marker = m
				break
			}
			out = append(out, 0xff)
		}
		p.pos = len(p.data) - len(in)
	}
	n := len(out)
	out = append(out, zeros[:]...)
	d.unstuffed = out
	d.r = bitReader{buf: out, end: n, eof: eof, bad: d.r.bad}
	if eof {
		p.marker = mEOI
	}
}

// restartSegment ends the segment and begins the next one (jdhuff.c, process_restart; jdmarker.c,
// read_restart_marker and jpeg_resync_to_restart).
func (d *Decoder) restartSegment() {
	p, s := &d.p, &d.scan
	d.endSegment()
	d.steps -= stepsRestart
	if p.marker == mRST0+s.restart {
		p.marker = 0
	} else {
		if d.r.eof {
			d.harm.cut = !d.accept && d.harm.text == ""
		}
		d.note("marker 0x%02x stands where restart marker %d is due", p.marker, s.restart)
		d.resync()
	}
	s.restart = (s.restart + 1) & 7
	s.toGo = p.restart
	for i := range p.ncomp {
		d.comps[i].pred = 0
	}
	d.eobRun = 0
	if p.arith {
		d.arith.reset()
	}
	// Short of a restart marker the segment is empty.
	if p.marker == 0 {
		s.gray = false
	}
	eof := d.r.eof && p.marker != 0
	d.loadSegment()
	d.r.eof = d.r.eof || eof
}

// resync decides what to do with a marker that is not the restart marker that is due: to stop
// before it, to go on after it, or to look for another one.
func (d *Decoder) resync() {
	p, want := &d.p, d.scan.restart
	for {
		m := p.marker
		switch {
		case m < mSOF0:
		case m < mRST0 || m > mRST7:
			return
		default:
			switch (m - want) & 7 {
			case 1, 2: // one of the next two: the one that is due is lost
				return
			case 6, 7: // one of the last two: look further
			default: // damaged
				p.marker = 0
				return
			}
		}
		if !p.next() {
			p.marker, d.r.eof = mEOI, true
			return
		}
	}
}
