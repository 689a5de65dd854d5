package saliency

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulps is how many float64 lie between a and b.
func ulps(a, b float64) int64 {
	return max(int64(math.Float64bits(a))-int64(math.Float64bits(b)), int64(math.Float64bits(b))-int64(math.Float64bits(a)))
}

func TestPortableMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		x := 1 + math.Exp(r.Float64()*40-20)
		if d := ulps(portableLog(x), math.Log(x)); d > 1 {
			t.Fatalf("log %v = %v, %d ulps from %v", x, portableLog(x), d, math.Log(x))
		}
		x = r.Float64()*60 - 30
		if d := ulps(portableExp(x), math.Exp(x)); d > 2 {
			t.Fatalf("exp %v = %v, %d ulps from %v", x, portableExp(x), d, math.Exp(x))
		}
	}
	if portableLog(1) != 0 || portableExp(0) != 1 {
		t.Errorf("log 1 = %v, exp 0 = %v", portableLog(1), portableExp(0))
	}
}

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
