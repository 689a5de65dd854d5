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
)

// fastAtan2 returns the direction of (x, y) in radians, 0 to 2π.
func fastAtan2(y, x float32) float32 {
	ax, ay := abs32(x), abs32(y)
	c := min(ax, ay) / (max(ax, ay) + float32(0x1p-52))
	c2 := c * c
	a := float32(c2*atan7) + atan5
	a = float32(a*c2) + atan3
	a = float32(a*c2) + atan1
	a = float32(a * c)
	if ax < ay {
		a = 90 - a
	}
	if x < 0 {
		a = 180 - a
	}
	if y < 0 {
		a = 360 - a
	}
	return float32(a * radians)
}

func abs32(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// fastSincos returns sine and cosine of an angle from 0 to 2π.
func fastSincos(angle float32) (sin, cos float32) {
	const (
		step = 2 * math.Pi / side
		sin3 = -0.166630293345647 * step * step * step
		cos2 = -0.499818138450326 * step * step
	)
	t := float64(angle) * (side / (2 * math.Pi))
	k := math.RoundToEven(t)
	t = float64(t) - k
	i := int(k)
	sa, ca := sine64[i&(side-1)], sine64[(i+side/4)&(side-1)]
	sb := float64((float64(sin3*t*t) + step) * t)
	cb := float64(cos2*t*t) + 1
	return float32(float64(sa*cb) + float64(ca*sb)), float32(float64(ca*cb) - float64(sa*sb))
}
