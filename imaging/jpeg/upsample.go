package jpeg

import "encoding/binary"

// An upsampler brings the rows of a component to the width and number of those of the image, as
// jdsample.c does: with a triangle filter where both factors are at most 2, but for planes of at
// most two columns that would have to be widened; else by replication.
type upsampler struct {
	kind   upsampling
	hx, vx int
	line   []byte // room for a row of whole MCUs

	from, to int // the samples of a row that are wanted
}

type upsampling uint8

const (
	upNone upsampling = iota
	upH2V1
	upH1V2
	upH2V2
	upBox
)

func newUpsampler(c *component, hmax, vmax int, line []byte) upsampler {
	u := upsampler{kind: upBox, hx: hmax / c.h, vx: vmax / c.v, line: line, to: c.dw}
	switch {
	case u.hx == 1 && u.vx == 1:
		u.kind = upNone
	case u.hx == 1 && u.vx == 2:
		u.kind = upH1V2
	case u.hx == 2 && u.vx == 1 && c.dw > 2:
		u.kind = upH2V1
	case u.hx == 2 && u.vx == 2 && c.dw > 2:
		u.kind = upH2V2
	}
	return u
}

// row returns row y of the image for the component, at least as long as the image is wide; what is not wanted of it may be
// anything. It may look at the rows next to y of the component, which must have been decoded.
func (u *upsampler) row(c *component, y int) []byte {
	if u.kind == upNone {
		return c.row(y)
	}
	at := y / u.vx
	cur := c.row(at)[u.from:]
	line, w := u.line[u.hx*u.from:], u.to-u.from
	switch u.kind {
	case upH2V1:
		h2v1(line, cur, w)
	case upH1V2, upH2V2:
		near := c.row(max(at-1, 0))
		if y&1 != 0 {
			near = c.row(min(at+1, c.dh-1))
		}
		near = near[u.from:]
		if u.kind == upH1V2 {
			h1v2(line, cur, near, w, uint(1+y&1))
		} else {
			h2v2(line, cur, near, w)
		}
	default:
		box(line, cur, w, u.hx)
	}
	return u.line
}

// box repeats each of the first w samples of src n times.
func box(dst, src []byte, w, n int) {
	src = src[:w]
	if n == 1 {
		copy(dst, src)
		return
	}
	for i, v := range src {
		for j := range n {
			dst[i*n+j] = v
		}
	}
}

// h2v1Go widens the first w ≥ 2 samples of c to 2·w: 3/4 of the nearer one and 1/4 of the other,
// rounded down on the left and up on the right.
func h2v1Go(dst, c []byte, w int) {
	c = c[:w]
	dst = dst[:2*w]
	this, next := uint32(c[0]), uint32(c[1])
	dst[0], dst[1] = c[0], byte((3*this+next+2)>>2)
	last := this
	this = next
	o := dst[2:]
	for _, v := range c[2:] {
		next = uint32(v)
		o[0], o[1] = byte((3*this+last+1)>>2), byte((3*this+next+2)>>2)
		o = o[2:]
		last, this = this, next
	}
	o[0], o[1] = byte((3*this+last+1)>>2), byte(this)
}

// h1v2Go mixes 3/4 of cur and 1/4 of near, w samples; bias 1 rounds down, 2 up.
func h1v2Go(dst, cur, near []byte, w int, bias uint) {
	dst, cur, near = dst[:w], cur[:w], near[:w]
	b := uint32(bias)
	for i, v := range cur {
		dst[i] = byte((3*uint32(v) + uint32(near[i]) + b) >> 2)
	}
}

// h2v2Go mixes and widens: w ≥ 2 samples of cur and near to 2·w.
func h2v2Go(dst, cur, near []byte, w int) {
	cur, near = cur[:w], near[:w]
	dst = dst[:2*w]
	this := 3*uint32(cur[0]) + uint32(near[0])
	next := 3*uint32(cur[1]) + uint32(near[1])
	dst[0], dst[1] = byte((4*this+8)>>4), byte((3*this+next+7)>>4)
	i := 1
	last := uint64(this)
	for ; i+8 < w; i += 8 {
		last = h2v2Eight(dst[2*i:], cur[i:], near[i:], last)
	}
	this = 3*uint32(cur[i]) + uint32(near[i])
	o := dst[2*i:]
	before := uint32(last)
	for j, v := range cur[i+1:] {
		next = 3*uint32(v) + uint32(near[i+1+j])
		o[0], o[1] = byte((3*this+before+8)>>4), byte((3*this+next+7)>>4)
		o = o[2:]
		before, this = this, next
	}
	o[0], o[1] = byte((3*this+before+8)>>4), byte((4*this+7)>>4)
}

// h2v2Eight does so for eight samples with a ninth after them, and for last, what 3·cur + near was before them; it returns
// the one of the eighth. Four sums at once have 16 bits each in a number.
func h2v2Eight(dst, cur, near []byte, last uint64) uint64 {
	const bytes, unit = 0x00ff_00ff_00ff_00ff, 0x0001_0001_0001_0001
	_, _, _ = dst[15], cur[8], near[8]
	c, n := binary.LittleEndian.Uint64(cur), binary.LittleEndian.Uint64(near)
	even := 3*(c&bytes) + n&bytes
	odd := 3*(c>>8&bytes) + n>>8&bytes
	after := 3*uint64(cur[8]) + uint64(near[8])
	e := (3*even+(odd<<16|last)+8*unit)>>4&bytes | (3*even+odd+7*unit)>>4&bytes<<8
	o := (3*odd+even+8*unit)>>4&bytes | (3*odd+(even>>16|after<<48)+7*unit)>>4&bytes<<8
	binary.LittleEndian.PutUint64(dst, spread(e)|spread(o)<<16)
	binary.LittleEndian.PutUint64(dst[8:], spread(e>>32)|spread(o>>32)<<16)
	return odd >> 48
}

// spread brings the lower two of four 16-bit numbers to places 0 and 2.
func spread(v uint64) uint64 { return v&0xffff | v<<16&0xffff_0000_0000 }
