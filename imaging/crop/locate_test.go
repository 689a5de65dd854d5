package crop

import (
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

func TestLocate(t *testing.T) {
	size := premix.Size{H: 4, W: 6}
	rrc := Plan{From: premix.Box{X0: 10, Y0: 20, X1: 22, Y1: 28}, W: 6, H: 4, Win: premix.Box{X1: 6, Y1: 4}}
	flipped := rrc
	flipped.Flip = true
	up := Plan{From: premix.Box{X0: 5, Y0: 5, X1: 7, Y1: 6}, W: 6, H: 4, Win: premix.Box{X1: 6, Y1: 4}}
	center := Geometry{Mode: Center, Size: size, Resize: 8}.Plan(16, 8, nil)
	tests := []struct {
		name string
		plan Plan
		at   premix.Peak
		want premix.Peak
	}{
		{"corner", rrc, premix.Peak{X: 10, Y: 20}, premix.Peak{}},
		{"second pixel of the first", rrc, premix.Peak{X: 11, Y: 21}, premix.Peak{}},
		{"next", rrc, premix.Peak{X: 12, Y: 22}, premix.Peak{X: 1, Y: 1}},
		{"last", rrc, premix.Peak{X: 21, Y: 27}, premix.Peak{X: 5, Y: 3}},
		{"before", rrc, premix.Peak{}, premix.Peak{}},
		{"behind", rrc, premix.Peak{X: 400, Y: 300}, premix.Peak{X: 5, Y: 3}},
		{"flipped", flipped, premix.Peak{X: 12, Y: 22}, premix.Peak{X: 4, Y: 1}},
		{"flipped, outside", flipped, premix.Peak{}, premix.Peak{X: 5}},
		{"enlarged", up, premix.Peak{X: 5, Y: 5}, premix.Peak{X: 1, Y: 2}},
		{"enlarged, second", up, premix.Peak{X: 6, Y: 5}, premix.Peak{X: 4, Y: 2}},
		{"center", center, premix.Peak{X: 8, Y: 4}, premix.Peak{X: 3, Y: 2}},
		{"center, cut off", center, premix.Peak{X: 0, Y: 7}, premix.Peak{X: 0, Y: 3}},
	}
	for _, tt := range tests {
		if got := tt.plan.Locate(tt.at); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestLocateShows holds Locate against the pixels: a bright pixel of the original is the brightest
// of the crop there, under every geometry.
func TestLocateShows(t *testing.T) {
	size := premix.Size{H: 31, W: 40}
	draws := weyl(7)
	for n := range 300 {
		g := Geometry{Mode: Modes()[n%4], Padding: 5, Reflect: n%8 > 3, Size: size, Resize: 44, Scale: [2]float64{0.2, 1}, Ratio: DefaultRatio, HFlip: 0.5, Filter: imaging.Bilinear}
		w, h := 20+int(draws.Float64()*60), 20+int(draws.Float64()*60)
		p := g.Plan(w, h, draws.Float64)
		at := premix.Peak{X: p.From.X0 + int(draws.Float64()*float64(p.From.X1-p.From.X0)), Y: p.From.Y0 + int(draws.Float64()*float64(p.From.Y1-p.From.Y0))}
		got := p.Locate(at)
		if got.X == 0 || got.Y == 0 || got.X == size.W-1 || got.Y == size.H-1 {
			continue // perhaps not in the window
		}
		var full, small imaging.Image
		full.Resize(w, h)
		clear(full.Pix)
		copy(full.Pix[3*(at.Y*w+at.X):], []byte{255, 255, 255})
		if err := p.Apply(&small, &full, new(imaging.Resampler), g.Filter); err != nil {
			t.Fatal(err)
		}
		best := byte(0)
		for _, v := range small.Pix {
			best = max(best, v)
		}
		// Two pixels that show it alike may differ by what the filter takes from the border.
		if v := small.Pix[3*(got.Y*size.W+got.X)]; 10*int(v) < 7*int(best) {
			t.Errorf("%d: %v of %d×%d is at %v of %+v, where the crop has %d, its maximum is %d", n, at, w, h, got, p, v, best)
		}
	}
}

type weyl uint64

func (w *weyl) Float64() float64 {
	*w += 0x9e3779b97f4a7c15
	z := uint64(*w)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) * 0x1p-53
}
