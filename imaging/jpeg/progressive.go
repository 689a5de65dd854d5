package jpeg

import (
	"math"
	"math/bits"
)

// startProgressive checks the parameters of a progressive scan, builds its tables and returns the
// function that decodes its blocks (jdphuff.c, start_pass_phuff_decoder).
func (d *Decoder) startProgressive() (mcuDecoder, error) {
	p := &d.p
	dc := p.ss == 0
	bad := p.ah != 0 && p.al != p.ah-1 || p.al > 13
	if dc {
		bad = bad || p.se != 0
	} else {
		bad = bad || p.ss > p.se || p.se > 63 || p.nscan != 1
	}
	if bad {
		return nil, corrupt("impossible scan: coefficients %d to %d, bits %d to %d, %d components", p.ss, p.se, p.ah, p.al, p.nscan)
	}
	if err := d.mcuFits(); err != nil {
		return nil, err
	}
	for _, ci := range p.scan[:p.nscan] {
		now, prev := &d.coefBits[ci], &d.prevBits[ci]
		for k := min(p.ss, 1); k <= max(p.se, 9); k++ {
			prev[k] = 0
			if d.scans > 1 {
				prev[k] = now[k]
			}
		}
		wrong := p.ss > 0 && now[0] < 0
		for k := p.ss; k <= p.se; k++ {
			wrong = wrong || p.ah != int(max(now[k], 0))
			now[k] = int8(p.al)
		}
		if wrong && !d.mild {
			return nil, corrupt("damaged: scan %d, of coefficients %d to %d and bits %d to %d, does not follow from those before", d.scans, p.ss, p.se, p.ah, p.al)
		}
	}
	first := p.ah == 0
	if err := d.progressiveTables(dc, first); err != nil {
		return nil, err
	}
	switch {
	case p.arith && dc && first:
		return (*Decoder).arithDCFirst, nil
	case p.arith && dc:
		return (*Decoder).arithDCRefine, nil
	case p.arith && first:
		return (*Decoder).arithACFirst, nil
	case p.arith:
		return (*Decoder).arithACRefine, nil
	case dc && first:
		return (*Decoder).dcFirst, nil
	case dc:
		return (*Decoder).dcRefine, nil
	case first:
		return (*Decoder).acFirst, nil
	}
	return (*Decoder).acRefine, nil
}

