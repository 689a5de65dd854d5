package mix

import (
	"testing"

	"github.com/premix/premix"
)

// The vectors of the reference code, run on integers: peak and λ → rows, columns and the λ of
// the pixels really pasted.
func TestCutBoxVectors(t *testing.T) {
	tests := []struct {
		row, col       int
		lam            float64
		h, w           int
		r1, c1, r2, c2 int
		want           float64
	}{
		{112, 112, 0.5, 224, 224, 33, 33, 191, 191, 0.5024713010204082},
		{0, 0, 0.5, 224, 224, 0, 0, 79, 79, 0.875617825255102},
		{223, 10, 0.25, 224, 224, 127, 0, 224, 106, 0.7950813137755102},
		{100, 50, 0.0, 224, 224, 0, 0, 212, 162, 0.31552933673469385},
		{100, 50, 1.0, 224, 224, 100, 50, 100, 50, 1.0},
		{10, 200, 0.9999, 224, 224, 9, 199, 11, 201, 0.9999202806122449},
		{60, 300, 0.37, 375, 500, 0, 102, 208, 498, 0.560704},
		{16, 16, 0.75, 32, 32, 8, 8, 24, 24, 0.75},
	}
	for _, tt := range tests {
		size := premix.Size{H: tt.h, W: tt.w}
		box := cutBox(premix.Peak{X: tt.col, Y: tt.row}, tt.lam, size, Clip)
		if want := (premix.Box{X0: tt.c1, Y0: tt.r1, X1: tt.c2, Y1: tt.r2}); box != want {
			t.Errorf("peak (%d,%d) λ %v in %v: box %v, want %v", tt.row, tt.col, tt.lam, size, box, want)
		}
		if lam := Share(box, size); lam != tt.want {
			t.Errorf("peak (%d,%d) λ %v in %v: realised λ %v, want %v", tt.row, tt.col, tt.lam, size, lam, tt.want)
		}
	}
}

func TestCutBoxShift(t *testing.T) {
	size := premix.Size{H: 224, W: 224}
	tests := []struct {
		name string
		peak premix.Peak
		lam  float64
		want premix.Box
	}{
		{"inside stays", premix.Peak{X: 112, Y: 112}, 0.5, premix.Box{X0: 33, Y0: 33, X1: 191, Y1: 191}},
		{"first corner", premix.Peak{X: 0, Y: 0}, 0.5, premix.Box{X0: 0, Y0: 0, X1: 158, Y1: 158}},
		{"last corner", premix.Peak{X: 223, Y: 223}, 0.5, premix.Box{X0: 66, Y0: 66, X1: 224, Y1: 224}},
		{"whole image", premix.Peak{X: 3, Y: 220}, 0, premix.Box{X0: 0, Y0: 0, X1: 224, Y1: 224}},
		{"empty", premix.Peak{X: 3, Y: 220}, 1, premix.Box{X0: 3, Y0: 220, X1: 3, Y1: 220}},
	}
	for _, tt := range tests {
		if got := cutBox(tt.peak, tt.lam, size, Shift); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// FuzzCutBox holds what every consumer relies on: the box is inside the image whatever comes,
// its sides are at most 2·(cut//2), and λ is exactly the share of the pixels outside of it.
func FuzzCutBox(f *testing.F) {
	f.Add(112, 112, 0.5, 224, 224, false)
	f.Add(0, 0, 0.0, 1, 1, true)
	f.Add(-5, 1<<40, -1.0, 3, 500, true)
	f.Fuzz(func(t *testing.T, x, y int, lam float64, h, w int, shift bool) {
		if h < 1 || w < 1 || h > 1<<15 || w > 1<<15 {
			t.Skip()
		}
		size, border := premix.Size{H: h, W: w}, Clip
		if shift {
			border = Shift
		}
		box := cutBox(premix.Peak{X: x, Y: y}, lam, size, border)
		if !within(box, size) {
			t.Fatalf("box %v outside of %v", box, size)
		}
		hw, hh := half(w, lam), half(h, lam)
		if dx := box.X1 - box.X0; dx > 2*hw || border == Shift && dx != 2*hw {
			t.Fatalf("box %v: width %d of cut %d", box, dx, hw)
		}
		if dy := box.Y1 - box.Y0; dy > 2*hh || border == Shift && dy != 2*hh {
			t.Fatalf("box %v: height %d of cut %d", box, dy, hh)
		}
		got := Share(box, size)
		if got < 0 || got > 1 || got*float64(h*w) < float64(h*w-box.Area())-1e-3 {
			t.Fatalf("λ %v of box %v in %v", got, box, size)
		}
		if lam >= 0 && lam <= 1 && got < lam-1e-12 {
			t.Fatalf("realised λ %v below the drawn %v", got, lam)
		}
	})
}
