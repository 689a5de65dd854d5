package imaging

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/premix/premix"
)

// A Resampler that keeps weights from one image to the next gives what a new one gives, whatever came before.
func TestResizeKeepsWeights(t *testing.T) {
	const seed = 31
	rng := rand.New(rand.NewPCG(seed, seed))
	src := generated("hash", 40, 40)
	sides := []int{12, 20, 40, 50}
	side := func() int { return sides[rng.IntN(len(sides))] }
	kept := map[bool]*Resampler{false: {}, true: {plain: true}}
	same := 0
	var from, win premix.Box
	var w, h int
	var f Filter
	for round := range 3000 {
		if round%3 < 2 { // the third is as the second
			from, w, h, f = whole(side()/2+1, side()/2+1), side(), side(), filters[rng.IntN(3)]
			if rng.IntN(2) == 0 {
				h, from.Y1 = w, from.X1
			}
			win = whole(w, h)
			if rng.IntN(3) == 0 {
				win = premix.Box{X0: 3, Y0: 3, X1: 9, Y1: 9}
			}
		}
		var want, got Image
		if err := new(Resampler).Resize(&want, src, from, w, h, win, f); err != nil {
			t.Fatal(err)
		}
		for plain, r := range kept {
			before := r.y.key
			if err := r.Resize(&got, src, from, w, h, win, f); err != nil {
				t.Fatal(err)
			}
			if r.y.key == before && from.Y1 != h {
				same++
			}
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Fatalf("seed %d, round %d, plain %v: %v to %d×%d, window %v, %s: differs from what a new Resampler gives", seed, round, plain, from, w, h, win, f)
			}
		}
	}
	if same < 1000 {
		t.Errorf("weights stayed the same %d times: too few to tell", same)
	}
}

// Weights are computed once for images of one size, and once for both directions of a square.
func TestWeightsComputedOnce(t *testing.T) {
	src := generated("hash", 40, 30)
	var r Resampler
	var dst Image
	resize := func(from premix.Box, w, h int) {
		if err := r.Resize(&dst, src, from, w, h, whole(w, h), Bilinear); err != nil {
			t.Fatal(err)
		}
	}
	resize(whole(40, 30), 20, 12)
	const mark = 1 << 10
	r.x.k[0], r.y.k[0] = mark, mark
	resize(whole(40, 30), 20, 12)
	if r.x.k[0] != mark || r.y.k[0] != mark {
		t.Error("weights of the same size were computed twice")
	}
	resize(whole(30, 30), 20, 20)
	if r.x.k[0] == mark || !slices.Equal(r.x.k, r.y.k) || !slices.Equal(r.x.lo, r.y.lo) || !slices.Equal(r.x.n, r.y.n) || r.x.taps != r.y.taps {
		t.Error("the weights of a square differ in its directions, or are old ones")
	}
	resize(whole(20, 30), 20, 15) // the width stays
	resize(whole(30, 10), 15, 20)
	if r.x.k[0] == mark || r.x.key != (axisKey{30, 15, 0, 15, Bilinear}) {
		t.Error("the weights of a height did not become those of a width")
	}
}

func TestResizeInto(t *testing.T) {
	const seed = 32
	rng := rand.New(rand.NewPCG(seed, seed))
	src := generated("rings", 61, 47)
	var r Resampler
	for round := range 400 {
		dst := generated("hash", 50+rng.IntN(60), 50+rng.IntN(60))
		from, at := randomBox(rng, src.W, src.H), randomBox(rng, dst.W, dst.H)
		if round%5 == 0 {
			at.X1 = min(at.X0+from.X1-from.X0, dst.W)
		}
		f := filters[rng.IntN(3)]
		want := &Image{W: dst.W, H: dst.H, Pix: bytes.Clone(dst.Pix)}
		var part Image
		w, h := at.X1-at.X0, at.Y1-at.Y0
		if err := new(Resampler).Resize(&part, src, from, w, h, whole(w, h), f); err != nil {
			t.Fatal(err)
		}
		for y := range h {
			copy(want.Row(at.Y0 + y)[3*at.X0:], part.Row(y))
		}
		if err := r.ResizeInto(dst, at, src, from, f); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.Pix, want.Pix) {
			t.Fatalf("seed %d, round %d: %v to %v, %s: differs from a resized image that is pasted", seed, round, from, at, f)
		}
	}
	dst := generated("hash", 20, 20)
	before := bytes.Clone(dst.Pix)
	for _, tt := range []struct {
		dst      *Image
		at, from premix.Box
		f        Filter
	}{
		{dst, premix.Box{X0: 5, Y0: 5, X1: 21, Y1: 9}, whole(9, 9), Bilinear},
		{dst, premix.Box{X0: -1, Y0: 5, X1: 3, Y1: 9}, whole(9, 9), Bilinear},
		{dst, premix.Box{X0: 5, Y0: 5, X1: 5, Y1: 9}, whole(9, 9), Bilinear},
		{dst, whole(5, 5), whole(62, 9), Bilinear},
		{dst, whole(5, 5), premix.Box{}, Bilinear},
		{dst, whole(5, 5), whole(9, 9), "box"},
		{src, whole(5, 5), whole(9, 9), Bilinear},
	} {
		if err := r.ResizeInto(tt.dst, tt.at, src, tt.from, tt.f); err == nil {
			t.Errorf("%v to %v, %s: no error", tt.from, tt.at, tt.f)
		}
	}
	if !bytes.Equal(dst.Pix, before) {
		t.Error("a call that was refused wrote pixels")
	}
}

// Squares of 224×224 into smaller ones, as resizemix puts them there: of sizes that change, and of one.
func BenchmarkResizeInto(b *testing.B) {
	src, dst := generated("rings", 224, 224), generated("hash", 224, 224)
	for _, changes := range []bool{true, false} {
		b.Run(fmt.Sprintf("changes=%v", changes), func(b *testing.B) {
			var r Resampler
			b.SetBytes(int64(len(src.Pix)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				side := 100
				if changes {
					side = 22 + i*61%158
				}
				if err := r.ResizeInto(dst, premix.Box{X0: 33, Y0: 33, X1: 33 + side, Y1: 33 + side}, src, whole(224, 224), Bilinear); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Where weights could not be computed, those of before do not pass as theirs.
func TestWeightsAfterPanic(t *testing.T) {
	var a, other axis
	a.fit(axisKey{9, 3, 0, 3, Bilinear}, &other)
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("weights of an unknown filter")
				}
			}()
			a.fit(axisKey{9, 3, 0, 3, "none such"}, &other)
		}()
	}
	if !a.fit(axisKey{9, 3, 0, 3, Bilinear}, &other) {
		t.Error("weights that are not there were kept")
	}
}