// progressiveTables builds the tables of a progressive scan.
func (d *Decoder) progressiveTables(dc, first bool) error {
	p := &d.p
	if p.arith {
		d.arithTables()
		return nil
	}
	for _, ci := range p.scan[:p.nscan] {
		f, c := &p.comps[ci], &d.comps[ci]
		c.dcTab, c.aTab, c.pred = int(f.td), int(f.ta), 0
		switch {
		case dc && first:
			if err := d.table(&d.dc, &p.dcDef, f.td, tableDC); err != nil {
				return err
			}
		case !dc:
			kind := tableAC
			if !first {
				kind = tableSymbol
			}
			if err := d.table(&d.ac, &p.acDef, f.ta, kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// dcFirst decodes the first scan of the DC coefficient.
func (d *Decoder) dcFirst(c *component, blk *[64]int16) bool {
	r := &d.r
	if r.n < 33 {
		r.refill()
	}
	e := d.dc[c.dcTab].look[r.bits>>(64-lookBits)]
	var diff int32
	if e&entryValue != 0 {
		diff = int32(e) >> 16
		r.drop(uint(e & 63))
	} else {
		s, l := uint8(e>>16), uint(e&63)
		if e == 0 {
			s, l = r.long(&d.dc[c.dcTab], r.bits)
		}
		r.drop(l)
		if s > 0 {
			diff = r.value(int(s))
		}
	}
	v := int64(c.pred) + int64(diff)
	if v < math.MinInt32 || v > math.MaxInt32 {
		return false
	}
	c.pred = int32(v)
	blk[0] = int16(c.pred << d.p.al)
	return true
}

// dcRefine adds a bit to the DC coefficient.
func (d *Decoder) dcRefine(_ *component, blk *[64]int16) bool {
	r := &d.r
	if r.n < 33 {
		r.refill()
	}
	if r.take(1) != 0 {
		blk[0] |= 1 << d.p.al
	}
	return true
}

// acFirst decodes the first scan of a band of AC coefficients.
func (d *Decoder) acFirst(c *component, blk *[64]int16) bool {
	if d.eobRun > 0 {
		d.eobRun--
		return true
	}
	r, t, se, al := &d.r, &d.ac[c.aTab], d.p.se, uint(d.p.al)
	for k := d.p.ss; k <= se; k++ {
		if r.n < 33 {
			r.refill()
		}
		e := t.look[r.bits>>(64-lookBits)]
		if e&entryValue != 0 {
			r.drop(uint(e & 63))
			run := int(e >> 8 & 127)
			if run == runEOB {
				return true
			}
			k += run
			blk[zigzag[k&255]&63] = int16(e>>16) << al
			continue
		}
		sym, l := uint8(e>>16), uint(e&63)
		if e == 0 {
			sym, l = r.long(t, r.bits)
		}
		r.drop(l)
		run, s := int(sym>>4), int(sym&15)
		if s > 0 {
			k += run
			blk[zigzag[k&255]&63] = int16(r.value(s)) << al
			continue
		}
		if run != 15 {
			d.eobRun = 1<<run - 1
			if run > 0 {
				d.eobRun += int(r.take(run))
			}
			return true
		}
		k += 15
	}
	return true
}

// acRefine adds a bit to a band of AC coefficients: to those that are not 0, and those that
// become so (jdphuff.c, decode_mcu_AC_refine).
func (d *Decoder) acRefine(c *component, blk *[64]int16) bool {
	r, t, k, se, al := &d.r, &d.ac[c.aTab], d.p.ss, d.p.se, uint(d.p.al)
	// Which coefficients are not 0, in the order of the data. Those that become so are passed at once.
	var nonzero uint64
	if haveSIMD && haveBits {
		band := ^uint64(0) >> k & (^uint64(0) << (63 - se))
		left, set := refineBMI2(r, t, blk, band, 1<<al, d.eobRun)
		if left >= 0 {
			d.eobRun = left
			return true
		}
		nonzero = bits.Reverse64(set)
	} else {
		nonzero = nonzeroGo(blk) & (2<<(se&63) - 1)
	}
	if d.eobRun == 0 {
		for ; k <= se; k++ {
			sym := r.symbol(t)
			run := int(sym >> 4)
			var v int16
			if sym&15 != 0 {
				// The size should be 1; libjpeg takes any other for it, with a warning.
				r.bad = r.bad || sym&15 != 1
				v = int16(2*r.take(1)-1) << al
			} else if run != 15 {
				d.eobRun = 1 << run
				if run > 0 {
					d.eobRun += int(r.take(run))
				}
				break
			}
			// The zero after as many as run says, or the end of the band.
			zeros := ^nonzero & (2<<(se&63) - 1) >> (k & 63) << (k & 63)
			for range run {
				zeros &= zeros - 1
			}
			to := min(bits.TrailingZeros64(zeros), se+1)
			r.refine(blk, nonzero>>(k&63)<<(k&63)&(1<<to-1), al)
			if k = to; v != 0 {
				blk[zigzag[k&255]&63] = v
			}
		}
	}
	if d.eobRun > 0 {
		if k <= se {
			r.refine(blk, nonzero>>(k&63)<<(k&63), al)
		}
		d.eobRun--
	}
	return true
}

// refine reads a bit for each coefficient of the set which, and adds it to its value.
func (r *bitReader) refine(blk *[64]int16, which uint64, al uint) {
	for which != 0 {
		if r.n < 33 {
			r.refill()
		}
		n := min(bits.OnesCount64(which), 32)
		read := r.bits
		r.drop(uint(n))
		for range n {
			v := &blk[zigzag[bits.TrailingZeros64(which)&63]&63]
			which &= which - 1
			sign := *v >> 15
			// Nothing is added to a value that has the bit.
			bit := int16(read>>63) &^ (*v >> (al & 15))
			read <<= 1
			*v += (bit<<(al&15) ^ sign) - sign
		}
	}
}

// nonzeroGo returns which coefficients are not 0, in the order of the data.
func nonzeroGo(blk *[64]int16) (set uint64) {
	for _, n := range zigzag[:64] {
		v := int32(blk[n&63])
		set = set>>1 | uint64(v|-v)&(1<<63)
	}
	return set
}
