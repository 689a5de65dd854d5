package mix

import (
	"bytes"
	"math"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// picture is an image whose bytes all tell where they are and which picture they belong to.
func picture(w, h int, salt byte) *imaging.Image {
	m := &imaging.Image{}
	m.Resize(w, h)
	for i := range m.Pix {
		m.Pix[i] = byte(i*7+i/251) ^ salt
	}
	return m
}

func TestApplyPastes(t *testing.T) {
	target, source := picture(17, 11, 0), picture(17, 11, 0x5a)
	r := &premix.Recipe{
		Method: SaliencyMix, Mixed: true,
		Box: premix.Box{X0: 3, Y0: 2, X1: 9, Y1: 11}, SrcBox: premix.Box{X0: 11, Y0: 0, X1: 17, Y1: 9},
	}
	var got imaging.Image
	if err := Apply(&got, target, source, r); err != nil {
		t.Fatal(err)
	}
	for y := range 11 {
		for x := range 17 {
			want := target.Row(y)[3*x : 3*x+3]
			if x >= 3 && x < 9 && y >= 2 {
				want = source.Row(y - 2)[3*(x+8) : 3*(x+8)+3]
			}
			if p := got.Row(y)[3*x : 3*x+3]; !bytes.Equal(p, want) {
				t.Fatalf("pixel (%d,%d): %v, want %v", x, y, p, want)
			}
		}
	}
	inPlace := picture(17, 11, 0)
	if err := Apply(inPlace, inPlace, source, r); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(inPlace.Pix, got.Pix) {
		t.Error("mixing in place gives other pixels")
	}
}

func TestApplyNone(t *testing.T) {
	target := picture(5, 4, 0)
	var got imaging.Image
	if err := Apply(&got, target, nil, &premix.Recipe{Method: None}); err != nil {
		t.Fatal(err)
	}
	if got.W != 5 || got.H != 4 || !bytes.Equal(got.Pix, target.Pix) {
		t.Error("an unmixed sample is not its target")
	}
}

func TestApplyRefuses(t *testing.T) {
	tests := []struct {
		name   string
		source *imaging.Image
		recipe premix.Recipe
	}{
		{"sizes differ", picture(8, 9, 1), premix.Recipe{Method: SaliencyMix}},
		{"box outside", picture(8, 8, 1), premix.Recipe{Method: SaliencyMix, Box: premix.Box{X0: 4, Y0: 4, X1: 9, Y1: 6}, SrcBox: premix.Box{X0: 0, Y0: 0, X1: 5, Y1: 2}}},
		{"source box outside", picture(8, 8, 1), premix.Recipe{Method: CutMix, Box: premix.Box{X0: 0, Y0: 0, X1: 5, Y1: 2}, SrcBox: premix.Box{X0: -1, Y0: 0, X1: 4, Y1: 2}}},
		{"boxes differ", picture(8, 8, 1), premix.Recipe{Method: SaliencyMix, Box: premix.Box{X0: 0, Y0: 0, X1: 5, Y1: 2}, SrcBox: premix.Box{X0: 0, Y0: 0, X1: 2, Y1: 5}}},
		{"box inside out", picture(8, 8, 1), premix.Recipe{Method: SaliencyMix, Box: premix.Box{X0: 5, Y0: 0, X1: 2, Y1: 2}, SrcBox: premix.Box{X0: 5, Y0: 0, X1: 2, Y1: 2}}},
		{"unknown method", picture(8, 8, 1), premix.Recipe{Method: "cutmax"}},
		{"no source", nil, premix.Recipe{Method: MixUp}},
		{"λ above 1", picture(8, 8, 1), premix.Recipe{Method: MixUp, Lam: 1.5}},
		{"λ not a number", picture(8, 8, 1), premix.Recipe{Method: MixUp, Lam: math.NaN()}},
		{"painted outside", nil, premix.Recipe{Method: Cutout, Box: premix.Box{X0: 0, Y0: 0, X1: 9, Y1: 1}}},
		{"small image empty", picture(8, 8, 1), premix.Recipe{Method: ResizeMix, Box: premix.Box{X0: 3, Y0: 3, X1: 3, Y1: 5}, SrcBox: premix.Box{X1: 8, Y1: 8}}},
		{"nothing to resize", picture(8, 8, 1), premix.Recipe{Method: ResizeMix, Box: premix.Box{X0: 3, Y0: 3, X1: 4, Y1: 5}}},
	}
	for _, tt := range tests {
		target := picture(8, 8, 0)
		if err := Apply(target, target, tt.source, &tt.recipe); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
		if !bytes.Equal(target.Pix, picture(8, 8, 0).Pix) {
			t.Errorf("%s: the target was touched", tt.name)
		}
	}
}

// Every pair of bytes, at λ that give halves, at the ends and at random.
func TestApplyBlends(t *testing.T) {
	target, source := &imaging.Image{}, &imaging.Image{}
	target.Resize(256, 86) // 3·86 = 258 ≥ 256 rows of one pair each
	source.Resize(256, 86)
	for i := range target.Pix {
		target.Pix[i], source.Pix[i] = byte(i), byte(i>>8)
	}
	u := weyl(3)
	for _, lam := range []float64{0, 1, 0.5, 0.25, 0.75, 0.3, 1 - 0x1p-53, u.Float64(), u.Float64()} {
		r := &premix.Recipe{Method: MixUp, Lam: lam}
		var got imaging.Image
		if err := Apply(&got, target, source, r); err != nil {
			t.Fatal(err)
		}
		for i, p := range got.Pix {
			a, b := float64(target.Pix[i]), float64(source.Pix[i])
			if want := byte(math.RoundToEven(float64(lam*a) + float64((1-lam)*b))); p != want {
				t.Fatalf("λ %v of %v and %v: %d, want %d", lam, a, b, p, want)
			}
		}
		inPlace := &imaging.Image{W: 256, H: 86, Pix: bytes.Clone(target.Pix)}
		if err := Apply(inPlace, inPlace, source, r); err != nil || !bytes.Equal(inPlace.Pix, got.Pix) {
			t.Fatalf("λ %v: mixing in place gives other pixels, error %v", lam, err)
		}
	}
}

func TestApplyPaints(t *testing.T) {
	target := picture(17, 11, 0)
	r := &premix.Recipe{Method: Cutout, Box: premix.Box{X0: 3, Y0: 2, X1: 9, Y1: 11}}
	var got imaging.Image
	if err := Apply(&got, target, nil, r); err != nil {
		t.Fatal(err)
	}
	outside(t, target, &got, r.Box)
	for y := r.Box.Y0; y < r.Box.Y1; y++ {
		for x := r.Box.X0; x < r.Box.X1; x++ {
			if p := got.Row(y)[3*x : 3*x+3]; !bytes.Equal(p, []byte{124, 116, 104}) {
				t.Fatalf("pixel (%d,%d): %v", x, y, p)
			}
		}
	}
}

func TestApplyShrinks(t *testing.T) {
	target, source := picture(40, 30, 0), picture(40, 30, 0x77)
	r := &premix.Recipe{Method: ResizeMix, Box: premix.Box{X0: 7, Y0: 12, X1: 27, Y1: 22}, SrcBox: premix.Box{X1: 40, Y1: 30}}
	var got, small imaging.Image
	var res imaging.Resampler
	if err := res.Resize(&small, source, r.SrcBox, 20, 10, premix.Box{X1: 20, Y1: 10}, imaging.Bilinear); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the scratch is used again
		if err := Apply(&got, target, source, r); err != nil {
			t.Fatal(err)
		}
		outside(t, target, &got, r.Box)
		for y := range 10 {
			if have := got.Row(12 + y)[3*7 : 3*27]; !bytes.Equal(have, small.Row(y)) {
				t.Fatalf("row %d: %v, want %v", y, have, small.Row(y))
			}
		}
	}
}

