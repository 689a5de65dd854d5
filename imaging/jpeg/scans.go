package jpeg

import (
	"github.com/premix/premix"
)

// decodeScans collects the coefficients of an image of several scans, from the first SOS, which has
// been read, to the EOI marker.
func (d *Decoder) decodeScans() error {
	p := &d.p
	if !p.progressive {
		p.defaultTables()
	}
	for {
		if err := d.decodeScan(); err != nil {
			return err
		}
		found, missing, err := d.nextScan()
		if err != nil {
			return err
		}
		if found {
			continue
		}
		if d.blind {
			d.model = p.model() // that of all segments
		}
		if missing && !d.accept && !d.complete() {
			n, unit := size(len(p.data))
			return premix.Faultf(premix.Truncated, "jpeg: truncated after %d %s, after %d scans", n, unit, d.scans)
		}
		return nil
	}
}

// complete reports whether every coefficient has been read with every bit.
func (d *Decoder) complete() bool {
	for i := range d.p.ncomp {
		if !d.comps[i].quantSet {
			return false
		}
		if !d.p.progressive {
			continue
		}
		for _, b := range d.coefBits[i] {
			if b != 0 {
				return false
			}
		}
	}
	return true
}

// decodeScan decodes the scan that the parser has just announced.
func (d *Decoder) decodeScan() error {
	p := &d.p
	d.scans++
	if d.scans > 4*maxPasses {
		return premix.Faultf(premix.TooLarge, "jpeg: more than %d scans", 4*maxPasses)
	}
	if err := d.latchQuant(); err != nil {
		return err
	}
	decode := (*Decoder).sequentialMCU
	var err error
	if p.progressive {
		decode, err = d.startProgressive()
	} else {
		err = d.scanTables()
	}
	if err != nil {
		return err
	}
	d.beginScan()
	d.eobRun = 0

	if p.nscan == 1 {
		return d.planeScan(decode)
	}
	return d.interleavedScan(decode)
}

// An mcuDecoder decodes the part of the blocks of one MCU that the scan holds. It returns false on
// a coefficient that is out of range.
type mcuDecoder func(d *Decoder, c *component, blk *[64]int16) bool

// sequentialMCU decodes a block of a sequential scan.
func (d *Decoder) sequentialMCU(c *component, blk *[64]int16) bool {
	if d.p.arith {
		d.arithBlock(c, blk)
		return true
	}
	d.r.block(&d.dc[c.dcTab], &d.ac[c.aTab], &c.pred, blk)
	return true
}

// planeScan decodes a scan of one component, whose MCUs are its blocks.
func (d *Decoder) planeScan(decode mcuDecoder) error {
	p := &d.p
	c, more := &d.comps[p.scan[0]], 0
	if p.progressive && p.ah > 0 {
		more = p.se - p.ss // a refinement looks at every coefficient
	}
	for y := range c.bh {
		if err := d.spend(c.bw, more); err != nil {
			return err
		}
		if err := d.harmed(max(y-1, 0)/c.v, ceil(c.bh, c.v)); err != nil {
			return err
		}
		row := d.coefs[c.coef+64*c.pw*y:]
		for range c.bw {
			d.nextMCU()
			blk := (*[64]int16)(row)
			row = row[64:]
			if d.scan.gray {
				continue
			}
			d.lastGood = y / c.v
			if !decode(d, c, blk) {
				return corrupt("coefficient out of range in scan %d", d.scans)
			}
			if d.r.pos > d.r.end && d.ranOut() {
				return d.harmed(y/c.v, ceil(c.bh, c.v))
			}
		}
	}
	d.endSegment()
	return d.harmed((c.bh-1)/c.v, ceil(c.bh, c.v))
}

// interleavedScan decodes a scan of several components.
func (d *Decoder) interleavedScan(decode mcuDecoder) error {
	p := &d.p
	l := p.layout()
	for y := range l.mcusY {
		for x := range l.mcusX {
			d.nextMCU()
			if d.scan.gray {
				continue
			}
			d.lastGood = y
			for _, ci := range p.scan[:p.nscan] {
				c := &d.comps[ci]
				for v := range c.v {
					row := d.coefs[c.coef+64*(c.pw*(y*c.v+v)+x*c.h):]
					for h := range c.h {
						if !decode(d, c, (*[64]int16)(row[64*h:])) {
							return corrupt("coefficient out of range in scan %d", d.scans)
						}
					}
				}
			}
			if d.r.pos > d.r.end && d.ranOut() {
				return d.harmed(y, l.mcusY)
			}
		}
		if y == l.mcusY-1 {
			d.endSegment()
		}
		if err := d.harmed(y, l.mcusY); err != nil {
			return err
		}
		n := 0
		for _, ci := range p.scan[:p.nscan] {
			n += d.comps[ci].pw * d.comps[ci].v
		}
		if err := d.spend(n, 0); err != nil {
			return err
		}
	}
	return nil
}

// outputCoefs turns the collected coefficients to pixels.
func (d *Decoder) outputCoefs(dst []byte) error {
	p := &d.p
	rows := p.layout().mcusY
	smooth, steps := p.progressive && d.smoothable(), int64(0)
	if smooth {
		steps = int64(d.rowBlocks) * stepsSmoothed
	}
	for y := range rows {
		for i := range p.ncomp {
			c := &d.comps[i]
			if smooth {
				d.smoothRow(i, y, rows)
				continue
			}
			for by := max(y*c.v, c.want.Y0); by < min((y+1)*c.v, c.want.Y1); by++ {
				row := d.coefs[c.coef+64*c.pw*by:]
				for bx := c.want.X0; bx < c.want.X1; bx++ {
					c.put(bx, by, (*[64]int16)(row[64*bx:]), 63)
				}
			}
		}
		d.emit(dst, y, rows)
		if err := d.work(d.rowBlocks, steps); err != nil {
			return err
		}
	}
	return nil
}
