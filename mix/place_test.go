package mix

import (
	"testing"

	"github.com/premix/premix"
)

func TestPlace(t *testing.T) {
	size := premix.Size{H: 100, W: 200}
	box := func(x0, y0, x1, y1 int) premix.Box { return premix.Box{X0: x0, Y0: y0, X1: x1, Y1: y1} }
	at := func(x, y int) premix.Peak { return premix.Peak{X: x, Y: y} }
	// λ = 0.75: cut//2 is 50 columns and 25 rows.
	tests := []struct {
		name     string
		scheme   Scheme
		border   Border
		from, to premix.Peak
		src, dst premix.Box
	}{
		{"corresponding ignores the target", Sal2Corr, Clip, at(20, 60), at(150, 20), box(0, 35, 70, 85), box(0, 35, 70, 85)},
		{"corresponding, shifted", Sal2Corr, Shift, at(20, 60), at(150, 20), box(0, 35, 100, 85), box(0, 35, 100, 85)},
		{"two centres inside", Sal2Sal, Clip, at(60, 50), at(100, 60), box(10, 25, 110, 75), box(50, 35, 150, 85)},
		// Left 20 of the source, right 40 and up 10 of the target.
		{"both clip", Sal2Sal, Clip, at(20, 60), at(160, 10), box(0, 50, 60, 85), box(140, 0, 200, 35)},
		{"both shift", Sal2NonSal, Shift, at(20, 60), at(160, 10), box(0, 35, 100, 85), box(100, 0, 200, 50)},
		{"corner inside", Sal2Rand, Clip, at(60, 50), at(3, 4), box(10, 25, 110, 75), box(3, 4, 103, 54)},
		{"corner pushed inside", Sal2Rand, Clip, at(20, 60), at(190, 99), box(0, 35, 70, 85), box(130, 50, 200, 100)},
	}
	for _, tt := range tests {
		src, dst, lam := Place(tt.scheme, tt.border, tt.from, tt.to, 0.75, size)
		if src != tt.src || dst != tt.dst || lam != Share(tt.dst, size) {
			t.Errorf("%s: %v → %v, λ %v; want %v → %v", tt.name, src, dst, lam, tt.src, tt.dst)
		}
	}
}

func TestSpots(t *testing.T) {
	for s, want := range map[Scheme][2]Spot{
		Sal2Corr: {Peak, Same}, Sal2Sal: {Peak, Peak}, Sal2NonSal: {Peak, Trough},
		NonSal2Sal: {Trough, Peak}, NonSal2NonSal: {Trough, Trough}, Sal2Rand: {Peak, Corner},
	} {
		if from, to := s.Spots(); [2]Spot{from, to} != want {
			t.Errorf("%s: %v → %v", s, from, to)
		}
	}
}

// The boxes of torchvision 0.29's CutMix.make_params, run with its two random numbers given.
func TestRandomBoxVectors(t *testing.T) {
	tests := []struct {
		x, y int
		lam  float64
		h, w int
		want premix.Box
		real float64
	}{
		{112, 112, 0.5, 224, 224, premix.Box{X0: 33, Y0: 33, X1: 191, Y1: 191}, 0.5024713010204082},
		{190, 240, 0.5, 375, 500, premix.Box{X0: 14, Y0: 108, X1: 366, Y1: 372}, 0.5043839999999999},
		{6, 374, 0.38075791704476514, 375, 500, premix.Box{X0: 0, Y0: 227, X1: 202, Y1: 375}, 0.8405546666666667},
		{81, 36, 0.0, 375, 500, premix.Box{X0: 0, Y0: 0, X1: 331, Y1: 223}, 0.6063306666666667},
		{0, 2, 0.6179261849630812, 375, 500, premix.Box{X0: 0, Y0: 0, X1: 154, Y1: 117}, 0.903904},
		{446, 85, 0.7735937030276743, 375, 500, premix.Box{X0: 328, Y0: 0, X1: 500, Y1: 174}, 0.840384},
		{40, 13, 0.9999, 33, 41, premix.Box{X0: 40, Y0: 13, X1: 40, Y1: 13}, 1.0},
		{152, 11, 0.0, 375, 500, premix.Box{X0: 0, Y0: 0, X1: 402, Y1: 198}, 0.575488},
		{4, 21, 0.9357926558382951, 33, 41, premix.Box{X0: 0, Y0: 17, X1: 9, Y1: 25}, 0.9467849223946785},
		{21, 4, 1.0, 33, 41, premix.Box{X0: 21, Y0: 4, X1: 21, Y1: 4}, 1.0},
		{20, 11, 0.9999, 33, 41, premix.Box{X0: 20, Y0: 11, X1: 20, Y1: 11}, 1.0},
		{11, 5, 0.17612008047849625, 7, 300, premix.Box{X0: 0, Y0: 2, X1: 147, Y1: 7}, 0.65},
		{23, 24, 0.0, 33, 41, premix.Box{X0: 3, Y0: 8, X1: 41, Y1: 33}, 0.29785661492978566},
		{0, 0, 0.9999, 1, 1, premix.Box{X0: 0, Y0: 0, X1: 0, Y1: 0}, 1.0},
	}
	for _, tt := range tests {
		size := premix.Size{H: tt.h, W: tt.w}
		got := RandomBox(premix.Peak{X: tt.x, Y: tt.y}, tt.lam, size)
		if lam := Share(got, size); got != tt.want || lam != tt.real {
			t.Errorf("(%d,%d) λ %v in %v: %v, λ %v, want %v, λ %v", tt.x, tt.y, tt.lam, size, got, lam, tt.want, tt.real)
		}
	}
}

