package mix

import "math"

// blend makes dst[i] = rint(λ·t[i] + (1−λ)·s[i]), as numpy does in float64: both products and the
// sum are rounded to float64, then the sum to a whole number, halves to the even one. dst may be
// t, but share no memory with it otherwise, nor with s. The slices have one length, and λ is in [0,1].
func blend(dst, t, s []byte, lam float64) {
	if n := blendSIMD(dst, t, s, lam); n < len(dst) {
		blendGo(dst[n:], t[n:], s[n:], lam)
	}
}

// blendGo is blend in plain Go, which is the oracle of the assembly and all there is elsewhere.
//
// The products come from tables. Adding 2^52 to a number of [0,2^52) rounds it to a whole number, halves to
// even, which the low bits of the sum then hold.
func blendGo(dst, t, s []byte, lam float64) {
	var weighted [2][256]float64
	for i := range 256 {
		weighted[0][i] = float64(lam * float64(i))
		weighted[1][i] = float64((1 - lam) * float64(i))
	}
	t, s = t[:len(dst)], s[:len(dst)]
	for i := range dst {
		sum := weighted[0][t[i]] + weighted[1][s[i]]
		dst[i] = byte(math.Float64bits(sum + 0x1p52))
	}
}
