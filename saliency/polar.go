package saliency

import "math"

// The direction of a spectral coefficient goes through OpenCV's cartToPolar and polarToCart, whose
// shortcuts are part of the result: an arc tangent in float32 that is good to 0.01°, and a sine
// table of 64 steps with a correction of second order.

const (
	degrees = float32(180 / math.Pi)
	radians = float32(math.Pi / 180)
	atan1   = float32(0.9997878412794807) * degrees
	atan3   = float32(-0.3258083974640975) * degrees
	atan5   = float32(0.1555786518463281) * degrees
	atan7   = float32(-0.04432655552794128) * degrees

	steps = side / (2 * math.Pi) // of the sine table in a radian
	step  = 1 / steps
	sin3  = -0.166630293345647 * step * step * step
	cos2  = -0.499818138450326 * step * step
)

// fastAtan2 returns the direction of (x, y) in radians, 0 to 2π.
func fastAtan2(y, x float32) float32 {
	const sign = 1 << 31
	bx, by := math.Float32bits(x), math.Float32bits(y)
	ax, ay := bx&^sign, by&^sign // of positive float32, the bits are ordered as the numbers
	c := math.Float32frombits(min(ax, ay)) / (math.Float32frombits(max(ax, ay)) + float32(0x1p-52))
	c2 := c * c
	a := float32(c2*atan7) + atan5
	a = float32(a*c2) + atan3
	a = float32(a*c2) + atan1
	a = float32(a * c)
	a = complement(a, 90, int32(ax-ay)) // where ax < ay
	a = complement(a, 180, int32(bx)&-int32(min(ax, 1)))
	a = complement(a, 360, int32(by)&-int32(min(ay, 1))) // −0 is not negative
	return float32(a * radians)
}

// complement returns whole − a if condition is negative, and a otherwise, without a branch: the
// directions of a spectrum are unpredictable.
func complement(a, whole float32, condition int32) float32 {
	mask := uint32(condition >> 31)
	return math.Float32frombits(math.Float32bits(whole)&mask) + math.Float32frombits(math.Float32bits(a)^mask&(1<<31))
}

// fastSincos returns sine and cosine of an angle from 0 to 2π.
func fastSincos(angle float32) (sin, cos float32) {
	t := float64(angle) * steps
	k := math.RoundToEven(t)
	t = float64(t) - k
	i := int(k)
	sa, ca := sine64[i&(side-1)], sine64[(i+side/4)&(side-1)]
	sb := float64((float64(sin3*t*t) + step) * t)
	cb := float64(cos2*t*t) + 1
	return float32(float64(sa*cb) + float64(ca*sb)), float32(float64(ca*cb) - float64(sa*sb))
}
