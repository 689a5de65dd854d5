package saliency

import (
	"fmt"
	"math"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
)

// achanta is the definition of the squared distances in float64, written from the paper and the
// authors' code.
func achanta(img *imaging.Image) []float64 {
	w, h := img.W, img.H
	linear := func(v uint8) float64 {
		c := float64(v) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return (903.3*t + 16) / 116
	}
	lab := make([][3]float64, w*h)
	var mean [3]float64
	for i := range lab {
		r, g, b := linear(img.Pix[3*i]), linear(img.Pix[3*i+1]), linear(img.Pix[3*i+2])
		x := f((.4124564*r + .3575761*g + .1804375*b) / 0.950456)
		y := f(.2126729*r + .7151522*g + .0721750*b)
		z := f((.0193339*r + .1191920*g + .9503041*b) / 1.088754)
		lab[i] = [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
		for c := range mean {
			mean[c] += lab[i][c] / float64(w*h)
		}
	}
	blur := func(src [][3]float64, dx, dy int) [][3]float64 {
		dst := make([][3]float64, w*h)
		for i := range dst {
			total := 0.
			for k, weight := range [5]float64{1, 4, 6, 4, 1} {
				x, y := i%w+dx*(k-2), i/w+dy*(k-2)
				if x < 0 || x >= w || y < 0 || y >= h {
					continue
				}
				total += weight
				for c := range 3 {
					dst[i][c] += weight * src[y*w+x][c]
				}
			}
			for c := range 3 {
				dst[i][c] /= total
			}
		}
		return dst
	}
	lab = blur(blur(lab, 1, 0), 0, 1)
	s := make([]float64, w*h)
	for i := range s {
		for c := range 3 {
			s[i] += (lab[i][c] - mean[c]) * (lab[i][c] - mean[c])
		}
	}
	return s
}

// TestFrequencyTuned compares squared distances with the definition, and peaks with those of an
// independent NumPy implementation of it.
func TestFrequencyTuned(t *testing.T) {
	none := premix.NoPeak // ties decide
	tests := []struct {
		kind string
		w, h int
		peak premix.Peak
	}{
		{"hash", 224, 224, premix.Peak{X: 127, Y: 223}},
		{"hash", 256, 256, premix.Peak{X: 63, Y: 48}},
		{"hash", 41, 33, premix.Peak{X: 0, Y: 0}},
		{"hash", 7, 5, premix.Peak{X: 6, Y: 2}},
		{"rings", 224, 224, premix.Peak{X: 117, Y: 6}},
		{"rings", 256, 256, premix.Peak{X: 117, Y: 6}},
		{"rings", 41, 33, premix.Peak{X: 40, Y: 32}},
		{"hash", 1, 7, none}, {"hash", 7, 1, none}, {"rings", 3, 3, none}, {"disc", 50, 4, none}, {"ramp", 256, 2, none},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s/%dx%d", tt.kind, tt.w, tt.h), func(t *testing.T) {
			img := &imaging.Image{W: tt.w, H: tt.h, Pix: testimage.Generate(tt.kind, tt.w, tt.h, 3)}
			f := newFrequencyTuned()
			if got := f.Peak(img); tt.peak != none && got.Peak != tt.peak {
				t.Errorf("peak %v, want %v", got.Peak, tt.peak)
			}
			want := achanta(img)
			for i, got := range f.s {
				// S is a sum of squares of distances that are good to about 0.003.
				if d := math.Abs(math.Sqrt(float64(got)) - math.Sqrt(want[i])); d > 0.005 {
					t.Fatalf("pixel %d: distance off by %g", i, d)
				}
			}
		})
	}
}

// TestLab compares the corners of sRGB with their published Lab.
func TestLab(t *testing.T) {
	tests := []struct {
		rgb  [3]uint8
		want [3]float64
	}{

		{[3]uint8{0, 0, 0}, [3]float64{0, 0, 0}},
		{[3]uint8{255, 255, 255}, [3]float64{100, 0, 0}},
		{[3]uint8{255, 0, 0}, [3]float64{53.24, 80.09, 67.20}},
		{[3]uint8{0, 255, 0}, [3]float64{87.73, -86.18, 83.18}},
		{[3]uint8{0, 0, 255}, [3]float64{32.30, 79.19, -107.86}},
	}
	for _, tt := range tests {
		l, a, b := lab(tt.rgb[0], tt.rgb[1], tt.rgb[2])
		for i, v := range [3]int32{l, a, b} {
			if got := float64(v) / (1 << labBits); math.Abs(got-tt.want[i]) > 0.02 {
				t.Errorf("%v: component %d is %.4f, want %.2f", tt.rgb, i, got, tt.want[i])
			}
		}
	}
}
