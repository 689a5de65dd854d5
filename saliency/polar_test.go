package saliency

import (
	"math"
	"testing"
)

func TestFastPolar(t *testing.T) {
	for i := range 3600 {
		want := float64(i) * math.Pi / 1800
		y, x := math.Sincos(want)
		got := float64(fastAtan2(float32(y), float32(x)))
		if d := math.Remainder(got-want, 2*math.Pi); math.Abs(d) > 2e-4 {
			t.Errorf("direction %v found as %v", want, got)
		}
		s, c := fastSincos(float32(want))
		if math.Abs(float64(s)-y) > 1e-6 || math.Abs(float64(c)-x) > 1e-6 {
			t.Errorf("sine and cosine of %v: %v, %v, want %v, %v", want, s, c, y, x)
		}
	}
	if a := fastAtan2(0, 0); a != 0 {
		t.Errorf("direction of nothing: %v", a)
	}
}
