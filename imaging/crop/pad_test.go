package crop

import (
	"bytes"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// picture is an image of w×h pixels of which no two are alike, and none is black.
func picture(w, h int) *imaging.Image {
	m := new(imaging.Image)
	m.Resize(w, h)
	for i := range w * h {
		m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2] = byte(i), byte(i>>8), 1
	}
	return m
}

// shown is the pixel p of n that a place in a padded image shows, or −1 for black.
func shown(p, n int, reflect bool) int {
	switch {
	case p >= 0 && p < n:
		return p
	case !reflect:
		return -1
	case p < 0:
		return -p
	}
	return 2*(n-1) - p
}

// TestPad compares each pixel of padded crops with what the definition says of its place, and each plan
// with the one that is rebuilt from its row.
func TestPad(t *testing.T) {
	draws := weyl(11)
	for n, tt := range []struct {
		geometry string
		size     premix.Size
		w, h     int
	}{
		{"pad:4", premix.Size{H: 32, W: 32}, 32, 32},
		{"pad:4:reflect", premix.Size{H: 32, W: 32}, 32, 32},
		{"pad:7:reflect", premix.Size{H: 15, W: 21}, 40, 18},
		{"pad:7", premix.Size{H: 15, W: 21}, 18, 40},
		{"pad:5:reflect", premix.Size{H: 12, W: 12}, 6, 7},
		{"pad:5", premix.Size{H: 12, W: 12}, 2, 3},
	} {
		g := Geometry{Size: tt.size, Resize: NoResize, HFlip: 0.5, Filter: imaging.Lanczos}
		if !g.Parse(tt.geometry) || g.Text() != tt.geometry {
			t.Fatalf("%s is %q", tt.geometry, g.Text())
		}
		if err := g.Check(tt.w, tt.h); err != nil {
			t.Fatal(err)
		}
		src, places, flips := picture(tt.w, tt.h), map[premix.Box]bool{}, 0
		for range 300 {
			p := g.Plan(tt.w, tt.h, draws.Float64)
			places[p.Win] = true
			if p.Flip {
				flips++
			}
			s := premix.Sample{Width: tt.w, Height: tt.h, Crop: p.Crop, Flip: p.Flip}
			if again := g.At(&s); again != p {
				t.Fatalf("%s: %+v, rebuilt %+v", tt.geometry, p, again)
			}
			var dst imaging.Image
			if err := p.Apply(&dst, src, new(imaging.Resampler), g.Filter); err != nil {
				t.Fatal(err)
			}
			for y := range tt.size.H {
				for x := range tt.size.W {
					at := x
					if p.Flip {
						at = tt.size.W - 1 - x
					}
					u, v := shown(p.Win.X0+at, tt.w, g.Reflect), shown(p.Win.Y0+y, tt.h, g.Reflect)
					want := []byte{0, 0, 0}
					if u >= 0 && v >= 0 {
						want = src.Pix[3*(v*tt.w+u):][:3]
					}
					if got := dst.Pix[3*(y*dst.W+x):][:3]; !bytes.Equal(got, want) {
						t.Fatalf("%d: %s of %d×%d at %v, flip %v: pixel %d,%d is %v, want %v", n, tt.geometry, tt.w, tt.h, p.Win, p.Flip, x, y, got, want)
					}
				}
			}
		}
		if all := (tt.w + 2*g.Padding - tt.size.W + 1) * (tt.h + 2*g.Padding - tt.size.H + 1); len(places) < min(all, 50) {
			t.Errorf("%s: %d places of %d in 300 draws", tt.geometry, len(places), all)
		}
		if flips < 100 || flips > 200 {
			t.Errorf("%s: %d flips of 300", tt.geometry, flips)
		}
	}
}

// TestPadResized: an image of another size is resized first, and its plan is rebuilt from fractions.
func TestPadResized(t *testing.T) {
	draws := weyl(5)
	for range 3000 {
		g := Geometry{Mode: Pad, Padding: 4, Size: premix.Size{H: 32, W: 32}, Resize: 32 + int(draws.Float64()*20), Filter: imaging.Bilinear}
		w, h := 1+int(draws.Float64()*5000), 1+int(draws.Float64()*5000)
		p := g.Plan(w, h, draws.Float64)
		if again := g.At(&premix.Sample{Width: w, Height: h, Crop: p.Crop}); again != p {
			t.Fatalf("%d×%d: %+v, rebuilt %+v", w, h, p, again)
		}
		if min(p.W, p.H) != g.Resize || p.Win.X0 < -4 || p.Win.Y0 < -4 || p.Win.X1 > p.W+4 || p.Win.Y1 > p.H+4 || p.Win.X1-p.Win.X0 != 32 || p.Win.Y1-p.Win.Y0 != 32 {
			t.Fatalf("%d×%d: %+v", w, h, p)
		}
	}
}

