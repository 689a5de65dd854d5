package npy

import "math"

// Float16 returns the bits of the IEEE 754 binary16 value nearest to f, ties to even. Values of
// 65520 and above become infinities; a NaN stays one.
func Float16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	exp := int(b>>23&0xff) - 127
	frac := b & 0x7fffff
	switch {
	case exp == 128 && frac != 0: // NaN: keep the top of the payload, and quiet it
		return sign | 0x7e00 | uint16(frac>>13)
	case exp > 15: // infinity, or too large
		return sign | 0x7c00
	case exp < -25: // below half of the smallest subnormal
		return sign
	case exp < -14: // subnormal: shift the significand with its hidden bit into place
		return sign | uint16(roundShift(frac|0x800000, uint(-exp-1)))
	}
	// A carry out of the fraction runs into the exponent, which is what rounding up means; from
	// 65504 it makes an infinity.
	return sign | uint16(roundShift(uint32(exp+15)<<23|frac, 13))
}

// roundShift is v / 2^n rounded to nearest, ties to even.
func roundShift(v uint32, n uint) uint32 {
	q := v >> n
	rest, half := v&(1<<n-1), uint32(1)<<(n-1)
	if rest > half || rest == half && q&1 == 1 {
		q++
	}
	return q
}

// Float32 returns the value of the binary16 bits h, which float32 holds exactly.
func Float32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h >> 10 & 0x1f)
	frac := uint32(h & 0x3ff)
	switch exp {
	case 0:
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}
