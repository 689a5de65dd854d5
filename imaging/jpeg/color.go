package jpeg

// emit writes the rows of pixels that became ready with row y of the MCUs. The last row of
// samples of a component waits for the one below it, which the upsampling filter looks at.
func (d *Decoder) emit(dst []byte, y, rows int) {
	p := &d.p
	to := (y+1)*8*p.vmax - p.vmax
	if y == rows-1 {
		to = p.height
	}
	w, model := p.width, d.model
	for ; d.emitted < to; d.emitted++ {
		out := dst[3*w*d.emitted : 3*w*(d.emitted+1)]
		var in [4][]byte
		for i := range p.ncomp {
			in[i] = d.up[i].row(&d.comps[i], d.emitted)
		}
		switch model {
		case Gray:
			grayRow(out, in[0])
		case YCbCr:
			yccRow(out, in[0], in[1], in[2])
		case RGB:
			rgbRow(out, in[0], in[1], in[2])
		case CMYK:
			cmykRow(out, in[0], in[1], in[2], in[3])
		case PlainCMYK:
			plainCMYKRow(out, in[0], in[1], in[2], in[3])
		case YCCK:
			// The matrix gives what Pillow takes for C, M and Y.
			yccRow(out, in[0], in[1], in[2])
			blackRow(out, in[3])
		}
	}
}

// The colour matrix in 16-bit fixed point: R = Y + crR[Cr], B = Y + cbB[Cb],
// G = Y + (cbG[Cb]+crG[Cr])>>16 (jdcolor.c, build_ycc_rgb_table).
var crR, cbB, crG, cbG [256]int32

func init() {
	for i := range 256 {
		x := int32(i - 128)
		crR[i] = (91881*x + 32768) >> 16
		cbB[i] = (116130*x + 32768) >> 16
		crG[i] = -46802 * x
		cbG[i] = -22554*x + 32768
	}
}

// yccRowGo converts len(dst)/3 pixels.
func yccRowGo(dst, y, cb, cr []byte) {
	n := len(dst) / 3
	y, cb, cr = y[:n], cb[:n], cr[:n]
	for i, l := range y {
		if len(dst) < 3 {
			return
		}
		v, b, r := int32(l), cb[i], cr[i]
		dst[0] = clamp(v + crR[r])
		dst[1] = clamp(v + (cbG[b]+crG[r])>>16)
		dst[2] = clamp(v + cbB[b])
		dst = dst[3:]
	}
}

func grayRow(dst, y []byte) {
	y = y[:len(dst)/3]
	for _, v := range y {
		if len(dst) < 3 {
			return
		}
		dst[0], dst[1], dst[2] = v, v, v
		dst = dst[3:]
	}
}

func rgbRow(dst, r, g, b []byte) {
	n := len(dst) / 3
	r, g, b = r[:n], g[:n], b[:n]
	for i := range r {
		if len(dst) < 3 {
			return
		}
		dst[0], dst[1], dst[2] = r[i], g[i], b[i]
		dst = dst[3:]
	}
}

// cmykRow converts as Pillow does what it takes for inverted CMYK, with or without an Adobe segment.
func cmykRow(dst, c, m, y, k []byte) {
	n := len(dst) / 3
	c, m, y = c[:n], m[:n], y[:n]
	for i := range c {
		dst[3*i], dst[3*i+1], dst[3*i+2] = ^c[i], ^m[i], ^y[i]
	}
	blackRow(dst, k)
}

// plainCMYKRow converts CMYK that is not inverted.
func plainCMYKRow(dst, c, m, y, k []byte) {
	n := len(dst) / 3
	c, m, y = c[:n], m[:n], y[:n]
	for i, v := range k[:n] {
		nk := 255 - uint32(v)
		for j, ink := range [3]byte{c[i], m[i], y[i]} {
			t := uint32(ink)*nk + 128
			dst[3*i+j] = byte(nk - (t>>8+t)>>8)
		}
	}
}

// blackRow completes the conversion of a row that holds C, M and Y as Pillow has them, which has
// 255−k for K: v becomes k − v·k/255 (Convert.c, cmyk2rgb; MULDIV255 rounds).
func blackRow(dst, k []byte) {
	for _, v := range k[:len(dst)/3] {
		if len(dst) < 3 {
			return
		}
		for i := range 3 {
			t := uint32(dst[i])*uint32(v) + 128
			dst[i] = v - byte((t>>8+t)>>8)
		}
		dst = dst[3:]
	}
}
