//go:build amd64 && !noasm

package saliency

// factor returns m such that (v·32·m) >> 16 is ⌊255·v/max⌋ or one less: an estimate of the level
// of v that is off by one at most. It reports false if max is too small for that, or larger than
// six differences can sum to.
func (l *levels) factor() (m uint16, ok bool) {
	switch {
	case l.max == 0:
		return 0, true
	case l.max < 8 || l.max >= maxLevels:
		return 0, false
	}
	return uint16(255 * maxLevels / int(l.max)), true
}

// calm returns how many pixels from i on cannot be new extremes of s, a multiple of calmBlock.
func (f *fineGrained) calm(i int, s *search) int {
	on, ok1 := f.table[0].factor()
	off, ok2 := f.table[1].factor()
	if !f.simd || !ok1 || !ok2 {
		return 0
	}
	// The sum of two estimates is off by two. A sum beyond 255 wraps, so that the bound on hi
	// must not exceed 253; it does not, since hi is at most 255.
	least := int16(0)
	if s.lo > 0 {
		least = int16(s.lo) + 2
	}
	return calmAVX2(&f.on[i], &f.off[i], f.w*f.h-i, on, off, least, int16(s.hi)-2)
}

// calmAVX2 returns the first p, a multiple of 32, of which a pixel p ≤ x < p+32 has
//
//	(on[x]·32·onFactor)>>16 + (off[x]·32·offFactor)>>16
//
// below least or above most; a p ≥ n if there is none. It reads up to 31 elements beyond n.
//
//go:noescape
func calmAVX2(on, off *uint16, n int, onFactor, offFactor uint16, least, most int16) int
