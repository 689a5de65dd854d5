package mix

import (
	"bytes"
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

func BenchmarkApply(b *testing.B) {
	target, source := picture(224, 224, 0), picture(224, 224, 0x33)
	var dst imaging.Image
	for _, r := range []premix.Recipe{
		{Method: None},
		{Method: SaliencyMix, Box: premix.Box{X0: 33, Y0: 33, X1: 191, Y1: 191}, SrcBox: premix.Box{X0: 33, Y0: 33, X1: 191, Y1: 191}},
	} {
		b.Run("method="+r.Method, func(b *testing.B) {
			b.SetBytes(int64(len(target.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Apply(&dst, target, source, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
