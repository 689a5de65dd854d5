package jpeg

import "encoding/binary"

// The inverse DCT of jidctint.c, "islow", in the arithmetic of libjpeg-turbo's
// jidctint-avx2.asm: inputs and the sums in front of multiplications wrap at 16 bits, products
// and their sums at 32, and the results of each pass saturate.

// Constants of 13 fractional bits.
const (
	c0298 = 2446
	c0390 = 3196
	c0541 = 4433
	c0765 = 6270
	c0899 = 7373
	c1175 = 9633
	c1501 = 12299
	c1847 = 15137
	c1961 = 16069
	c2053 = 16819
	c2562 = 20995
	c3072 = 25172
)

// idctGo transforms the 64 coefficients of blk, in natural order, multiplied with the entries of
// q, to 8 rows of 8 samples, stride bytes apart in out.
func idctGo(out []byte, stride int, blk *[64]int16, q *[64]uint16) {
	if !idctTwo(out, stride, blk, q) {
		idctOne(out, stride, blk, q)
	}
}

// idctOne is idctGo for all coefficients, one column or row after the other.
func idctOne(out []byte, stride int, blk *[64]int16, q *[64]uint16) {
	var ws [64]int16
	flat := true
	for i := range 8 {
		b0, b1, b2, b3 := blk[i], blk[8+i], blk[16+i], blk[24+i]
		b4, b5, b6, b7 := blk[32+i], blk[40+i], blk[48+i], blk[56+i]
		in0 := int32(b0 * int16(q[i]))
		if b1|b2|b3|b4|b5|b6|b7 == 0 {
			v := sat16(in0 << 2)
			ws[i], ws[8+i], ws[16+i], ws[24+i] = v, v, v, v
			ws[32+i], ws[40+i], ws[48+i], ws[56+i] = v, v, v, v
			continue
		}
		flat = false
		in1, in2, in3 := int32(b1*int16(q[8+i])), int32(b2*int16(q[16+i])), int32(b3*int16(q[24+i]))
		in4, in5 := int32(b4*int16(q[32+i])), int32(b5*int16(q[40+i]))
		in6, in7 := int32(b6*int16(q[48+i])), int32(b7*int16(q[56+i]))

		t0 := int32(int16(in0+in4))<<13 + 1<<10
		t1 := int32(int16(in0-in4))<<13 + 1<<10
		z := (in2 + in6) * c0541
		t2, t3 := z-in6*c1847, z+in2*c0765
		t10, t13, t11, t12 := t0+t3, t0-t3, t1+t2, t1-t2
		z3, z4 := int32(int16(in7+in3)), int32(int16(in5+in1))
		z = (z3 + z4) * c1175
		z3, z4 = z-z3*c1961, z-z4*c0390
		z1, z2 := (in7+in1)*c0899, (in5+in3)*c2562
		t0, t1 = in7*c0298-z1+z3, in5*c2053-z2+z4
		t2, t3 = in3*c3072-z2+z3, in1*c1501-z1+z4

		ws[i], ws[56+i] = sat16((t10+t3)>>11), sat16((t10-t3)>>11)
		ws[8+i], ws[48+i] = sat16((t11+t2)>>11), sat16((t11-t2)>>11)
		ws[16+i], ws[40+i] = sat16((t12+t1)>>11), sat16((t12-t1)>>11)
		ws[24+i], ws[32+i] = sat16((t13+t0)>>11), sat16((t13-t0)>>11)
	}
	if flat {
		// The short cut for a block without vertical frequencies wraps instead.
		for i := range 8 {
			v := blk[i] * int16(q[i]) << 2
			for j := i; j < 64; j += 8 {
				ws[j] = v
			}
		}
	}
	for y := range 8 {
		w := (*[8]int16)(ws[8*y:])
		in0, in1, in2, in3 := int32(w[0]), int32(w[1]), int32(w[2]), int32(w[3])
		in4, in5, in6, in7 := int32(w[4]), int32(w[5]), int32(w[6]), int32(w[7])

		const round = 1 << 17
		t0 := int32(int16(in0+in4))<<13 + round
		t1 := int32(int16(in0-in4))<<13 + round
		z := (in2 + in6) * c0541
		t2, t3 := z-in6*c1847, z+in2*c0765
		t10, t13, t11, t12 := t0+t3, t0-t3, t1+t2, t1-t2
		z3, z4 := int32(int16(in7+in3)), int32(int16(in5+in1))
		z = (z3 + z4) * c1175
		z3, z4 = z-z3*c1961, z-z4*c0390
		z1, z2 := (in7+in1)*c0899, (in5+in3)*c2562
		t0, t1 = in7*c0298-z1+z3, in5*c2053-z2+z4
		t2, t3 = in3*c3072-z2+z3, in1*c1501-z1+z4

		o := (*[8]byte)(out[y*stride:])
		o[0], o[7] = clamp((t10+t3)>>18+128), clamp((t10-t3)>>18+128)
		o[1], o[6] = clamp((t11+t2)>>18+128), clamp((t11-t2)>>18+128)
		o[2], o[5] = clamp((t12+t1)>>18+128), clamp((t12-t1)>>18+128)
		o[3], o[4] = clamp((t13+t0)>>18+128), clamp((t13-t0)>>18+128)
	}
}

// dcOnly returns the samples of a block of which only the first coefficient is not 0.
func dcOnly(coef int16, q uint16) byte {
	v := coef * int16(q) << 2
	return clamp((int32(v)+16)>>5 + 128)
}

// fill sets a block of samples to v.
func fill(out []byte, stride int, v byte) {
	w := uint64(v) * 0x0101010101010101
	for y := range 8 {
		binary.LittleEndian.PutUint64(out[y*stride:], w)
	}
}

func clamp(v int32) byte {
	if uint32(v) > 255 {
		return byte(^(v >> 31))
	}
	return byte(v)
}

func sat16(v int32) int16 {
	if v != int32(int16(v)) {
		return int16(v>>31) ^ 0x7fff
	}
	return int16(v)
}
