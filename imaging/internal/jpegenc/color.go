package jpegenc

import "github.com/premix/premix/internal/reuse"

// convert fills planes with the samples of one row of MCUs, from row y of the image on.
func (e *Encoder) convert(rgb []byte, w, h, y int) {
	rows := min(h-y, e.step)
	if e.step == 8 {
		for i := range rows {
			at := i * e.stride
			e.ycc(e.planes[0][at:], e.planes[1][at:], e.planes[2][at:], rgb, w, h, y+i)
		}
		for _, p := range e.planes {
			e.repeatRow(p, rows)
		}
		return
	}
	half := e.stride / 2
	for i := 0; i < rows; i += 2 {
		for j := range 2 {
			at := (i + min(j, rows-1-i)) * e.stride
			e.ycc(e.planes[0][at:], e.chroma[0][j*e.stride:], e.chroma[1][j*e.stride:], rgb, w, h, min(y+i+j, h-1))
		}
		for c, rows := range e.chroma {
			e.halve(e.planes[1+c][i/2*e.stride:][:half], rows[:e.stride], rows[e.stride:])
		}
	}
	e.repeatRow(e.planes[0], rows)
	e.repeatRow(e.planes[1], (rows+1)/2)
	e.repeatRow(e.planes[2], (rows+1)/2)
}

// repeatRow repeats the last of n rows of a plane down to the end of its block.
func (e *Encoder) repeatRow(plane []byte, n int) {
	for y := n; y%8 != 0; y++ {
		copy(plane[y*e.stride:][:e.stride], plane[(n-1)*e.stride:])
	}
}

// ycc converts row y of the image and repeats its last pixel up to the stride.
func (e *Encoder) ycc(luma, cb, cr, rgb []byte, w, h, y int) {
	luma, cb, cr = luma[:e.stride], cb[:e.stride], cr[:e.stride]
	row := rgb[3*w*y : 3*w*h]
	if haveSIMD && !e.plain && w >= 16 {
		if len(row) < 3*w+overread {
			e.row = reuse.Slice(e.row, 3*w+overread)
			copy(e.row, row)
			row = e.row
		}
		yccSIMD(luma, cb, cr, row, w)
	} else {
		ycc(luma[:w], cb, cr, row)
	}
	for _, p := range [3][]byte{luma, cb, cr} {
		last := p[w-1]
		for i := w; i < len(p); i++ {
			p[i] = last
		}
	}
}

// halve averages the samples of two rows.
func (e *Encoder) halve(dst, a, b []byte) {
	if haveSIMD && !e.plain {
		halveSIMD(dst, a, b)
	} else {
		halve(dst, a, b)
	}
}

// ycc converts len(luma) pixels:
//
//	Y  =  0.299 R   + 0.587 G   + 0.114 B
//	Cb = −0.16874 R − 0.33126 G + 0.5 B     + 128
//	Cr =  0.5 R     − 0.41869 G − 0.08131 B + 128
//
// Y and Cb are sums in the halves of one number. That of Y never borrows from the other.
func ycc(luma, cb, cr, rgb []byte) {
	const (
		chroma = 128<<16 + 1<<15 - 1
		red    = 19595 - 11059<<32
		green  = 38470 - 21709<<32
		blue   = 7471 + 32768<<32
		offset = 1<<15 + chroma<<32
	)
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	rgb = rgb[:3*len(luma)]
	for i := range luma {
		if len(rgb) < 3 {
			return
		}
		r, g, b := int64(rgb[0]), int64(rgb[1]), int64(rgb[2])
		rgb = rgb[3:]
		v := r*red + g*green + b*blue + offset
		luma[i], cb[i] = byte(v>>16), byte(v>>48)
		cr[i] = byte((r<<15 - 27439*g - 5329*b + chroma) >> 16)
	}
}

// halve averages 2×2 samples of the rows a and b. The rounding alternates between down and up.
func halve(dst, a, b []byte) {
	a, b = a[:2*len(dst)], b[:2*len(dst)]
	for i := range dst {
		dst[i] = byte((int(a[2*i]) + int(a[2*i+1]) + int(b[2*i]) + int(b[2*i+1]) + 1 + i&1) >> 2)
	}
}