func TestSmallSize(t *testing.T) {
	size := premix.Size{H: 100, W: 224}
	tests := []struct {
		lam, lo, hi float64
		want        premix.Size
	}{
		{1, 0.1, 0.8, premix.Size{H: 10, W: 22}},
		{0, 0.1, 0.8, premix.Size{H: 80, W: 179}},
		{0.5, 0.25, 0.75, premix.Size{H: 50, W: 112}},
		{0.9, 0.001, 0.002, premix.Size{H: 1, W: 1}},
		{0.3, 1, 1, size},
	}
	for _, tt := range tests {
		if got := SmallSize(tt.lam, tt.lo, tt.hi, size); got != tt.want {
			t.Errorf("λ %v, scale %v to %v: %v, want %v", tt.lam, tt.lo, tt.hi, got, tt.want)
		}
	}
}

// FuzzPlace holds for every scheme and border: both boxes are inside and of one size, λ is the
// share of the target that stays, and each box holds the point it is about, unless it is empty.
func FuzzPlace(f *testing.F) {
	f.Add(uint8(0), false, 112, 112, 10, 10, 0.5, 224, 224)
	f.Add(uint8(2), true, 0, 499, 374, 0, 0.01, 375, 500)
	f.Add(uint8(5), false, -1, 1<<40, 5, 5, -3.0, 1, 1)
	f.Fuzz(func(t *testing.T, scheme uint8, shift bool, x0, y0, x1, y1 int, lam float64, h, w int) {
		if h < 1 || w < 1 || h > 1<<15 || w > 1<<15 {
			t.Skip()
		}
		size, border := premix.Size{H: h, W: w}, Clip
		if shift {
			border = Shift
		}
		s := Scheme(Schemes()[int(scheme)%len(Schemes())])
		from, to := premix.Peak{X: x0, Y: y0}, premix.Peak{X: x1, Y: y1}
		src, dst, share := Place(s, border, from, to, lam, size)
		if !within(src, size) || !within(dst, size) {
			t.Fatalf("%s %s: %v → %v outside of %v", s, border, src, dst, size)
		}
		if src.X1-src.X0 != dst.X1-dst.X0 || src.Y1-src.Y0 != dst.Y1-dst.Y0 {
			t.Fatalf("%s %s: %v → %v differ in size", s, border, src, dst)
		}
		if want := 1 - float64(dst.Area())/float64(h*w); share != want {
			t.Fatalf("%s %s: λ %v, but %v of the pixels stay", s, border, share, want)
		}
		if dst.Empty() {
			return
		}
		if !holds(src, from, size) {
			t.Fatalf("%s %s: %v does not hold %v", s, border, src, from)
		}
		if _, spot := s.Spots(); (spot == Peak || spot == Trough) && !holds(dst, to, size) {
			t.Fatalf("%s %s: %v does not hold %v", s, border, dst, to)
		}
	})
}

// holds reports whether a box holds the pixel nearest to a point.
func holds(b premix.Box, p premix.Peak, size premix.Size) bool {
	x, y := inside(p.X, size.W), inside(p.Y, size.H)
	return b.X0 <= x && x < b.X1 && b.Y0 <= y && y < b.Y1
}