// outside fails if a pixel outside of box differs.
func outside(t *testing.T, want, got *imaging.Image, box premix.Box) {
	t.Helper()
	if want.W != got.W || want.H != got.H {
		t.Fatalf("%d×%d pixels, want %d×%d", got.W, got.H, want.W, want.H)
	}
	for y := range want.H {
		for x := range want.W {
			in := box.X0 <= x && x < box.X1 && box.Y0 <= y && y < box.Y1
			if !in && !bytes.Equal(want.Row(y)[3*x:3*x+3], got.Row(y)[3*x:3*x+3]) {
				t.Fatalf("pixel (%d,%d) outside of %v was touched", x, y, box)
			}
		}
	}
}

func TestApplyDoesNotAllocate(t *testing.T) {
	target, source := picture(224, 224, 0), picture(224, 224, 0x33)
	var dst imaging.Image
	for _, r := range recipes() {
		apply := func() {
			if err := Apply(&dst, target, source, &r); err != nil {
				t.Fatal(err)
			}
		}
		// The scratch of resizemix is in a pool, which a collection or the race detector may
		// empty: the least of several tries counts.
		least := math.Inf(1)
		for range 20 {
			least = min(least, testing.AllocsPerRun(1, apply))
		}
		if least > 0 {
			t.Errorf("%s: %v allocations", r.Method, least)
		}
	}
}

