package imaging

import "encoding/binary"

// The kernels in plain Go. They are the oracle of the assembly and all there is elsewhere.

// clip8 is a sum of 22 fractional bits as a sample.
func clip8(v int32) byte {
	v >>= precision
	if uint32(v) > 255 {
		v = ^(v >> 31) & 255
	}
	return byte(v)
}

// horizontalRow resamples one row of RGB pixels, from a pixel of the result on.
func horizontalRow(dst, src []byte, a *axis, from int) {
	dst = dst[3*from:]
	ns := a.n[from:]
	for i, lo := range a.lo[from:] {
		n := int(ns[i])
		k := a.k[(from+i)*a.taps:][:n]
		s := src[3*int(lo):][:3*n]
		red, green, blue := int32(half), int32(half), int32(half)
		for len(k) >= 2 && len(s) >= 6 {
			k0, k1 := k[0], k[1]
			red += int32(s[0])*k0 + int32(s[3])*k1
			green += int32(s[1])*k0 + int32(s[4])*k1
			blue += int32(s[2])*k0 + int32(s[5])*k1
			k, s = k[2:], s[6:]
		}
		if len(k) >= 1 && len(s) >= 3 {
			k0 := k[0]
			red += int32(s[0]) * k0
			green += int32(s[1]) * k0
			blue += int32(s[2]) * k0
		}
		d := dst[3*i:][:3:3]
		d[0], d[1], d[2] = clip8(red), clip8(green), clip8(blue)
	}
}

// horizontalTwo resamples two rows at once where no weight is negative and no sum leaves the range of a sample, and returns how
// many of their pixels it has made: those whose taps, with those that have no weight, are followed by another byte. The sums of
// red and blue are halves of one number, and so are those of green in both rows. All pixels have as many taps, so that the
// end of the loop is foreseen.
func horizontalTwo(dst0, dst1, src0, src1 []byte, a *axis) int {
	const (
		lanes = 0x000000ff_000000ff
		begin = half * (1 + 1<<32)
	)
	k, taps := a.k, a.taps
	for i, lo := range a.lo {
		at := 3 * int(lo)
		s0, s1 := src0[at:], src1[at:]
		if len(s0) <= 3*taps || len(s1) <= 3*taps || len(k) < taps {
			return i
		}
		w := k[:taps]
		k = k[taps:]
		sum0, sum1, greens := uint64(begin), uint64(begin), uint64(begin)
		add := func(a, b []byte, w int32) {
			v0, v1, f := uint64(binary.LittleEndian.Uint32(a)), uint64(binary.LittleEndian.Uint32(b)), uint64(w)
			sum0 += (v0 | v0<<16) & lanes * f
			sum1 += (v1 | v1<<16) & lanes * f
			greens += (v0>>8 | v1<<24) & lanes * f
		}
		for len(w) >= 3 && len(s0) >= 10 && len(s1) >= 10 {
			p0, p1 := (*[10]byte)(s0), (*[10]byte)(s1)
			add(p0[:4], p1[:4], w[0])
			add(p0[3:7], p1[3:7], w[1])
			add(p0[6:10], p1[6:10], w[2])
			s0, s1, w = s0[9:], s1[9:], w[3:]
		}
		for len(w) >= 1 && len(s0) >= 4 && len(s1) >= 4 {
			add(s0[:4], s1[:4], w[0])
			s0, s1, w = s0[3:], s1[3:], w[1:]
		}
		d0, d1 := dst0[3*i:][:3:3], dst1[3*i:][:3:3]
		d0[0], d0[1], d0[2] = byte(sum0>>precision), byte(greens>>precision), byte(sum0>>(32+precision))
		d1[0], d1[1], d1[2] = byte(sum1>>precision), byte(greens>>(32+precision)), byte(sum1>>(32+precision))
	}
	return len(a.lo)
}

// verticalRow resamples len(dst) columns whose rows are stride bytes apart. Without clamp the
// sums are known to stay within a sample.
//
// Eight samples are summed at a time, two in each 64-bit word: a bias keeps the lower sum from
// borrowing from the upper one, and falls out of the result, being 256 in units of a sample.
func verticalRow(dst, src []byte, stride int, k []int32, clamp bool) {
	const (
		lanes = 0x000000ff_000000ff
		bias  = (half + 1<<30) * (1 + 1<<32)
	)
	for len(dst) >= 8 {
		a0, a1, a2, a3 := uint64(bias), uint64(bias), uint64(bias), uint64(bias)
		at := 0
		for _, w := range k {
			v := binary.LittleEndian.Uint64(src[at:])
			kk := uint64(int64(w))
			a0 += (v & lanes) * kk
			a1 += (v >> 8 & lanes) * kk
			a2 += (v >> 16 & lanes) * kk
			a3 += (v >> 24 & lanes) * kk
			at += stride
		}
		if clamp {
			d := dst[:8:8]
			d[0], d[4] = unbias(uint32(a0)), unbias(uint32(a0>>32))
			d[1], d[5] = unbias(uint32(a1)), unbias(uint32(a1>>32))
			d[2], d[6] = unbias(uint32(a2)), unbias(uint32(a2>>32))
			d[3], d[7] = unbias(uint32(a3)), unbias(uint32(a3>>32))
		} else {
			binary.LittleEndian.PutUint64(dst, a0>>22&lanes|(a1>>22&lanes)<<8|(a2>>22&lanes)<<16|(a3>>22&lanes)<<24)
		}
		dst, src = dst[8:], src[8:]
	}
	for i := range dst {
		sum, at := int32(half), i
		for _, w := range k {
			sum += int32(src[at]) * w
			at += stride
		}
		dst[i] = clip8(sum)
	}
}

// unbias is clip8 of a sum with the bias of verticalRow.
func unbias(sum uint32) byte { return clip8(int32(sum - 1<<30)) }

// addRow adds a row of samples of weight k to sums.
func addRow(sums []int32, row []byte, k int32) {
	sums = sums[:len(row)]
	for i, v := range row {
		sums[i] += int32(v) * k
	}
}

// storeRow ends the sums of a row.
func storeRow(dst []byte, sums []int32) {
	sums = sums[:len(dst)]
	for i, v := range sums {
		dst[i] = clip8(v)
	}
}
