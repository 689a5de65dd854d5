package jpeg

// Two numbers of 32 bits in one of 64, low and high, are added, subtracted and multiplied by one factor at once, as long as
// none of them leaves its 32 bits: their sum low + high·2³² has all that both have.
const (
	both = 1<<32 | 1

	// Products with the quantisation table are this small, and the results of the first pass are below large, or the arithmetic
	// of idctOne might wrap or cut them.
	small = 1 << 12
	large = 1 << 14
	// The results of the passes are this much too high, so that those in range are not negative.
	high1 = large << 11
	high2 = 128 << 18
)

// idctTwo is idctGo for two columns or rows at once. It returns false, and has written nothing, where a number is so large
// that the arithmetic of idctOne might wrap or cut it.
func idctTwo(out []byte, stride int, blk *[64]int16, q *[64]uint16) bool {
	var ws [32]uint64 // rows of four pairs
	for i := range 4 {
		at := func(row int) int64 {
			k := (8*row + 2*i) & 63
			return int64(blk[k])*int64(q[k]) + int64(blk[k|1])*int64(q[k|1])<<32
		}
		in0, in1, in2, in3, in4, in5, in6, in7 := at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)
		const s = small * both
		if uint64((in0+s)|(in1+s)|(in2+s)|(in3+s)|(in4+s)|(in5+s)|(in6+s)|(in7+s))&^((2*small-1)*both) != 0 {
			return false
		}
		const round = (1<<10 + high1) * both
		t0, t1 := (in0+in4)<<13+round, (in0-in4)<<13+round
		z := (in2 + in6) * c0541
		t2, t3 := z-in6*c1847, z+in2*c0765
		t10, t13, t11, t12 := t0+t3, t0-t3, t1+t2, t1-t2
		z3, z4 := in7+in3, in5+in1
		z = (z3 + z4) * c1175
		z3, z4 = z-z3*c1961, z-z4*c0390
		z1, z2 := (in7+in1)*c0899, (in5+in3)*c2562
		t0, t1 = in7*c0298-z1+z3, in5*c2053-z2+z4
		t2, t3 = in3*c3072-z2+z3, in1*c1501-z1+z4

		r0, r1, r2, r3 := uint64(t10+t3), uint64(t11+t2), uint64(t12+t1), uint64(t13+t0)
		r4, r5, r6, r7 := uint64(t13-t0), uint64(t12-t1), uint64(t11-t2), uint64(t10-t3)
		if (r0|r1|r2|r3|r4|r5|r6|r7)&^((2*high1-1)*both) != 0 {
			return false
		}
		const words = 0xffff * both
		ws[i], ws[4+i], ws[8+i], ws[12+i] = r0>>11&words, r1>>11&words, r2>>11&words, r3>>11&words
		ws[16+i], ws[20+i], ws[24+i], ws[28+i] = r4>>11&words, r5>>11&words, r6>>11&words, r7>>11&words
	}
	for y := 0; y < 8; y += 2 {
		w := (*[8]uint64)(ws[4*y:])
		in0, in1 := cross(w[0], w[4])
		in2, in3 := cross(w[1], w[5])
		in4, in5 := cross(w[2], w[6])
		in6, in7 := cross(w[3], w[7])
		const round = (1<<17 + high2) * both
		t0, t1 := (in0+in4)<<13+round, (in0-in4)<<13+round
		z := (in2 + in6) * c0541
		t2, t3 := z-in6*c1847, z+in2*c0765
		t10, t13, t11, t12 := t0+t3, t0-t3, t1+t2, t1-t2
		z3, z4 := in7+in3, in5+in1
		z = (z3 + z4) * c1175
		z3, z4 = z-z3*c1961, z-z4*c0390
		z1, z2 := (in7+in1)*c0899, (in5+in3)*c2562
		t0, t1 = in7*c0298-z1+z3, in5*c2053-z2+z4
		t2, t3 = in3*c3072-z2+z3, in1*c1501-z1+z4

		r0, r1, r2, r3 := t10+t3, t11+t2, t12+t1, t13+t0
		r4, r5, r6, r7 := t13-t0, t12-t1, t11-t2, t10-t3
		if uint64(r0|r1|r2|r3|r4|r5|r6|r7)&^((2*high2-1)*both) != 0 {
			r0, r1, r2, r3 = clampTwo(r0), clampTwo(r1), clampTwo(r2), clampTwo(r3)
			r4, r5, r6, r7 = clampTwo(r4), clampTwo(r5), clampTwo(r6), clampTwo(r7)
		}
		o := (*[8]byte)(out[y*stride:])
		o[0], o[1], o[2], o[3] = byte(r0>>18), byte(r1>>18), byte(r2>>18), byte(r3>>18)
		o[4], o[5], o[6], o[7] = byte(r4>>18), byte(r5>>18), byte(r6>>18), byte(r7>>18)
		o = (*[8]byte)(out[(y+1)*stride:])
		o[0], o[1], o[2], o[3] = byte(r0>>50), byte(r1>>50), byte(r2>>50), byte(r3>>50)
		o[4], o[5], o[6], o[7] = byte(r4>>50), byte(r5>>50), byte(r6>>50), byte(r7>>50)
	}
	return true
}

// cross makes of two columns of two rows, as the first pass leaves them, two rows of two columns.
func cross(a, b uint64) (int64, int64) {
	return int64(a&0xffffffff|b<<32) - large*both, int64(a>>32|b>>32<<32) - large*both
}

// clampTwo brings two results of the second pass into the range of samples.
func clampTwo(r int64) int64 {
	low := int32(r)
	high := int32((r - int64(low)) >> 32)
	return int64(clamp(low>>18))<<18 | int64(clamp(high>>18))<<50
}
