package jpegenc

import "math/bits"

// A quantizer divides the coefficients of a block by their steps, in natural order. The forward
// DCT leaves them multiplied by 8, hence the divisor d = 8·step. Division by d, rounded half
// away from zero, is a multiplication (after Agner Fog, "Optimizing subroutines in assembly
// language"; jcdctmgr.c):
//
//	(|x| + d/2) / d = (|x| + bias)·recip >> 16 · scale >> 16
//
// which is what 16-bit lanes have, or with one factor, where there are 64 bits (fits: TestQuantizerDivides),
//
//	(|x| + d/2) / d = (|x| + d/2)·inverse >> 32
type quantizer struct {
	recip, bias, scale [64]uint16

	inverse [64]uint32
	half    [64]uint32
}

func (q *quantizer) set(steps *[64]int) {
	for i, s := range steps {
		d := 8 * s
		q.inverse[i], q.half[i] = uint32(1<<32/d+1), uint32(d/2)
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
// natural order, and returns which coefficients are not zero, in the order of the file.
func transform(dst *[64]int16, src []byte, stride int, q *quantizer) (nonzero uint64) {
	var c [64]int32
	fdct(&c, src, stride)
	for _, n := range zigzag {
		n &= 63
		v := c[n]
		s := v >> 31
		x := uint64(uint32((v^s)-s)+q.half[n]) * uint64(q.inverse[n]) >> 32
		nonzero = nonzero>>1 | -x&(1<<63) // x is below 1<<63
		dst[n] = int16((int32(x) ^ s) - s)
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
		const round, shift = 1 << 10, 11
		s := (*[8]byte)(src[y*stride:])
		o := (*[8]int32)(c[8*y:])
		d0, d1, d2, d3 := int32(s[0]), int32(s[1]), int32(s[2]), int32(s[3])
		d4, d5, d6, d7 := int32(s[4]), int32(s[5]), int32(s[6]), int32(s[7])
		t0, t7 := d0+d7, d0-d7
		t1, t6 := d1+d6, d1-d6
		t2, t5 := d2+d5, d2-d5
		t3, t4 := d3+d4, d3-d4

		t10, t13 := t0+t3, t0-t3
		t11, t12 := t1+t2, t1-t2
		z := (t12+t13)*f0541 + round
		o[0], o[4] = (t10+t11-8*128)<<2, (t10-t11)<<2
		o[2] = (z + t13*f0765) >> shift
		o[6] = (z - t12*f1847) >> shift

		z1, z2, z3, z4 := (t4+t7)*f0899, (t5+t6)*f2562, t4+t6, t5+t7
		z = (z3+z4)*f1175 + round
		z3, z4 = z-z3*f1961, z-z4*f0390
		o[7] = (t4*f0298 - z1 + z3) >> shift
		o[5] = (t5*f2053 - z2 + z4) >> shift
		o[3] = (t6*f3072 - z2 + z3) >> shift
		o[1] = (t7*f1501 - z1 + z4) >> shift
	}
	for x := range 8 {
		const round, shift = 1 << 14, 15
		o := (*[57]int32)(c[x:])
		d0, d1, d2, d3, d4, d5, d6, d7 := o[0], o[8], o[16], o[24], o[32], o[40], o[48], o[56]
		t0, t7 := d0+d7, d0-d7
		t1, t6 := d1+d6, d1-d6
		t2, t5 := d2+d5, d2-d5
		t3, t4 := d3+d4, d3-d4

		t10, t13 := t0+t3, t0-t3
		t11, t12 := t1+t2, t1-t2
		z := (t12+t13)*f0541 + round
		o[0], o[32] = (t10+t11+2)>>2, (t10-t11+2)>>2
		o[16] = (z + t13*f0765) >> shift
		o[48] = (z - t12*f1847) >> shift

		z1, z2, z3, z4 := (t4+t7)*f0899, (t5+t6)*f2562, t4+t6, t5+t7
		z = (z3+z4)*f1175 + round
		z3, z4 = z-z3*f1961, z-z4*f0390
		o[56] = (t4*f0298 - z1 + z3) >> shift
		o[40] = (t5*f2053 - z2 + z4) >> shift
		o[24] = (t6*f3072 - z2 + z3) >> shift
		o[8] = (t7*f1501 - z1 + z4) >> shift
	}
}
