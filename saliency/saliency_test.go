package saliency

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
)

func TestNew(t *testing.T) {
	for _, name := range Names() {
		if _, err := New(name, Params{Gray: BT601}); err != nil {
			t.Errorf("New(%q): %v", name, err)
		}
	}
	tests := []struct {
		name string
		p    Params
	}{
		{"", Params{}},
		{"uniform", Params{}},
		{"finegrained", Params{Gray: -1}},
		{"finegrained", Params{Gray: 2}},
	}
	for _, tt := range tests {
		if _, err := New(tt.name, tt.p); err == nil {
			t.Errorf("New(%q, %+v): no error", tt.name, tt.p)
		}
	}
}

func TestParseGray(t *testing.T) {
	for _, g := range []Gray{Stored, BT601} {
		text, err := g.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Gray
		if err := back.UnmarshalText(text); err != nil || back != g || g.String() != string(text) {
			t.Errorf("%v: text %q, back as %v, %v", g, text, back, err)
		}
	}
	for _, s := range []string{"", "Stored", "bt709"} {
		if g, err := ParseGray(s); err == nil {
			t.Errorf("ParseGray(%q) = %v", s, g)
		}
	}
}

// TestGray compares the two weights by exchanging red and blue.
func TestGray(t *testing.T) {
	img := &imaging.Image{W: 90, H: 70, Pix: testimage.Generate("hash", 90, 70, 3)}
	swapped := &imaging.Image{W: 90, H: 70, Pix: slices.Clone(img.Pix)}
	for i := 0; i < len(swapped.Pix); i += 3 {
		swapped.Pix[i], swapped.Pix[i+2] = swapped.Pix[i+2], swapped.Pix[i]
	}
	for _, name := range []string{"finegrained", "spectral"} {
		var maps [3]Map
		for i, c := range []struct {
			img *imaging.Image
			g   Gray
		}{{img, Stored}, {swapped, BT601}, {img, BT601}} {
			d, err := New(name, Params{Gray: c.g})
			if err != nil {
				t.Fatal(err)
			}
			d.Map(&maps[i], c.img)
		}
		if diff := cmp.Diff(maps[0], maps[1]); diff != "" {
			t.Errorf("%s: bt601 of BGR differs from stored of RGB:\n%s", name, diff)
		}
		if cmp.Equal(maps[0], maps[2]) {
			t.Errorf("%s: bt601 and stored of RGB are equal", name)
		}
	}
}

func TestCenter(t *testing.T) {
	tests := []struct {
		w, h int
		want Result
		pix  []uint8
	}{
		{0, 5, Result{Peak: premix.NoPeak, Trough: premix.NoPeak, Flat: true}, nil},
		{1, 1, Result{}, []uint8{255}},
		{1, 2, Result{Peak: premix.Peak{X: 0, Y: 1}}, []uint8{0, 255}},
		{3, 2, Result{Peak: premix.Peak{X: 1, Y: 1}}, []uint8{0, 0, 0, 0, 255, 0}},
	}
	for _, tt := range tests {
		img := &imaging.Image{W: tt.w, H: tt.h, Pix: testimage.Generate("hash", tt.w, tt.h, 3)}
		var m Map
		if got := (center{}).Map(&m, img); got != tt.want {
			t.Errorf("%d×%d: %v, want %v", tt.w, tt.h, got, tt.want)
		}
		if got := (center{}).Peak(img); got != tt.want {
			t.Errorf("%d×%d: peak %v, want %v", tt.w, tt.h, got, tt.want)
		}
		if diff := cmp.Diff(tt.pix, m.Pix); diff != "" {
			t.Errorf("%d×%d: map (-want +got):\n%s", tt.w, tt.h, diff)
		}
	}
}

// TestDetectors holds every detector to the contract of the interface.
func TestDetectors(t *testing.T) {
	sizes := []struct{ w, h int }{{0, 0}, {0, 7}, {7, 0}, {1, 1}, {1, 9}, {9, 1}, {2, 2}, {17, 250}, {64, 64}, {33, 41}, {40, 3}, {224, 224}, {1, 1}}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			d, err := New(name, Params{})
			if err != nil {
				t.Fatal(err)
			}
			var m Map
			for _, s := range sizes {
				for _, kind := range testimage.Kinds() {
					img := &imaging.Image{W: s.w, H: s.h, Pix: testimage.Generate(kind, s.w, s.h, 3)}
					got := d.Map(&m, img)
					if m.W != s.w || m.H != s.h || len(m.Pix) != s.w*s.h {
						t.Fatalf("%s %d×%d: map %d×%d of %d pixels", kind, s.w, s.h, m.W, m.H, len(m.Pix))
					}
					if want := extrema(m.Pix, m.W); got != want {
						t.Errorf("%s %d×%d: Map returns %v, the map has %v", kind, s.w, s.h, got, want)
					}
					if p := d.Peak(img); p != got {
						t.Errorf("%s %d×%d: Peak returns %v, Map %v", kind, s.w, s.h, p, got)
					}
				}
			}
		})
	}
}

func TestDetectorsFlat(t *testing.T) {
	for _, name := range []string{"finegrained", "spectral", "frequencytuned"} {
		d, err := New(name, Params{})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []byte{0, 1, 128, 255} {
			img := &imaging.Image{W: 50, H: 40, Pix: make([]byte, 3*50*40)}
			for i := range img.Pix {
				img.Pix[i] = v
			}
			if got, want := d.Peak(img), (Result{Flat: true}); got != want {
				t.Errorf("%s: %v for a picture of %d", name, got, v)
			}
		}
	}
}

// TestDetectorsReuseMemory holds the detectors to allocating nothing for a second image.
func TestDetectorsReuseMemory(t *testing.T) {
	img := &imaging.Image{W: 120, H: 90, Pix: testimage.Generate("rings", 120, 90, 3)}
	for _, name := range Names() {
		d, err := New(name, Params{})
		if err != nil {
			t.Fatal(err)
		}
		var m Map
		run := func() { d.Peak(img); d.Map(&m, img) }
		run()
		if n := testing.AllocsPerRun(10, run); n != 0 {
			t.Errorf("%s: %v allocations an image", name, n)
		}
	}
}

// TestAgreement: the promise for fine-grained maps ends where its proof does.
func TestAgreement(t *testing.T) {
	for _, tt := range []struct {
		name string
		w, h int
		want string
	}{
		{"finegrained", 224, 224, "the same map"},
		{"finegrained", 65793, 1, "the same map"},
		{"finegrained", 65794, 1, "the same peaks"},
		{"finegrained", 384, 384, "the same peaks"},
		{"spectral", 224, 224, "3e-6"},
		{"center", 224, 224, "nothing: "},
	} {
		if got := Agreement(tt.name, tt.w, tt.h); !strings.Contains(got, tt.want) {
			t.Errorf("%s, %d×%d: %q, want %q", tt.name, tt.w, tt.h, got, tt.want)
		}
	}
	for _, name := range Names() {
		if name != "center" && Agreement(name, 224, 224) == Agreement("center", 224, 224) {
			t.Errorf("nothing is said of %s", name)
		}
	}
}
