package mix

import (
	"math"
	"testing"
)

// Both functions are within two units in the last place of the standard library's, which differs
// by one from one architecture to the next.
func TestPortableFunctions(t *testing.T) {
	u := weyl(1)
	for range 200000 {
		x := math.Exp2(u.Float64()*2000 - 1000)
		if got, want := portableLog(x), math.Log(x); math.Abs(got-want) > 4.5e-16*math.Max(math.Abs(want), 1) {
			t.Fatalf("log %v = %v, want %v", x, got, want)
		}
		y := u.Float64()*1400 - 700
		if got, want := portableExp(y), math.Exp(y); math.Abs(got-want) > 4.5e-16*want {
			t.Fatalf("exp %v = %v, want %v", y, got, want)
		}
	}
	for _, x := range []float64{1, 0x1p-53, 0.5, math.SmallestNonzeroFloat64 * (1 << 52), math.MaxFloat64, 1 - 0x1p-53} {
		if got, want := portableLog(x), math.Log(x); math.Abs(got-want) > 4.5e-16*math.Max(math.Abs(want), 1) {
			t.Errorf("log %v = %v, want %v", x, got, want)
		}
	}
	if portableLog(1) != 0 || portableExp(0) != 1 || portableExp(-701) != 0 || portableExp(math.Inf(-1)) != 0 {
		t.Error("log 1, exp 0 or a vanishing exp is off")
	}
}

// The bits of some results, from an independent program: equal on every architecture.
func TestPortableBits(t *testing.T) {
	for _, tt := range []struct{ x, log, exp float64 }{
		{0.1, -0x1.26bb1bbb55515p+1, 0x1.1aec7b35a00d4p+0},
		{0.7853981633974483, -0x1.eeb95b094c193p-3, 0x1.18bd669471caap+1},
		{3, 0x1.193ea7aad030ap+0, 0x1.415e5bf6fb106p+4},
	} {
		if log, exp := portableLog(tt.x), portableExp(tt.x); log != tt.log || exp != tt.exp {
			t.Errorf("%v: log %x, want %x; exp %x, want %x", tt.x, log, tt.log, exp, tt.exp)
		}
	}
}
