package jpeg

import "encoding/binary"

// block decodes the coefficients of one block of a sequential scan into blk, which must be all
// zero, in natural order and not dequantised. It returns the place in the order of the data of
// the last one that is not 0, or 0 (jdhuff.c, decode_mcu_slow).
func (r *bitReader) block(dc, ac *huffTable, pred *int32, blk *[64]int16) int {
	buf, pos, bits, n := r.buf, r.pos, r.bits, r.n
	if n < 33 {
		if pos <= len(buf)-8 {
			bits |= binary.BigEndian.Uint64(buf[pos:]) >> n
		}
		pos += int((63 - n) >> 3)
		n |= 56
	}
	e := dc.look[bits>>(64-lookBits)]
	l := uint(e & 63)
	if e&entryValue != 0 {
		*pred += int32(e) >> 16
	} else {
		s := int(e >> 16)
		if e == 0 {
			var sym uint8
			sym, l = r.long(dc, bits)
			s = int(sym)
		}
		bits <<= l
		n -= l
		l = uint(s)
		if s > 0 {
			*pred += extend(bits, l)
		}
	}
	bits <<= l & 63
	n -= l
	blk[0] = int16(*pred)

	last := 0
	for k := 1; k < 64; k++ {
		if n < 33 {
			if pos <= len(buf)-8 {
				bits |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
			}
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := ac.look[bits>>(64-lookBits)]
		l := uint(e & 63)
		v := int16(e >> 16)
		if e&entryValue != 0 {
			run := int(e >> 8 & 127)
			if run == runEOB {
				bits <<= l & 63
				n -= l
				break
			}
			k += run
		} else {
			sym := uint8(e >> 16)
			if e == 0 {
				sym, l = r.long(ac, bits)
			}
			bits <<= l & 63
			n -= l
			s := int(sym & 15)
			if s == 0 {
				if sym != 0xf0 {
					break
				}
				k += 15
				continue
			}
			k += int(sym >> 4)
			l = uint(s)
			v = int16(extend(bits, l))
		}
		bits <<= l & 63
		n -= l
		blk[zigzag[k&255]&63] = v
		last = k
	}
	r.pos, r.bits, r.n = pos, bits, n
	return last
}

// scanTables builds the tables of a sequential scan.
func (d *Decoder) scanTables() error {
	p := &d.p
	if p.arith {
		d.arithTables()
		return d.mcuFits()
	}
	for _, ci := range p.scan[:p.nscan] {
		f, c := &p.comps[ci], &d.comps[ci]
		if err := d.table(&d.dc, &p.dcDef, f.td, tableDC); err != nil {
			return err
		}
		if err := d.table(&d.ac, &p.acDef, f.ta, tableAC); err != nil {
			return err
		}
		c.dcTab, c.aTab, c.pred = int(f.td), int(f.ta), 0
	}
	return d.mcuFits()
}

// mcuFits checks that the MCUs of an interleaved scan have at most ten blocks.
func (d *Decoder) mcuFits() error {
	p, n := &d.p, 0
	if p.nscan == 1 {
		return nil
	}
	for _, ci := range p.scan[:p.nscan] {
		n += d.comps[ci].h * d.comps[ci].v
	}
	if n > 10 {
		return corrupt("%d blocks in an MCU", n)
	}
	return nil
}

// nextMCU is called before each MCU of a scan.
func (d *Decoder) nextMCU() {
	if d.p.restart == 0 {
		return
	}
	if d.scan.toGo == 0 {
		d.restartSegment()
	}
	d.scan.toGo--
}

// decodeSingle decodes an image whose only scan holds all components, row of MCUs by row of MCUs.
func (d *Decoder) decodeSingle(dst []byte) error {
	p := &d.p
	d.scans = 1
	p.defaultTables()
	if err := d.latchQuant(); err != nil {
		return err
	}
	if err := d.scanTables(); err != nil {
		return err
	}
	d.setTables()
	d.beginScan()
	rows := ceil(p.height, 8*p.vmax)
	for y := range rows {
		if p.nscan == 1 {
			d.planeRow(y)
		} else {
			d.mcuRow(y)
		}
		if y == rows-1 {
			d.endSegment()
		}
		if err := d.harmed(y, rows); err != nil {
			return err
		}
		if err := d.spend(d.rowBlocks, 0); err != nil {
			return err
		}
		d.emit(dst, y, rows)
	}
	if d.blind {
		return nil
	}
	// libjpeg refuses behind the only scan what it refuses before.
	if found, _, err := d.nextScan(); err != nil || !found {
		return err
	}
	return corrupt("a scan after the one that has all components")
}

// blocks decodes the next blocks of a sequential scan to those of d.mcu from from to n−1, which must be all zero, and says in
// d.last what block returns.
func (d *Decoder) blocks(from, n int) {
	for i := from; i < n; i++ {
		t := &d.tables[i]
		switch {
		case d.p.arith:
			d.arithBlock(t.c, &d.mcu[i])
			d.last[i] = 63
			continue
		case d.scan.gray:
			d.last[i] = 0
			continue
		case d.pairs:
			if i = d.blocksSIMD(i, n); i == n {
				return
			}
			t = &d.tables[i]
		}
		d.last[i] = d.r.block(t.dc, t.ac, &t.c.pred, &d.mcu[i])
	}
}

// skip decodes the next n blocks of a sequential scan, of which nobody wants the samples.
func (d *Decoder) skip(n int) {
	from := 0
	if d.pairs && haveBits && !d.scan.gray {
		from = d.skipSIMD(0, n)
	}
	if from == n {
		return
	}
	d.blocks(from, n)
	for i := from; i < n; i++ {
		d.clear(i)
	}
}

// clear makes block i of the MCU all zero.
func (d *Decoder) clear(i int) {
	if d.last[i] > 0 {
		clear(d.mcu[i][:])
	}
	d.mcu[i][0] = 0
}

// mcuRow decodes row y of the MCUs of an interleaved scan to samples. It returns where harm is met.
func (d *Decoder) mcuRow(y int) {
	p := &d.p
	mcus := ceil(p.width, 8*p.hmax)
	for x := range mcus {
		d.nextMCU()
		if x < d.mcuWant.X0 || x >= d.mcuWant.X1 || y < d.mcuWant.Y0 || y >= d.mcuWant.Y1 {
			d.skip(d.perMCU)
			if d.r.pos > d.r.end && d.ranOut() {
				return
			}
			continue
		}
		// All blocks are decoded before the first is transformed: so the processor works on several at once.
		d.blocks(0, d.perMCU)
		i := 0
		for _, ci := range p.scan[:p.nscan] {
			c := &d.comps[ci]
			for v := range c.v {
				by := y*c.v + v
				for h := range c.h {
					bx := x*c.h + h
					d.put(c, bx, by, i)
					i++
				}
			}
		}
		if d.r.pos > d.r.end && d.ranOut() {
			return
		}
	}
}

// put transforms block i of the MCU to samples of c, if they are wanted, and makes it all zero.
func (d *Decoder) put(c *component, bx, by, i int) {
	blk := &d.mcu[i]
	if c.wants(bx, by) {
		c.put(bx, by, blk, d.last[i])
	}
	d.clear(i)
}

// planeRow does the same for an image of one component.
func (d *Decoder) planeRow(y int) {
	c := &d.comps[0]
	for by := y * c.v; by < min((y+1)*c.v, c.bh); by++ {
		for bx := range c.bw {
			d.nextMCU()
			if c.wants(bx, by) {
				d.blocks(0, 1)
				d.put(c, bx, by, 0)
			} else {
				d.skip(1)
			}
			if d.r.pos > d.r.end && d.ranOut() {
				return
			}
		}
	}
}

// put transforms a block to samples. last is the place of its last coefficient in the order of the
// data.
func (c *component) put(bx, by int, blk *[64]int16, last int) {
	out := c.strip[8*by%c.rows*c.stride+8*bx:]
	if last == 0 {
		fill(out, c.stride, dcOnly(blk[0], c.quant[0]))
		return
	}
	idct(out, c.stride, blk, &c.quant)
}
