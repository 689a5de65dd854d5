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
func ycc(luma, cb, cr, rgb []byte) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	const chromaOffset = 128<<16 + 1<<15 - 1
	for i := range luma {
		p := rgb[3*i:][:3:3]
		r, g, b := int32(p[0]), int32(p[1]), int32(p[2])
		luma[i] = byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
		cb[i] = byte((-11059*r - 21709*g + 32768*b + chromaOffset) >> 16)
		cr[i] = byte((32768*r - 27439*g - 5329*b + chromaOffset) >> 16)
	}
}

// halve averages 2×2 samples of the rows a and b. The rounding alternates between down and up.
func halve(dst, a, b []byte) {
	a, b = a[:2*len(dst)], b[:2*len(dst)]
	for i := range dst {
		dst[i] = byte((int(a[2*i]) + int(a[2*i+1]) + int(b[2*i]) + int(b[2*i+1]) + 1 + i&1) >> 2)
	}
}
