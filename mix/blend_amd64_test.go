//go:build amd64 && !noasm

package mix

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The assembly takes most λ, and gives what plain Go gives where it does; without AVX2 all is left to plain Go.
func TestBlendSIMD(t *testing.T) {
	if !haveSIMD {
		t.Skip("needs a processor with AVX2")
	}
	const seed = 43
	target, source := pairs()
	got, want := make([]byte, len(target)), make([]byte, len(target))
	r := rand.New(rand.NewPCG(seed, seed))
	taken := 0
	for _, lam := range someLambdas(r, 100) {
		n := blendSIMD(got, target, source, lam)
		if n == 0 {
			continue
		}
		if n != len(got) {
			t.Fatalf("λ %v: %d of %d bytes", lam, n, len(got))
		}
		taken++
		blendGo(want, target, source, lam)
		if i := differs(got, want); i >= 0 {
			t.Fatalf("seed %d: λ %v (%x) of %d and %d: %d, want %d", seed, lam, lam, target[i], source[i], got[i], want[i])
		}
	}
	uniform := 0
	for range 1000 {
		if _, ok := fixedLambda(r.Float64()); ok {
			uniform++
		}
	}
	if taken < 200 || uniform < 950 {
		t.Errorf("the assembly took %d λ, and of 1000 uniform ones %d: too few", taken, uniform)
	}
	for _, lam := range []float64{0.5, 0.25, 0.3, 1 - 0x1p-53, 1} {
		if blendSIMD(got, target, source, lam) != 0 {
			t.Errorf("λ %v, whose products fall on halves or which has no room, was taken", lam)
		}
	}

	haveSIMD = false
	defer func() { haveSIMD = true }()
	if blendSIMD(got, target, source, 0.4967) != 0 {
		t.Error("the assembly ran without AVX2")
	}
	clear(got)
	blend(got, target, source, 0.4967)
	blendGo(want, target, source, 0.4967)
	if !bytes.Equal(got, want) {
		t.Error("without AVX2 other bytes result")
	}
}
