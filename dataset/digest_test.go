package dataset

import (
	"math/rand/v2"
	"testing"
)

// TestAppendDigest compares the arithmetic of one entry with that of any number, also about the prime.
func TestAppendDigest(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	some := func() (b [32]byte) {
		switch random.IntN(4) {
		case 0: // about the prime, and about zero
			for i := range b {
				b[i] = 0xff
			}
			b[31] = byte(random.Uint32())
			if random.IntN(2) == 0 {
				clear(b[:31])
			}
			return b
		case 1:
			b[random.IntN(32)] = byte(random.Uint32())
			return b
		}
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for range 200_000 {
		a, b := some(), some()
		if got, want := JoinDigest(a, b, 1), joinDigest(a, b, 1); got != want {
			t.Fatalf("%x and %x: %x, want %x", a, b, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { JoinDigest([32]byte{1}, [32]byte{2}, 1) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
