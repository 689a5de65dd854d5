package imaging

// maxKept bounds the scratch that a Decoder keeps from one image to the next.
const maxKept = 16 << 20

// FlipH mirrors the image left to right, in place.
func FlipH(m *Image) {
	for y := range m.H {
		row := m.Row(y)
		for i, j := 0, len(row)-3; i < j; i, j = i+3, j-3 {
			a, b := row[i:i+3:i+3], row[j:j+3:j+3]
			a[0], a[1], a[2], b[0], b[1], b[2] = b[0], b[1], b[2], a[0], a[1], a[2]
		}
	}
}

// flipV mirrors the image top to bottom, in place.
func flipV(m *Image) {
	for i, j := 0, m.H-1; i < j; i, j = i+1, j-1 {
		a, b := m.Row(i), m.Row(j)
		for k := range a {
			a[k], b[k] = b[k], a[k]
		}
	}
}

// turnUpright undoes an EXIF orientation. Of the four that exchange rows and columns it is the
// transposition that comes first, in a second buffer, which becomes the image's.
func (d *Decoder) turnUpright(m *Image, orientation int) {
	if orientation >= 5 {
		d.rotated = transpose(m, d.rotated)
		if cap(d.rotated) > maxKept {
			d.rotated = nil
		}
	}
	switch orientation {
	case 2, 6:
		FlipH(m)
	case 3, 7:
		FlipH(m)
		flipV(m)
	case 4, 8:
		flipV(m)
	}
}

// transpose exchanges rows and columns of m by way of spare, which becomes its pixels, and
// returns its former pixels. It goes through square tiles, which stay in the first cache.
func transpose(m *Image, spare []byte) []byte {
	if cap(spare) < len(m.Pix) {
		spare = make([]byte, len(m.Pix))
	}
	src, dst := m.Pix, spare[:len(m.Pix)]
	w, h := m.W, m.H
	const tile = 32
	for y0 := 0; y0 < h; y0 += tile {
		for x0 := 0; x0 < w; x0 += tile {
			for y := y0; y < min(y0+tile, h); y++ {
				s := src[3*(y*w+x0):]
				for x := x0; x < min(x0+tile, w); x++ {
					t := dst[3*(x*h+y):][:3:3]
					t[0], t[1], t[2] = s[0], s[1], s[2]
					s = s[3:]
				}
			}
		}
	}
	m.W, m.H, m.Pix = h, w, dst
	return src
}
