package mix

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// pairs returns each pair of bytes once.
func pairs() (t, s []byte) {
	for i := range 1 << 16 {
		t, s = append(t, byte(i)), append(s, byte(i>>8))
	}
	return t, s
}

// someLambdas are ends, numbers whose products fall on halves or next to them, the edges of what the
// assembly takes, and random ones.
func someLambdas(r *rand.Rand, n int) []float64 {
	list := []float64{
		0, math.Copysign(0, -1), math.SmallestNonzeroFloat64, 0x1p-1022, 0x1p-60, 0x1p-23, 0x1p-22, 1.5 * 0x1p-22, 0x1p-8, 1. / 3, 2. / 3,
		1 - 0x1p-21, 1 - 1.5*0x1p-22, 1 - 0x1p-22, 1 - 0x1p-23, 1 - 0x1p-24, 1 - 0x1p-53, 1,
	}
	for k := range 64 {
		list = append(list, float64(k)/64, float64(k)/100, float64(2*k+1)/510)
	}
	for range n {
		d := 1 + r.IntN(255)
		middle := (float64(r.IntN(d)) + 0.5) / float64(d) // λ·d is a half
		near := middle + float64(r.IntN(9)-4)*0x1p-53
		edge := middle + (float64(r.IntN(400)-200)+r.Float64())*0x1p-22/float64(d)
		list = append(list, near, min(max(edge, 0), 1), r.Float64(), r.Float64()*r.Float64()*0x1p-7)
	}
	return list
}

// Every pair of bytes gives what the definition of blend says.
func TestBlend(t *testing.T) {
	const seed = 41
	n := 100
	if testing.Short() {
		n = 10
	}
	target, source := pairs()
	got, want := make([]byte, len(target)), make([]byte, len(target))
	for _, lam := range someLambdas(rand.New(rand.NewPCG(seed, seed)), n) {
		for i := range want {
			want[i] = byte(math.RoundToEven(float64(lam*float64(target[i])) + float64((1-lam)*float64(source[i]))))
		}
		for name, f := range map[string]func(dst, t, s []byte, lam float64){"blend": blend, "blendGo": blendGo} {
			clear(got)
			f(got, target, source, lam)
			if i := differs(got, want); i >= 0 {
				t.Fatalf("seed %d: %s: λ %v (%x) of %d and %d: %d, want %d", seed, name, lam, lam, target[i], source[i], got[i], want[i])
			}
		}
	}
}

func differs(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

// Of any length and alignment, in place or not, blend writes its bytes and no others.
func TestBlendLengths(t *testing.T) {
	const seed, guard = 42, 70
	r := rand.New(rand.NewPCG(seed, seed))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	for n := range 200 {
		at := guard + r.IntN(32)
		all, target, source := noise(at+n+guard), noise(r.IntN(32) + n)[:n], noise(n)
		lam := r.Float64()
		want := bytes.Clone(all)
		blendGo(want[at:at+n], target, source, lam)
		blend(all[at:at+n], target, source, lam)
		if !bytes.Equal(all, want) {
			t.Fatalf("seed %d: %d bytes, λ %v: differ, or bytes beside them changed", seed, n, lam)
		}
		blend(target, target, source, lam)
		if !bytes.Equal(target, want[at:at+n]) {
			t.Fatalf("seed %d: %d bytes, λ %v: in place they differ", seed, n, lam)
		}
	}
}

func FuzzBlend(f *testing.F) {
	f.Add(uint64(0), []byte{})
	f.Add(math.Float64bits(0.5), bytes.Repeat([]byte{1, 2}, 40))
	f.Add(math.Float64bits(0.3), bytes.Repeat([]byte{255, 0, 254, 3}, 33))
	f.Add(math.Float64bits(1), bytes.Repeat([]byte{9}, 64))
	f.Add(math.Float64bits(0.4967), bytes.Repeat([]byte{0, 128, 255}, 50))
	f.Fuzz(func(t *testing.T, bits uint64, data []byte) {
		lam := math.Float64frombits(bits)
		if !(lam >= 0 && lam <= 1) {
			lam = float64(bits>>11) * 0x1p-53
		}
		n := len(data) / 2
		got, want := make([]byte, n), make([]byte, n)
		blend(got, data[:n], data[n:2*n], lam)
		blendGo(want, data[:n], data[n:2*n], lam)
		if i := differs(got, want); i >= 0 {
			t.Fatalf("λ %v of %d and %d: %d, want %d", lam, data[i], data[n+i], got[i], want[i])
		}
	})
}

// An image of 224×224, with a λ of one law that the assembly takes and one that it leaves to plain Go.
func BenchmarkBlend(b *testing.B) {
	const size = 3 * 224 * 224
	dst, t, s := make([]byte, size), make([]byte, size), make([]byte, size)
	for i := range t {
		t[i], s[i] = byte(i*7+i/251), byte(i*5+i/127)
	}
	for _, lam := range []float64{0.4967, 0.5} {
		for name, f := range map[string]func(dst, t, s []byte, lam float64){"blend": blend, "plain": blendGo} {
			b.Run(fmt.Sprintf("%s/lam=%v", name, lam), func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				for b.Loop() {
					f(dst, t, s, lam)
				}
			})
		}
	}
}