// Recipes that are alike make the same pixels; one that differs in a number that Apply looks at is not alike.
func TestAlike(t *testing.T) {
	for _, r := range recipes() {
		other := r
		other.Key, other.Label, other.Peak, other.LamDrawn = "other", 3, premix.Peak{X: 1}, 0.1
		if !Alike(&r, &other) {
			t.Errorf("%s: not alike, but the pixels are the same", r.Method)
		}
		for _, change := range []func(*premix.Recipe){
			func(r *premix.Recipe) { r.Method = "else" }, func(r *premix.Recipe) { r.Lam += 0.125 },
			func(r *premix.Recipe) { r.Box.X1++ }, func(r *premix.Recipe) { r.SrcBox.Y0++ },
		} {
			other := r
			if change(&other); Alike(&r, &other) {
				t.Errorf("%s: %+v and %+v are alike", r.Method, r, other)
			}
		}
	}
}

// recipes are one of each method, for images of 224×224.
func recipes() []premix.Recipe {
	box, whole := premix.Box{X0: 33, Y0: 33, X1: 191, Y1: 191}, premix.Box{X1: 224, Y1: 224}
	return []premix.Recipe{
		{Method: None},
		{Method: SaliencyMix, Box: box, SrcBox: box},
		{Method: CutMix, Box: box, SrcBox: box},
		{Method: MixUp, Lam: 0.2973},
		{Method: Cutout, Box: box},
		{Method: ResizeMix, Box: box, SrcBox: whole},
	}
}

func BenchmarkApply(b *testing.B) {
	target, source := picture(224, 224, 0), picture(224, 224, 0x33)
	var dst imaging.Image
	for _, r := range recipes() {
		b.Run("method="+r.Method, func(b *testing.B) {
			b.SetBytes(int64(len(target.Pix)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if r.Method == ResizeMix { // sizes change, as those of drawn λ do
					side := 22 + i*61%158
					r.Box = premix.Box{X0: 33, Y0: 33, X1: 33 + side, Y1: 33 + side}
				}
				if err := Apply(&dst, target, source, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzApply feeds recipes that no plan makes: they are errors, never a panic or a touched pixel.
func FuzzApply(f *testing.F) {
	for i, r := range recipes() {
		f.Add(uint8(i), 224, 224, r.Box.X0, r.Box.Y0, r.Box.X1, r.Box.Y1, r.SrcBox.X0, r.SrcBox.Y0, r.SrcBox.X1, r.SrcBox.Y1, 0.3)
	}
	f.Add(uint8(1), 5, 7, 0, 0, 5, 7, 0, 0, 7, 5, 0.0)
	f.Add(uint8(5), 5, 7, 1, 1, 1<<62, 3, -1<<62, 0, 1<<62, 5, 0.0)
	f.Fuzz(func(t *testing.T, method uint8, w, h, x0, y0, x1, y1, u0, v0, u1, v1 int, lam float64) {
		if w < 1 || h < 1 || w > 256 || h > 256 { // larger ones take time; the seeds are within
			return
		}
		target, source := picture(w, h, 0), picture(w, h, 0x55)
		r := premix.Recipe{
			Method: Names()[int(method)%len(Names())], Lam: lam,
			Box: premix.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}, SrcBox: premix.Box{X0: u0, Y0: v0, X1: u1, Y1: v1},
		}
		var got imaging.Image
		if err := Apply(&got, target, source, &r); err != nil {
			if len(got.Pix) > 0 {
				t.Fatalf("%v, but pixels were made", err)
			}
			return
		}
		if r.Method != MixUp {
			outside(t, target, &got, r.Box)
		}
	})
}
