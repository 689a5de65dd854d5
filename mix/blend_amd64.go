//go:build amd64 && !noasm

package mix

import "golang.org/x/sys/cpu"

var haveSIMD = cpu.X86.HasAVX2

// blendPrecision is how many fractional bits of λ the kernel has.
const blendPrecision = 22

// blendAVX2 blends n bytes, a positive multiple of 32:
//
//	for i := range n {
//		d := int32(t[i]) - int32(s[i])
//		dst[i] = byte(int32(s[i]) + (d*lam+1<<21)>>22)
//	}
//
// λ is lam / 2^22, from 0 to 1 − 2^-22. dst may be t.
//
//go:noescape
func blendAVX2(dst, t, s *byte, n int, lam int32)

// blendSIMD does what blend does for as many bytes as it returns, which are none where the kernel might
// round otherwise.
func blendSIMD(dst, t, s []byte, lam float64) int {
	n := len(dst) &^ 31
	if !haveSIMD || n == 0 {
		return 0
	}
	fixed, ok := fixedLambda(lam)
	if !ok {
		return 0
	}
	_, _ = t[n-1], s[n-1]
	blendAVX2(&dst[0], &t[0], &s[0], n, fixed)
	return n
}

// fixedLambda returns λ in units of 2^-22, and whether the kernel rounds all bytes as blend does.
//
// The exact number is s + λ·d, with d = t − s, and the float64 of blend is at most 2^-43 away from it. The
// kernel has half a unit less or more in λ, which are 127.5 units in λ·d at most. So where its product is more than
// 128 units away from the middle between two whole numbers, all three are on the same side of that middle. The
// distance of −d is that of d. About one λ in 60 has a difference for which that is not so.
func fixedLambda(lam float64) (fixed int32, ok bool) {
	const unit, middle = 1 << blendPrecision, 1 << (blendPrecision - 1)
	fixed = int32(float64(lam*unit) + 0.5)
	if fixed == unit {
		return 0, false // its upper part has no room in 16 bits
	}
	for d := range int32(256) {
		if off := d*fixed&(unit-1) - middle; -128 <= off && off <= 128 {
			return 0, false
		}
	}
	return fixed, true
}
