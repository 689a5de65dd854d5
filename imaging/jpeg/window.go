package jpeg

import "github.com/premix/premix"

// look decides which MCUs, blocks and samples are needed for the pixels of w.
func (d *Decoder) look(w *premix.Box) {
	p := &d.p
	all := premix.Box{X1: p.width, Y1: p.height}
	d.window = all
	if w != nil && !w.Empty() && w.X0 >= 0 && w.Y0 >= 0 && w.X1 <= all.X1 && w.Y1 <= all.Y1 {
		d.window = *w
	}
	d.mcuWant = premix.Box{}
	for i := range p.ncomp {
		c, u := &d.comps[i], &d.up[i]
		c.want = premix.Box{X1: c.bw, Y1: c.bh}
		if d.window == all {
			d.mcuWant = premix.Box{X1: ceil(p.width, 8*p.hmax), Y1: ceil(p.height, 8*p.vmax)}
			continue
		}
		// The filter looks at the samples next to one. In a row it takes the first and the last that it is given for those of
		// the edge, so it is given one more.
		var beside, above int
		switch u.kind {
		case upH2V1:
			beside = 2
		case upH1V2:
			above = 1
		case upH2V2:
			beside, above = 2, 1
		}
		u.from, u.to = max(d.window.X0/u.hx-beside, 0), min((d.window.X1-1)/u.hx+1+beside, c.dw)
		y0, y1 := max(d.window.Y0/u.vx-above, 0), min((d.window.Y1-1)/u.vx+1+above, c.dh)
		c.want = premix.Box{X0: u.from / 8, Y0: y0 / 8, X1: ceil(u.to, 8), Y1: ceil(y1, 8)}
		m := premix.Box{X0: c.want.X0 / c.h, Y0: c.want.Y0 / c.v, X1: ceil(c.want.X1, c.h), Y1: ceil(c.want.Y1, c.v)}
		if i > 0 {
			o := &d.mcuWant
			m = premix.Box{X0: min(m.X0, o.X0), Y0: min(m.Y0, o.Y0), X1: max(m.X1, o.X1), Y1: max(m.Y1, o.Y1)}
		}
		d.mcuWant = m
	}
}

// wants reports whether the samples of a block are needed.
func (c *component) wants(bx, by int) bool {
	w := &c.want
	return bx >= w.X0 && bx < w.X1 && by >= w.Y0 && by < w.Y1
}
