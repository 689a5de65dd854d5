package jpeg

// Block smoothing: where a progressive image ends before the first nine AC coefficients are
// known in full, they are estimated from the DC coefficients of 5×5 blocks (jdcoefct.c,
// decompress_smooth_data).

// savedCoefs is the number of coefficients that smoothing estimates, DC included.
const savedCoefs = 10

// smoothable reports whether smoothing is possible and of use.
func (d *Decoder) smoothable() bool {
	useful := false
	for i := range d.p.ncomp {
		c := &d.comps[i]
		if !c.quantSet || d.coefBits[i][0] < 0 {
			return false
		}
		for k := range savedCoefs {
			if c.quant[zigzag[k]] == 0 {
				return false
			}
			if k > 0 && d.coefBits[i][k] != 0 {
				useful = true
			}
		}
	}
	return useful
}

// smoothRow turns row y of the MCUs of component i to samples.
func (d *Decoder) smoothRow(i, y, rows int) {
	c := &d.comps[i]
	blockRows := c.v
	if y == rows-1 {
		if blockRows = c.bh % c.v; blockRows == 0 {
			blockRows = c.v
		}
	}
	bits := d.coefBits[i]
	if y > d.lastGood {
		// What the last scan says is invented from here on.
		bits = d.prevBits[i]
		if d.scans == 1 {
			for k := range bits {
				bits[k] = -1
			}
		}
	}
	s := smoother{quant: &c.quant, bits: &bits, changeDC: true}
	for _, b := range bits[1:savedCoefs] {
		s.changeDC = s.changeDC && b == -1
	}
	// As in the original, places are counted as if all rows of MCUs had as many rows of blocks
	// as this one.
	total := blockRows * rows
	for r := range blockRows {
		at := y*blockRows + r
		by := y*c.v + r
		var n [5]int // the rows of blocks two above to two below
		n[2] = by
		n[1], n[3] = n[2], n[2]
		if at > 0 {
			n[1] = by - 1
		}
		n[0] = n[1]
		if at > 1 {
			n[0] = by - 2
		}
		if at < total-1 {
			n[3] = by + 1
		}
		n[4] = n[3]
		if at < total-2 {
			n[4] = by + 2
		}
		if by < c.want.Y0 || by >= c.want.Y1 {
			continue
		}
		for bx := c.want.X0; bx < c.want.X1; bx++ {
			for j, row := range n {
				line := d.coefs[c.coef+64*c.pw*row:]
				for x := range 5 {
					s.dc[j][x] = int64(line[64*min(max(bx+x-2, 0), c.bw-1)])
				}
			}
			s.blk = [64]int16(d.coefs[c.coef+64*(c.pw*by+bx):])
			s.estimate()
			c.put(bx, by, &s.blk, 63)
		}
	}
}

// A smoother estimates the coefficients of one block.
type smoother struct {
	quant    *[64]uint16
	bits     *[64]int8 // how many low bits of the coefficients are missing; −1: all
	changeDC bool      // nothing is known but DC: interpolate that too
	dc       [5][5]int64
	blk      [64]int16
}

// A kernel is the weights of the DC coefficients of 5×5 blocks.
type kernel [5][5]int8

// The kernels for coefficients 1 to 9, then DC, where only DC is known.
var dcKernels = [savedCoefs]kernel{
	{{-1, -1, 0, 1, 1}, {-3, 13, 0, -13, 3}, {-3, 38, 0, -38, 3}, {-3, 13, 0, -13, 3}, {-1, -1, 0, 1, 1}},
	{{-1, -3, -3, -3, -1}, {-1, 13, 38, 13, -1}, {}, {1, -13, -38, -13, 1}, {1, 3, 3, 3, 1}},
	{{0, 0, 1, 0, 0}, {0, 2, 7, 2, 0}, {0, -5, -14, -5, 0}, {0, 2, 7, 2, 0}, {0, 0, 1, 0, 0}},
	{{-1, 0, 0, 0, 1}, {0, 9, 0, -9, 0}, {}, {0, -9, 0, 9, 0}, {1, 0, 0, 0, -1}},
	{{}, {0, 2, -5, 2, 0}, {1, 7, -14, 7, 1}, {0, 2, -5, 2, 0}, {}},
	{{}, {0, 1, 0, -1, 0}, {0, 2, 0, -2, 0}, {0, 1, 0, -1, 0}, {}},
	{{}, {0, 1, -3, 1, 0}, {}, {0, -1, 3, -1, 0}, {}},
	{{}, {0, 1, 0, -1, 0}, {0, -3, 0, 3, 0}, {0, 1, 0, -1, 0}, {}},
	{{}, {0, 1, 2, 1, 0}, {}, {0, -1, -2, -1, 0}, {}},
}

// The kernels for coefficients 1 to 5 where some AC coefficients are known.
var acKernels = [5]kernel{
	{{}, {}, {-7, 50, 0, -50, 7}, {}, {}},
	{{0, 0, -7, 0, 0}, {0, 0, 50, 0, 0}, {}, {0, 0, -50, 0, 0}, {0, 0, 7, 0, 0}},
	{{0, 0, -1, 0, 0}, {0, 0, 13, 0, 0}, {0, 0, -24, 0, 0}, {0, 0, 13, 0, 0}, {0, 0, -1, 0, 0}},
	{{0, -1, 0, 1, 0}, {-1, 10, 0, -10, 1}, {}, {1, -10, 0, 10, -1}, {0, 1, 0, -1, 0}},
	{{}, {}, {-1, 13, -24, 13, -1}, {}, {}},
}

// meanKernel is for DC itself; it sums to 256.
var meanKernel = [5][5]int16{
	{-2, -6, -8, -6, -2}, {-6, 6, 42, 6, -6}, {-8, 42, 152, 42, -8}, {-6, 6, 42, 6, -6}, {-2, -6, -8, -6, -2},
}

// estimate fills in the coefficients of s.blk that are 0 and not known to be.
func (s *smoother) estimate() {
	kernels := acKernels[:]
	if s.changeDC {
		kernels = dcKernels[:savedCoefs-1]
	}
	q0 := int64(s.quant[0])
	for i := range kernels {
		k := i + 1
		at := zigzag[k] & 63
		al := s.bits[k]
		if al == 0 || s.blk[at] != 0 {
			continue
		}
		var num int64
		for y, row := range kernels[i] {
			for x, w := range row {
				num += int64(w) * s.dc[y][x]
			}
		}
		v := divRound(q0*num, int64(s.quant[at]))
		if al > 0 {
			v = min(max(v, 1-1<<al), 1<<al-1)
		}
		s.blk[at] = int16(v)
	}
	if s.changeDC {
		var num int64
		for y, row := range meanKernel {
			for x, w := range row {
				num += int64(w) * s.dc[y][x]
			}
		}
		s.blk[0] = int16(divRound(q0*num, q0))
	}
}

// divRound is n/(256·q), rounded away from 0 at halves.
func divRound(n, q int64) int64 {
	if n < 0 {
		return -int64(int32((q<<7 - n) / (q << 8)))
	}
	return int64(int32((q<<7 + n) / (q << 8)))
}
