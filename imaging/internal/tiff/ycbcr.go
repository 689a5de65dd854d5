package tiff

// sharedRow writes a row of pixels of which several share Cb and Cr, each unit being the Y of its
// pixels, then Cb and Cr.
func (d *Decoder) sharedRow(dst []byte, y int) {
	h := &d.h
	units := d.planes[0][y/h.subY*h.rowBytes():]
	n := h.subX * h.subY
	for x := range len(dst) / 3 {
		u := units[x/h.subX*(n+2):][:n+2]
		d.ycc.rgb(dst[3*x:3*x+3], u[y%h.subY*h.subX+x%h.subX], u[n], u[n+1])
	}
}

// pillowYCbCr converts a pixel as Pillow does (ConvertYCbCr.c), with 6 bits behind the point.
func pillowYCbCr(dst []byte, y, cb, cr byte) {
	dst[0] = clamp(int32(y) + pillowR[cr]>>6)
	dst[1] = clamp(int32(y) + (pillowGb[cb]+pillowGr[cr])>>6)
	dst[2] = clamp(int32(y) + pillowB[cb]>>6)
}

var pillowR, pillowGb, pillowGr, pillowB = pillowTable(1.40200), pillowTable(-0.34414), pillowTable(-0.71414), pillowTable(1.77200)

func pillowTable(weight float64) (t [256]int32) {
	for i := range t {
		t[i] = int32(float64(weight*float64(i-128))*64 + 0.5)
	}
	return t
}

func clamp(v int32) byte { return byte(min(max(v, 0), 255)) }

// A yccTable converts pixels as libtiff does (tif_color.c), in 16-bit fixed point.
type yccTable struct{ y, crR, cbB, crG, cbG [256]int32 }

// libtiff fills the table from the weights of red, green and blue in Y, and from the values of black
// and white, or from their defaults.
func (t *yccTable) libtiff(weights, black field) {
	red, green, blue := weights.ratio(0, 0.299), weights.ratio(1, 0.587), weights.ratio(2, 0.114)
	if green == 0 {
		red, green, blue = 0.299, 0.587, 0.114
	}
	var ref [6]float32
	for i := range ref {
		ref[i] = black.ratio(i, [6]float32{0, 255, 128, 255, 128, 255}[i])
	}
	fix := func(v float32) int32 { return int32(float64(float64(min(max(v, 0), 2))*65536) + 0.5) }
	f1, f3 := 2-2*red, 2-2*blue
	d1, d2 := fix(f1), -fix(red*f1/green)
	d3, d4 := fix(f3), -fix(blue*f3/green)
	value := func(c int, low, high, span float32) int32 {
		width := high - low
		if width == 0 {
			width = 1
		}
		return int32(min(max(float32(float32(c-int(int32(low)))*span)/width, -128*32), 128*32))
	}
	for i := range 256 {
		cr := value(i-128, ref[4]-128, ref[5]-128, 127)
		cb := value(i-128, ref[2]-128, ref[3]-128, 127)
		t.crR[i] = (d1*cr + 32768) >> 16
		t.cbB[i] = (d3*cb + 32768) >> 16
		t.crG[i] = d2 * cr
		t.cbG[i] = d4*cb + 32768
		t.y[i] = value(i, ref[0], ref[1], 255)
	}
}

func (t *yccTable) rgb(dst []byte, y, cb, cr byte) {
	l := t.y[y]
	dst[0] = clamp(l + t.crR[cr])
	dst[1] = clamp(l + (t.cbG[cb]+t.crG[cr])>>16)
	dst[2] = clamp(l + t.cbB[cb])
}