// TestNotResized: an image of exactly the size is left as it is, and a larger one is only cut.
func TestNotResized(t *testing.T) {
	g := Geometry{Mode: Center, Size: premix.Size{H: 32, W: 32}, Resize: NoResize, Filter: imaging.Lanczos}
	for _, side := range []int{32, 33, 40} {
		src := picture(side, side)
		var dst imaging.Image
		p := g.Plan(side, side, nil)
		if err := p.Apply(&dst, src, new(imaging.Resampler), g.Filter); err != nil {
			t.Fatal(err)
		}
		x0, y0 := int(p.Crop.X), int(p.Crop.Y)
		for y := range 32 {
			if !bytes.Equal(dst.Row(y), src.Row(y0 + y)[3*x0:][:3*32]) {
				t.Fatalf("%d: row %d differs", side, y)
			}
		}
	}
}

// TestTooSmall wants a fault that says what is too small.
func TestTooSmall(t *testing.T) {
	for _, tt := range []struct {
		geometry string
		resize   int
		w, h     int
		want     string
	}{
		{"center", NoResize, 32, 32, ""},
		{"center", NoResize, 31, 32, "31×32 pixels, smaller than --size 32"},
		{"center", NoResize, 100, 31, "smaller than --size 32"},
		{"center", 32, 1, 1, ""},
		{"squash", NoResize, 1, 1, ""},
		{"rrc", NoResize, 1, 1, ""},
		{"pad:4", NoResize, 24, 24, ""},
		{"pad:4", NoResize, 24, 23, "24×23 pixels, padded by 4, smaller than --size 32"},
		{"pad:15:reflect", NoResize, 16, 16, ""},
		{"pad:15:reflect", NoResize, 40, 15, "too few to mirror 15 of them"},
		{"pad:15:reflect", 32, 40, 15, ""},
	} {
		g := Geometry{Size: premix.Size{H: 32, W: 32}, Resize: tt.resize}
		g.Parse(tt.geometry)
		err := g.Check(tt.w, tt.h)
		if tt.want == "" && err == nil {
			continue
		}
		if f := premix.AsFault(err); f == nil || tt.want == "" || f.Kind != premix.TooSmall || !strings.Contains(f.Reason, tt.want) {
			t.Errorf("%s, resize %d, %d×%d: %v, want %q", tt.geometry, tt.resize, tt.w, tt.h, err, tt.want)
		}
	}
}

// TestFlip mirrors the crops that are not drawn, and rebuilds their plans.
func TestFlip(t *testing.T) {
	for _, mode := range []string{Center, Squash} {
		g := Geometry{Mode: mode, Size: premix.Size{H: 8, W: 8}, Resize: 9, HFlip: 0.5, Filter: imaging.Bilinear}
		still := g
		still.HFlip = 0
		if !g.Random() || still.Random() {
			t.Errorf("%s: random %v, without flips %v", mode, g.Random(), still.Random())
		}
		for _, u := range []float64{0.49, 0.5} {
			p := g.Plan(20, 10, func() float64 { return u })
			want := still.Plan(20, 10, nil)
			want.Flip = u < 0.5
			if again := g.At(&premix.Sample{Width: 20, Height: 10, Crop: p.Crop, Flip: p.Flip}); p != want || again != p {
				t.Errorf("%s, %v: %+v, rebuilt %+v, want %+v", mode, u, p, again, want)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"rrc": "rrc", "center": "center", "squash": "squash", "pad:4": "pad:4", "pad:4:zero": "pad:4", "pad:12:reflect": "pad:12:reflect",
		"pad": "", "pad:": "", "pad:4:": "", "pad:-1": "", "pad:+4": "", "pad:04": "", "pad:4.5": "", "pad:4:edge": "", "pad:99999": "", "": "", "Center": "", "center:4": "",
	} {
		var g Geometry
		if ok := g.Parse(text); ok != (want != "") || ok && g.Text() != want {
			t.Errorf("%q: %v, %q", text, ok, g.Text())
		}
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		geometry string
		resize   int
		hflip    float64
		want     string
	}{
		{"pad:4", 32, 0.5, ""},
		{"pad:4", 24, 0.5, ""},
		{"pad:4", NoResize, 0, ""},
		{"pad:4", 23, 0.5, "--resize 23 with --geometry pad:4"},
		{"pad:0", 32, 0.5, "pad at least 1 pixel"},
		{"pad:15", 32, 0.5, ""},
		{"pad:16", 32, 0.5, "less than half of a side"},
		{"pad:12:reflect", 12, 0.5, "use --resize 13 or more"},
		{"pad:12", 12, 0.5, ""},
		{"pad:4", 32769, 0.5, "at most 32768"},
		{"center", NoResize, 0, ""},
		{"center", 31, 0, "smaller than the crop"},
		{"center", 32, 1.5, "--hflip 1.5"},
		{"squash", 0, -0.5, "--hflip -0.5"},
	} {
		g := Geometry{Size: premix.Size{H: 32, W: 32}, Resize: tt.resize, HFlip: tt.hflip, Scale: DefaultScale, Ratio: DefaultRatio}
		g.Parse(tt.geometry)
		err := g.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s, resize %d, hflip %v: %v, want %q", tt.geometry, tt.resize, tt.hflip, err, tt.want)
		}
	}
}
