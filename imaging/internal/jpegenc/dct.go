package jpegenc

import "math/bits"

// A quantizer divides the coefficients of a block by their steps, in natural order. The forward
// DCT leaves them multiplied by 8, hence the divisor d = 8·step. Division by d, rounded half
// away from zero, is a multiplication (after Agner Fog, "Optimizing subroutines in assembly
// language"; jcdctmgr.c):
//
//	(|x| + d/2) / d = (|x| + bias)·recip >> 16 · scale >> 16
type quantizer struct {
	recip, bias, scale [64]uint16
}

func (q *quantizer) set(steps *[64]int) {
	for i, s := range steps {
		d := 8 * s
		shift := 16 + bits.Len(uint(d)) - 1
		recip, rest := 1<<shift/d, 1<<shift%d
		bias := d / 2
		switch {
		case rest == 0: // d is a power of two, and recip 1<<16
			recip >>= 1
			shift--
		case rest <= d/2:
			bias++
		default:
			recip++
		}
		q.recip[i], q.bias[i], q.scale[i] = uint16(recip), uint16(bias), uint16(1<<(32-shift))
	}
}

// transform computes the quantised DCT of the 8×8 samples at src, rows stride bytes apart, in
// natural order, and returns which coefficients are not zero.
func transform(dst *[64]int16, src []byte, stride int, q *quantizer) (nonzero uint64) {
	var c [64]int32
	fdct(&c, src, stride)
	for i, v := range c {
		s := v >> 31
		x := (uint32((v^s)-s) + uint32(q.bias[i])) & 0xffff
		x = x * uint32(q.recip[i]) >> 16 * uint32(q.scale[i]) >> 16
		if x != 0 {
			nonzero |= 1 << i
		}
		dst[i] = int16((int32(x) ^ s) - s)
	}
	return nonzero
}

// The factors of the DCT in 13-bit fixed point: cosines and their sums (Loeffler, Ligtenberg and
// Moschytz, ICASSP 1989).
const (
	f0298 = 2446
	f0390 = 3196
	f0541 = 4433
	f0765 = 6270
	f0899 = 7373
	f1175 = 9633
	f1501 = 12299
	f1847 = 15137
	f1961 = 16069
	f2053 = 16819
	f2562 = 20995
	f3072 = 25172
)

// fdct computes the DCT of 8×8 samples, multiplied by 8: rows, then columns. Two more bits are
// kept in between.
func fdct(c *[64]int32, src []byte, stride int) {
	for y := range 8 {
		s := src[y*stride:][:8]
		o := c[8*y:][:8]
		fdct8(o, int32(s[0]), int32(s[1]), int32(s[2]), int32(s[3]), int32(s[4]), int32(s[5]), int32(s[6]), int32(s[7]), 1, 11)
		o[0] = (o[0] - 8*128) << 2
		o[4] <<= 2
	}
	for x := range 8 {
		var o [8]int32
		fdct8(o[:], c[x], c[8+x], c[16+x], c[24+x], c[32+x], c[40+x], c[48+x], c[56+x], 1, 15)
		o[0] = (o[0] + 2) >> 2
		o[4] = (o[4] + 2) >> 2
		for v := range o {
			c[8*v+x] = o[v]
		}
	}
}

// fdct8 is the DCT of eight samples. Outputs 0 and 4 are left as the sums that they are, the
// others are shifted right and rounded.
func fdct8(o []int32, d0, d1, d2, d3, d4, d5, d6, d7 int32, round int32, shift uint) {
	o = o[:8]
	round <<= shift - 1
	t0, t7 := d0+d7, d0-d7
	t1, t6 := d1+d6, d1-d6
	t2, t5 := d2+d5, d2-d5
	t3, t4 := d3+d4, d3-d4

	t10, t13 := t0+t3, t0-t3
	t11, t12 := t1+t2, t1-t2
	z := (t12+t13)*f0541 + round
	o[0], o[4] = t10+t11, t10-t11
	o[2] = (z + t13*f0765) >> shift
	o[6] = (z - t12*f1847) >> shift

	z1, z2, z3, z4 := t4+t7, t5+t6, t4+t6, t5+t7
	z5 := (z3+z4)*f1175 + round
	z1 *= -f0899
	z2 *= -f2562
	z3 = z5 - z3*f1961
	z4 = z5 - z4*f0390
	o[7] = (t4*f0298 + z1 + z3) >> shift
	o[5] = (t5*f2053 + z2 + z4) >> shift
	o[3] = (t6*f3072 + z2 + z3) >> shift
	o[1] = (t7*f1501 + z1 + z4) >> shift
}
