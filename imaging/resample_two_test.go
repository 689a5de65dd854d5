package imaging

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Two rows at once give what one gives, from the smallest images up, black and white ones included.
func TestHorizontalTwo(t *testing.T) {
	const seed = 23
	r := rand.New(rand.NewPCG(seed, seed))
	made := 0
	for round := range 3000 {
		in, out := 1+r.IntN(60), 1+r.IntN(60)
		first := r.IntN(out)
		last := first + 1 + r.IntN(out-first)
		weight, support, err := Bilinear.kernel()
		if err != nil {
			t.Fatal(err)
		}
		var a axis
		a.set(in, out, first, last, weight, support)
		var src, dst, want [2][]byte
		for y := range src {
			src[y] = make([]byte, 3*in)
			for i := range src[y] {
				src[y][i] = byte(r.Uint32())
				if round%3 == 0 {
					src[y][i] = byte(-(r.Uint32() & 1))
				}
			}
			dst[y], want[y] = make([]byte, 3*(last-first)), make([]byte, 3*(last-first))
			horizontalRow(want[y], src[y], &a, 0)
		}
		from := horizontalTwo(dst[0], dst[1], src[0], src[1], &a)
		made += from
		for y := range src {
			horizontalRow(dst[y], src[y], &a, from)
			if !bytes.Equal(dst[y], want[y]) {
				t.Fatalf("seed %d, round %d: %d to %d pixels, %d to %d of them, row %d:\n%v\n%v", seed, round, in, out, first, last, y, dst[y], want[y])
			}
		}
	}
	if made < 20000 {
		t.Errorf("only %d pixels of two rows at once", made)
	}
}
