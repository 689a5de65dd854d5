package jpeg

// Arithmetic decoding (T.81, annex D and sections F.1.4, F.2.4 and G.1.3), in the form of
// libjpeg's jdarith.c.

// An arithDecoder decodes the binary decisions of a segment and holds the statistics of a scan.
type arithDecoder struct {
	c     int64 // base of the interval, and bits not yet used below it
	a     int64 // size of the interval
	ct    int   // how many bits of c are not yet used; negative before the first two bytes
	bad   bool  // a decision was impossible: the rest of the segment is left out
	fixed uint8 // a bin for even chances

	decided int64 // decisions since they were last counted

	// A statistics bin is the index of a state; its highest bit is the more probable symbol.
	dc        [16][64]uint8
	ac        [16][256]uint8
	dcContext [4]int // by component
}

// reset prepares for a segment.
func (a *arithDecoder) reset() {
	a.c, a.a, a.ct, a.bad, a.fixed = 0, 0, -16, false, uint8(len(arithStates)-1)
	clear(a.dc[:])
	clear(a.ac[:])
	a.dcContext = [4]int{}
}

// arithTables notes the statistics that the components of the scan use.
func (d *Decoder) arithTables() {
	p := &d.p
	for _, ci := range p.scan[:p.nscan] {
		f, c := &p.comps[ci], &d.comps[ci]
		c.dcTab, c.aTab, c.pred = int(f.td), int(f.ta), 0
	}
	d.arith.reset()
}

// decide decodes a decision with the statistics bin st.
func (d *Decoder) decide(st *uint8) bool {
	e := &d.arith
	e.decided++
	for e.a < 0x8000 {
		if e.ct--; e.ct < 0 {
			var data byte
			if r := &d.r; r.pos < r.end {
				data = r.buf[r.pos]
			}
			d.r.pos++
			e.c = e.c<<8 | int64(data)
			if e.ct += 8; e.ct < 0 {
				if e.ct++; e.ct == 0 {
					e.a = 0x8000
				}
			}
		}
		e.a <<= 1
	}
	sv := *st
	s := &arithStates[sv&0x7f]
	qe := int64(s.qe)
	e.a -= qe
	limit := e.a << e.ct
	switch {
	case e.c >= limit:
		e.c -= limit
		more := e.a < qe
		e.a = qe
		if more {
			*st = sv&0x80 ^ s.mps
		} else {
			*st = sv&0x80 ^ s.lps ^ s.switchLess
			sv ^= 0x80
		}
	case e.a < 0x8000:
		if e.a < qe {
			*st = sv&0x80 ^ s.lps ^ s.switchLess
			sv ^= 0x80
		} else {
			*st = sv&0x80 ^ s.mps
		}
	}
	return sv&0x80 != 0
}

// magnitude decodes the rest of a value of category m ≥ 0 whose bits have the bin st+14, and gives
// it its sign.
func (d *Decoder) magnitude(m int, st *uint8, negative bool) int {
	v := m
	for m >>= 1; m != 0; m >>= 1 {
		if d.decide(st) {
			v |= m
		}
	}
	v++
	if negative {
		v = -v
	}
	return v
}

// category doubles m for every 1 that the bins from st on yield. It returns m and the place of
// the last bin, or false where the value would be too large.
func (d *Decoder) category(m int, bins []uint8, st int) (int, int, bool) {
	for d.decide(&bins[st]) {
		if m <<= 1; m == 0x8000 {
			d.arith.bad = true
			return 0, 0, false
		}
		st++
	}
	return m, st, true
}

