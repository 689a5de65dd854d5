package imaging

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/premix/premix"
)

// guarded returns a view of rows·row bytes, stride apart, inside of memory that is filled with
// noise before and behind, and a function that reports whether anything but the view changed.
func guarded(rng *rand.Rand, row, stride, rows int) (view, func() bool) {
	const guard = 64
	start := guard + rng.IntN(32) // unaligned
	n := stride*(rows-1) + row
	memory := make([]byte, start+n+guard)
	for i := range memory {
		memory[i] = byte(rng.Uint32())
	}
	before := bytes.Clone(memory)
	v := view{pix: memory[start : start+n], stride: stride, row: row, rows: rows}
	return v, func() bool {
		for y := range rows {
			at := start + y*stride
			copy(before[at:at+row], memory[at:at+row])
		}
		return bytes.Equal(before, memory)
	}
}

// The assembly and plain Go agree on random sizes, windows, alignments and extreme samples, and
// neither touches a byte beside its output.
func TestKernelsAgree(t *testing.T) {
	const seed = 1
	rng := rand.New(rand.NewPCG(seed, seed))
	rounds := 1500
	if testing.Short() {
		rounds = 300
	}
	var fast, plain Resampler
	plain.plain = true
	for round := range rounds {
		size := func(n int) int { return 1 + rng.IntN(1+rng.IntN(n)) }
		src := &Image{W: size(150), H: size(90)}
		memory, _ := guarded(rng, 3*src.W, 3*src.W, src.H)
		src.Pix = memory.pix
		if round%3 == 0 { // extremes make the filters overshoot
			for i := range src.Pix {
				src.Pix[i] = byte(int8(src.Pix[i]) >> 7)
			}
		}
		w, h := size(200), size(120)
		from := randomBox(rng, src.W, src.H)
		win := randomBox(rng, w, h)
		f := filters[rng.IntN(3)]
		got, untouched := guarded(rng, 3*(win.X1-win.X0), 3*(win.X1-win.X0), win.Y1-win.Y0)
		dst := &Image{Pix: got.pix[:0:len(got.pix)]}
		var want Image
		if err := fast.Resize(dst, src, from, w, h, win, f); err != nil {
			t.Fatal(err)
		}
		if err := plain.Resize(&want, src, from, w, h, win, f); err != nil {
			t.Fatal(err)
		}
		if &dst.Pix[0] != &got.pix[0] {
			t.Fatalf("seed %d, round %d: dst was not reused", seed, round)
		}
		if !bytes.Equal(dst.Pix, want.Pix) {
			t.Fatalf("seed %d, round %d: %v of %d×%d to %v of %d×%d, %s: assembly and plain Go differ", seed, round, from, src.W, src.H, win, w, h, f)
		}
		if !untouched() {
			t.Fatalf("seed %d, round %d: %v of %d×%d to %v of %d×%d, %s: bytes beside dst changed", seed, round, from, src.W, src.H, win, w, h, f)
		}
	}
}

// A weight that the assembly cannot split is left to plain Go.
func TestKernelsRefuseLargeWeights(t *testing.T) {
	var tables simdTables
	src, dst := bytes.Repeat([]byte{1}, 64), make([]byte, 64)
	if tables.verticalRow(dst, src, 64, []int32{1 << 23}) {
		t.Error("a vertical weight of 2 was taken")
	}
	tables.setHorizontal(&axis{taps: 1, lo: []int32{0}, n: []int32{1}, k: []int32{-1<<23 - 1}})
	if tables.horizontal {
		t.Error("a horizontal weight below −2 was taken")
	}
}

func randomBox(rng *rand.Rand, w, h int) premix.Box {
	b := premix.Box{X0: rng.IntN(w), Y0: rng.IntN(h)}
	b.X1, b.Y1 = b.X0+1+rng.IntN(w-b.X0), b.Y0+1+rng.IntN(h-b.Y0)
	return b
}
