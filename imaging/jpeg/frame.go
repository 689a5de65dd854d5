package jpeg

import (
	"github.com/premix/premix"
	"github.com/premix/premix/internal/reuse"
)

// A component is one plane of the image while it is decoded.
type component struct {
	index       int
	h, v        int // sampling factors
	bw, bh      int // size in blocks
	pw, ph      int // the same rounded up to whole MCUs
	dw, dh      int // size in samples, without the filling of the last blocks
	quant       [64]uint16
	quantSet    bool
	pred        int32
	want        premix.Box // the blocks whose samples are wanted
	strip       []byte     // 2·8·v rows of stride bytes; row y of the plane is row y mod 16·v
	stride      int
	rows        int // 16·v
	coef        int // index of its first coefficient
	dcTab, aTab int
}

// row returns row y of the plane: dw samples and those that fill up the last MCU.
func (c *component) row(y int) []byte {
	i := y % c.rows * c.stride
	return c.strip[i : i+c.stride]
}

// sizes is what the frame needs of memory.
type sizes struct {
	mcusX, mcusY  int // MCUs of an interleaved scan
	strips, lines int
	coefs         int64 // coefficients of all components
	blocks        int64
}

// layout computes the sizes from the frame.
func (p *parser) layout() sizes {
	l := sizes{mcusX: ceil(p.width, 8*p.hmax), mcusY: ceil(p.height, 8*p.vmax)}
	for i := range p.ncomp {
		h, v := int(p.comps[i].h), int(p.comps[i].v)
		pw, ph := l.mcusX*h, l.mcusY*v
		l.strips += pw * 8 * 16 * v
		l.lines += l.mcusX * 8 * p.hmax
		l.blocks += int64(pw) * int64(ph)
	}
	l.coefs = 64 * l.blocks
	return l
}

func ceil(a, b int) int { return (a + b - 1) / b }

// start prepares the decoder for the frame that the parser has read.
func (d *Decoder) start(o Options) {
	p := &d.p
	l := p.layout()
	d.accept, d.blind, d.mild = o.AcceptTruncated, o.Forgive, o.AcceptTruncated || o.Forgive
	d.model = p.model()
	d.strips = reuse.Slice(d.strips, l.strips)
	d.lines = reuse.Slice(d.lines, l.lines)
	d.emitted, d.scans, d.lastGood, d.harm = 0, 0, 0, harm{}
	d.r.bad, d.arith.bad = false, false
	d.blockWork, d.steps, d.unseen, d.arith.decided = maxPasses*l.blocks, d.limit(), 0, 0
	d.rowBlocks = int(l.blocks) / l.mcusY
	s, n, lines := d.strips, 0, d.lines
	for i := range p.ncomp {
		f := &p.comps[i]
		c := &d.comps[i]
		h, v := int(f.h), int(f.v)
		*c = component{
			index: i, h: h, v: v,
			bw: ceil(p.width*h, 8*p.hmax), bh: ceil(p.height*v, 8*p.vmax),
			pw: l.mcusX * h, ph: l.mcusY * v,
			dw: ceil(p.width*h, p.hmax), dh: ceil(p.height*v, p.vmax),
			rows: 16 * v, coef: n,
		}
		c.stride = 8 * c.pw
		c.strip = s[: c.stride*c.rows : c.stride*c.rows]
		s = s[len(c.strip):]
		n += 64 * c.pw * c.ph
		w := l.mcusX * 8 * p.hmax
		d.up[i] = newUpsampler(c, p.hmax, p.vmax, lines[:w:w])
		lines = lines[w:]
	}
	d.look(o.Window)
	if !p.multiScan() {
		return
	}
	d.coefs = reuse.Slice(d.coefs, n)
	clear(d.coefs)
	for i := range p.ncomp {
		for k := range 64 {
			d.coefBits[i][k], d.prevBits[i][k] = -1, 0
		}
	}
}

// latchQuant copies the quantisation tables that the components of the scan name, unless an
// earlier scan already did: tables may be redefined between scans (jdinput.c).
func (d *Decoder) latchQuant() error {
	p := &d.p
	for _, ci := range p.scan[:p.nscan] {
		c := &d.comps[ci]
		if c.quantSet {
			continue
		}
		t := p.comps[ci].tq
		if t > 3 || !p.quantSet[t] {
			return corrupt("quantisation table %d is not defined", t)
		}
		c.quant, c.quantSet = p.quant[t], true
	}
	return nil
}