// arithDC decodes the difference of a DC coefficient.
func (d *Decoder) arithDC(c *component) bool {
	e := &d.arith
	bins := e.dc[c.dcTab&15][:]
	context := &e.dcContext[c.index]
	st := *context
	if !d.decide(&bins[st]) {
		*context = 0
		return true
	}
	negative := d.decide(&bins[st+1])
	st += 2
	if negative {
		st++
	}
	m := 0
	if d.decide(&bins[st]) {
		var ok bool
		if m, st, ok = d.category(1, bins, 20); !ok {
			return false
		}
	}
	// How large the difference was conditions the next one.
	switch {
	case m < 1<<d.p.dcLower[c.dcTab&15]>>1:
		*context = 0
	case m > 1<<d.p.dcUpper[c.dcTab&15]>>1:
		*context = 12
	default:
		*context = 4
	}
	if *context != 0 && negative {
		*context += 4
	}
	c.pred = (c.pred + int32(d.magnitude(m, &bins[st+14], negative))) & 0xffff
	return true
}

// arithAC decodes the AC coefficients from k to se, shifted left by al.
func (d *Decoder) arithAC(c *component, blk *[64]int16, k, se, al int) {
	bins := d.arith.ac[c.aTab&15][:]
	for ; k <= se; k++ {
		st := 3 * (k - 1)
		if d.decide(&bins[st]) {
			return // end of block
		}
		for !d.decide(&bins[st+1]) {
			st += 3
			if k++; k > se {
				d.arith.bad = true
				return
			}
		}
		negative := d.decide(&d.arith.fixed)
		st += 2
		m := 0
		if d.decide(&bins[st]) {
			m = 1
			if d.decide(&bins[st]) {
				st = 217
				if k <= int(d.p.acLow[c.aTab&15]) {
					st = 189
				}
				var ok bool
				if m, st, ok = d.category(2, bins, st); !ok {
					return
				}
			}
		}
		blk[zigzag[k&63]&63] = int16(d.magnitude(m, &bins[st+14], negative) << al)
	}
}

// arithBlock decodes a block of a sequential scan.
func (d *Decoder) arithBlock(c *component, blk *[64]int16) {
	if d.arith.bad || !d.arithDC(c) {
		return
	}
	blk[0] = int16(c.pred)
	d.arithAC(c, blk, 1, 63, 0)
}

// arithDCFirst decodes the first scan of the DC coefficient.
func (d *Decoder) arithDCFirst(c *component, blk *[64]int16) bool {
	if !d.arith.bad && d.arithDC(c) {
		blk[0] = int16(c.pred << d.p.al)
	}
	return true
}

// arithDCRefine adds a bit to the DC coefficient.
func (d *Decoder) arithDCRefine(_ *component, blk *[64]int16) bool {
	if d.decide(&d.arith.fixed) {
		blk[0] |= 1 << d.p.al
	}
	return true
}

// arithACFirst decodes the first scan of a band of AC coefficients.
func (d *Decoder) arithACFirst(c *component, blk *[64]int16) bool {
	if !d.arith.bad {
		d.arithAC(c, blk, d.p.ss, d.p.se, d.p.al)
	}
	return true
}

// arithACRefine adds a bit to a band of AC coefficients.
func (d *Decoder) arithACRefine(c *component, blk *[64]int16) bool {
	if d.arith.bad {
		return true
	}
	plus, minus := int16(1)<<d.p.al, int16(-1)<<d.p.al
	bins := d.arith.ac[c.aTab&15][:]
	end := d.p.se // the last coefficient that is not 0
	for end > 0 && blk[zigzag[end]] == 0 {
		end--
	}
	for k := d.p.ss; k <= d.p.se; k++ {
		st := 3 * (k - 1)
		if k > end && d.decide(&bins[st]) {
			return true
		}
		for {
			v := &blk[zigzag[k&63]&63]
			if *v != 0 {
				if d.decide(&bins[st+2]) {
					if *v < 0 {
						*v += minus
					} else {
						*v += plus
					}
				}
				break
			}
			if d.decide(&bins[st+1]) {
				*v = plus
				if d.decide(&d.arith.fixed) {
					*v = minus
				}
				break
			}
			st += 3
			if k++; k > d.p.se {
				d.arith.bad = true
				return true
			}
		}
	}
	return true
}
