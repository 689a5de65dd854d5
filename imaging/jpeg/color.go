package jpeg

// emit writes the rows of pixels that became ready with row y of the MCUs. The last row of
// samples of a component waits for the one below it, which the upsampling filter looks at.
func (d *Decoder) emit(dst []byte, y, rows int) {
	p := &d.p
	to := (y+1)*8*p.vmax - p.vmax
	if y == rows-1 {
		to = p.height
	}
	w, model, win := p.width, d.model, &d.window
	for ; d.emitted < to; d.emitted++ {
		if d.emitted < win.Y0 || d.emitted >= win.Y1 {
			continue
		}
		out := dst[3*(w*d.emitted+win.X0) : 3*(w*d.emitted+win.X1)]
		var in [4][]byte
		for i := range p.ncomp {
			in[i] = d.up[i].row(&d.comps[i], d.emitted)[win.X0:]
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

// The colour matrix in 16-bit fixed point: R = Y + (91881·r + 32768)>>16, B = Y + (116130·b + 32768)>>16,
// G = Y + (−22554·b − 46802·r + 32768)>>16, of Cr and Cb less 128 (jdcolor.c, build_ycc_rgb_table). The sum of a number for Y,
// one for Cb and one for Cr has all three: B in bits 0–15, R in 16–31, G in 48–63 after its fraction, each 256 too high,
// so that those from 0 to 255 have the bits of 256 in the rest of their 16.
var ofCb, ofCr [256]uint64

const (
	ofY      = 1<<48 | 1<<16 | 1
	inRange  = 256 * ofY
	restMask = 0xff00 * ofY
)

func init() {
	for i := range 256 {
		x := int64(i - 128)
		ofCb[i] = uint64((256<<16-22554*x+32768)<<32 + (116130*x+32768)>>16 + 256)
		ofCr[i] = uint64((-46802*x)<<32 + ((91881*x+32768)>>16+256)<<16)
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
		v := ofCb[cb[i]] + ofCr[cr[i]] + uint64(l)*ofY
		dst[0], dst[1], dst[2] = byte(v>>16), byte(v>>48), byte(v)
		if v&restMask != inRange {
			dst[0], dst[1], dst[2] = clamp(int32(v>>16&0xffff)-256), clamp(int32(v>>48)-256), clamp(int32(v&0xffff)-256)
		}
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
