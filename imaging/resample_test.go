package imaging

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/testimage"
)

var filters = []Filter{Bilinear, Bicubic, Lanczos}

func generated(kind string, w, h int) *Image {
	return &Image{W: w, H: h, Pix: testimage.Generate(kind, w, h, 3)}
}

func whole(w, h int) premix.Box { return premix.Box{X1: w, Y1: h} }

// The checksums are of Pillow 13.0.0's pixels.
func TestResizeEqualsPillow(t *testing.T) {
	tests := []struct {
		kind         string
		w, h, rw, rh int
		crop         premix.Box
		crcs         [3]uint32
	}{
		{"hash", 500, 375, 341, 256, premix.Box{X0: 58, Y0: 16, X1: 282, Y1: 240}, [3]uint32{0xf66bced2, 0x95ea121c, 0xfb7e9fb5}},
		{"rings", 500, 375, 341, 256, premix.Box{X0: 58, Y0: 16, X1: 282, Y1: 240}, [3]uint32{0xd24dd15c, 0x5e5004c1, 0xd954185b}},
		{"hash", 333, 500, 256, 384, premix.Box{X0: 16, Y0: 80, X1: 240, Y1: 304}, [3]uint32{0xfc8e4d4e, 0xe33b65dd, 0x1a67d818}},
		{"rings", 80, 100, 256, 320, premix.Box{X0: 16, Y0: 48, X1: 240, Y1: 272}, [3]uint32{0x696d36fb, 0x7b66a7c2, 0xf236404d}},
		{"disc", 256, 300, 256, 224, premix.Box{X0: 16, Y0: 0, X1: 240, Y1: 224}, [3]uint32{0x18d83cc5, 0x0f8122e0, 0x8bc43280}},
		{"hash", 301, 17, 4533, 256, whole(4533, 256), [3]uint32{0x03a82561, 0x39f9277b, 0xdc8f9428}},
	}
	for _, tt := range tests {
		src := generated(tt.kind, tt.w, tt.h)
		for i, f := range filters {
			t.Run(fmt.Sprintf("%s-%dx%d-%dx%d-%s", tt.kind, tt.w, tt.h, tt.rw, tt.rh, f), func(t *testing.T) {
				for _, plain := range []bool{true, false} {
					r := Resampler{plain: plain}
					var win, full Image
					if err := r.Resize(&win, src, whole(tt.w, tt.h), tt.rw, tt.rh, tt.crop, f); err != nil {
						t.Fatal(err)
					}
					if got := crc32.ChecksumIEEE(win.Pix); got != tt.crcs[i] {
						t.Errorf("plain %v: CRC %08x, want %08x", plain, got, tt.crcs[i])
					}
					if err := r.Resize(&full, src, whole(tt.w, tt.h), tt.rw, tt.rh, whole(tt.rw, tt.rh), f); err != nil {
						t.Fatal(err)
					}
					if got := crc32.ChecksumIEEE(cut(&full, tt.crop).Pix); got != tt.crcs[i] {
						t.Errorf("plain %v: full and cropped CRC %08x, want %08x", plain, got, tt.crcs[i])
					}
				}
			})
		}
	}
}

// TestResizeOrder reads checksums of Pillow 13.0.0's pixels for sizes on both sides of where it changes
// the order of its passes (testdata/resize.py), with and without assembly, stored and in strips.
func TestResizeOrder(t *testing.T) {
	text, err := os.ReadFile("testdata/resize.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var upright, ordinary int
	for line := range strings.Lines(string(text)) {
		var kind string
		var w, h, rw, rh int
		var crcs [3]uint32
		if _, err := fmt.Sscanf(line, "%s\t%d\t%d\t%d\t%d\t%x\t%x\t%x", &kind, &w, &h, &rw, &rh, &crcs[0], &crcs[1], &crcs[2]); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if verticalFirst(w, h, rw, rh) {
			upright++
		} else {
			ordinary++
		}
		src := generated(kind, w, h)
		win := premix.Box{X0: rw / 3, Y0: rh / 4, X1: rw - rw/5, Y1: rh - rh/6}
		for i, f := range filters {
			for _, r := range []Resampler{{plain: true}, {}, {store: 1}, {plain: true, store: 1000}} {
				var full, part Image
				if err := r.Resize(&full, src, whole(w, h), rw, rh, whole(rw, rh), f); err != nil {
					t.Fatal(err)
				}
				if got := crc32.ChecksumIEEE(full.Pix); got != crcs[i] {
					t.Errorf("%s %d×%d to %d×%d, %s, plain %v, store %d: CRC %08x, want %08x", kind, w, h, rw, rh, f, r.plain, r.store, got, crcs[i])
				}
				if win.Empty() {
					continue
				}
				if err := r.Resize(&part, src, whole(w, h), rw, rh, win, f); err != nil {
					t.Fatal(err)
				}
				if want := cut(&full, win); !bytes.Equal(part.Pix, want.Pix) {
					t.Errorf("%s %d×%d to %d×%d, %s, plain %v, store %d: the window %v differs", kind, w, h, rw, rh, f, r.plain, r.store, win)
				}
			}
		}
	}
	if upright < 10 || ordinary < 10 {
		t.Errorf("%d sizes with the vertical pass first, %d without: too few to tell", upright, ordinary)
	}
}

// cut returns a copy of a part of m.
func cut(m *Image, b premix.Box) *Image {
	var c Image
	c.Resize(b.X1-b.X0, b.Y1-b.Y0)
	for y := range c.H {
		copy(c.Row(y), m.Row(b.Y0 + y)[3*b.X0:])
	}
	return &c
}
