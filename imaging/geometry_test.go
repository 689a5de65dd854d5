package imaging

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
)

// The checksums are of T.Compose([T.Resize(resize), T.CenterCrop(size)]) of torchvision 0.29 and
// Pillow 13.0.0 on the image "hash".
func TestCenterPlanEqualsTorchvision(t *testing.T) {
	tests := []struct {
		w, h, resize int
		size         premix.Size
		crc          uint32
	}{
		{50, 37, 26, premix.Size{H: 22, W: 22}, 0x26b3524e},
		{37, 50, 26, premix.Size{H: 22, W: 22}, 0x2220bbfb},
		{41, 33, 29, premix.Size{H: 24, W: 22}, 0x28b0a2b0},
		{33, 33, 27, premix.Size{H: 24, W: 24}, 0xccb19b9e},
		{100, 7, 30, premix.Size{H: 32, W: 30}, 0xdff18fc3},
		{7, 100, 30, premix.Size{H: 30, W: 37}, 0x377d62ba},
		{9, 9, 12, premix.Size{H: 21, W: 20}, 0xb61793bb},
		{64, 48, 48, premix.Size{H: 48, W: 48}, 0x84227972},
		{31, 47, 23, premix.Size{H: 20, W: 19}, 0x15a5c9c9},
		{99, 98, 40, premix.Size{H: 33, W: 35}, 0x804387dd},
		{500, 3, 20, premix.Size{H: 24, W: 24}, 0x552c868c},
		{3, 2, 1, premix.Size{H: 1, W: 1}, 0x49f4186e},
		{10, 3, 2, premix.Size{H: 5, W: 2}, 0x9dc8ed2b},
	}
	var r Resampler
	var dst Image
	for _, tt := range tests {
		rw, rh, win, crop := CenterPlan(tt.w, tt.h, tt.resize, tt.size)
		if err := r.Resize(&dst, generated("hash", tt.w, tt.h), whole(tt.w, tt.h), rw, rh, win, Bilinear); err != nil {
			t.Fatal(err)
		}
		if got := crc32.ChecksumIEEE(dst.Pix); dst.W != tt.size.W || dst.H != tt.size.H || got != tt.crc {
			t.Errorf("%d×%d to %d, crop %v: window %v of %d×%d, CRC %08x, want %08x", tt.w, tt.h, tt.resize, tt.size, win, rw, rh, got, tt.crc)
		}
		// The crop, scaled as the image was, is the window.
		sx, sy := float64(rw)/float64(tt.w), float64(rh)/float64(tt.h)
		for _, v := range [][2]float64{{crop.X * sx, float64(win.X0)}, {crop.Y * sy, float64(win.Y0)}, {crop.W * sx, float64(tt.size.W)}, {crop.H * sy, float64(tt.size.H)}} {
			if math.Abs(v[0]-v[1]) > 1e-9 {
				t.Errorf("%d×%d to %d, crop %v: rectangle %v is not window %v", tt.w, tt.h, tt.resize, tt.size, crop, win)
				break
			}
		}
	}
}

func TestCenterPlanOfImageNet(t *testing.T) {
	rw, rh, win, crop := CenterPlan(500, 375, 256, premix.Size{H: 224, W: 224})
	got := fmt.Sprint(rw, rh, win, crop)
	want := "341 256 [58,16,282,240] {85.04398826979472 23.4375 328.4457478005865 328.125}"
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// uniforms is a linear congruential generator, for vectors that any language can repeat.
func uniforms() func() float64 {
	x := uint64(12345)
	return func() float64 {
		x = x*6364136223846793005 + 1442695040888963407
		return float64(x>>11) / (1 << 53)
	}
}

// The checksums are of 2,000 rectangles as little-endian 32-bit numbers from torchvision's
// get_params, its generator replaced by uniforms, in Python's arithmetic.
func TestRRCPlanEqualsTorchvision(t *testing.T) {
	usual := [2]float64{3.0 / 4, 4.0 / 3}
	tests := []struct {
		w, h         int
		scale, ratio [2]float64
		crc          uint32
		last         premix.Box
	}{
		{500, 375, [2]float64{.08, 1}, usual, 0x44db3a1b, premix.Box{X0: 49, Y0: 46, X1: 302, Y1: 295}},
		{333, 500, [2]float64{.08, 1}, usual, 0x7ee86a9d, premix.Box{X0: 173, Y0: 83, X1: 311, Y1: 250}},
		{1000, 10, [2]float64{.08, 1}, usual, 0x1690a3db, premix.Box{X0: 493, Y0: 0, X1: 506, Y1: 10}},
		{10, 1000, [2]float64{.5, 1}, usual, 0xb53774de, premix.Box{X0: 0, Y0: 493, X1: 10, Y1: 506}},
		{3, 2, [2]float64{.08, 1}, [2]float64{.5, 2}, 0xf18c2f2a, premix.Box{X0: 0, Y0: 0, X1: 3, Y1: 2}},
		{64, 64, [2]float64{1, 1}, [2]float64{1, 1}, 0x7d9a2d5b, premix.Box{X0: 0, Y0: 0, X1: 64, Y1: 64}},
	}
	for _, tt := range tests {
		u := uniforms()
		var all []byte
		var b premix.Box
		for range 2000 {
			b = RRCPlan(tt.w, tt.h, tt.scale, tt.ratio, u)
			if b.Empty() || b.X0 < 0 || b.Y0 < 0 || b.X1 > tt.w || b.Y1 > tt.h {
				t.Fatalf("%d×%d: %v", tt.w, tt.h, b)
			}
			for _, v := range []int{b.X0, b.Y0, b.X1, b.Y1} {
				all = binary.LittleEndian.AppendUint32(all, uint32(v))
			}
		}
		if got := crc32.ChecksumIEEE(all); got != tt.crc {
			t.Errorf("%d×%d: CRC %08x, want %08x; the last %v, want %v", tt.w, tt.h, got, tt.crc, b, tt.last)
		}
	}
}

// Images of one pixel a side, and numbers at the ends of [0, 1), stay inside.
func TestRRCPlanExtremes(t *testing.T) {
	for _, u := range []float64{0, 0.5, 1 - 1.0/(1<<53)} {
		for _, size := range [][2]int{{1, 1}, {1, 5000}, {5000, 1}, {65535, 1}, {1, 65535}, {65535, 65535}} {
			w, h := size[0], size[1]
			b := RRCPlan(w, h, [2]float64{0.08, 1}, [2]float64{3.0 / 4, 4.0 / 3}, func() float64 { return u })
			if b.Empty() || b.X0 < 0 || b.Y0 < 0 || b.X1 > w || b.Y1 > h {
				t.Errorf("%d×%d with %v: %v", w, h, u, b)
			}
		}
	}
}

func TestFlipH(t *testing.T) {
	m := &Image{W: 3, H: 2, Pix: []byte("abcdefghiABCDEFGHI")}
	FlipH(m)
	if diff := cmp.Diff("ghidefabcGHIDEFABC", string(m.Pix)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	FlipH(m)
	if diff := cmp.Diff("abcdefghiABCDEFGHI", string(m.Pix)); diff != "" {
		t.Errorf("twice (-want +got)\n%s", diff)
	}
}
