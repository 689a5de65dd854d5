package jpeg

import (
	"bytes"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// Assembly, each part of it and plain Go give the same pixels.
func TestPlainGo(t *testing.T) {
	needSIMD(t)
	var d Decoder
	for name, data := range smallFiles(t) {
		for _, o := range []Options{{}, {AcceptTruncated: true}} {
			want, err := checkDecode(t, &d, data, o)
			for _, k := range kernelSets {
				restore := kernels(k.simd, k.bits)
				got, again := checkDecode(t, &d, data, o)
				restore()
				if !bytes.Equal(got, want) || (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
					t.Errorf("%s, %s: other pixels; %v, %v", name, k.name, err, again)
				}
			}
		}
	}
}

func TestAllocations(t *testing.T) {
	files := smallFiles(t)
	for _, name := range []string{"420-35x18", "444-29x21", "420-restart1-50x35", "420-progressive-37x29", "prog-dconly-53x39", "cmyk-26x18", "s41-53x39"} {
		data := files[name]
		var d Decoder
		var pix []byte
		n := testing.AllocsPerRun(20, func() {
			var err error
			if pix, _, err = d.Decode(pix, data, Options{}); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations an image", name, n)
		}
		n = testing.AllocsPerRun(20, func() {
			if _, err := DecodeHeader(data); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a header", name, n)
		}
	}
}

// Header.Memory bounds what a new Decoder allocates, and not by much.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	for name, data := range soundFiles(t) {
		h, err := DecodeHeader(data)
		if err != nil {
			t.Fatal(err)
		}
		// The least of some runs: others allocate, too.
		got := int64(math.MaxInt64)
		for range 5 {
			d := new(Decoder)
			runtime.ReadMemStats(&before)
			_, _, err = d.Decode(nil, data, Options{})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			got = min(got, int64(after.TotalAlloc-before.TotalAlloc))
		}
		// The runtime rounds sizes up, by 12.5 % at most from 1 KiB on.
		if got > h.Memory()*9/8+4096 || got < h.Memory()/2-4096 {
			t.Errorf("%s: %d bytes allocated, %d announced", name, got, h.Memory())
		}
	}
}

// The memory that a large progressive image needs is not kept.
func TestShrink(t *testing.T) {
	var d Decoder
	d.coefs, d.unstuffed, d.strips = make([]int16, maxKept), make([]byte, maxKept+1), make([]byte, maxKept+1)
	if _, _, err := d.Decode(nil, smallFiles(t)["420-4x4"], Options{}); err != nil {
		t.Fatal(err)
	}
	if d.coefs != nil || d.unstuffed != nil || d.strips != nil {
		t.Errorf("%d coefficients and %d + %d bytes kept", cap(d.coefs), cap(d.unstuffed), cap(d.strips))
	}
}

// A destination that is large enough is used.
func TestDestination(t *testing.T) {
	data := smallFiles(t)["444-29x21"]
	var d Decoder
	want, err := checkDecode(t, &d, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	buf := bytes.Repeat([]byte{0xa5}, len(want)+10)
	got, _, err := d.Decode(buf[:0], data, Options{})
	if err != nil || !bytes.Equal(got, want) || &got[0] != &buf[0] {
		t.Errorf("%v, same pixels: %t, same memory: %t", err, bytes.Equal(got, want), &got[0] == &buf[0])
	}
	if !bytes.Equal(buf[len(want):], bytes.Repeat([]byte{0xa5}, 10)) {
		t.Error("wrote behind the pixels")
	}
}

// fancy upsamples and converts an image of the standard library with this package's code.
func fancy(m *image.YCbCr) []byte {
	var d Decoder
	w, h := m.Rect.Dx(), m.Rect.Dy()
	hmax, vmax := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		hmax, vmax = 2, 2
	case image.YCbCrSubsampleRatio422:
		hmax = 2
	case image.YCbCrSubsampleRatio440:
		vmax = 2
	case image.YCbCrSubsampleRatio411:
		hmax = 4
	case image.YCbCrSubsampleRatio410:
		hmax, vmax = 4, 2
	}
	d.p.width, d.p.height, d.p.ncomp, d.p.hmax, d.p.vmax, d.model = w, h, 3, hmax, vmax, YCbCr
	for i, plane := range [][]byte{m.Y, m.Cb, m.Cr} {
		c := &d.comps[i]
		*c = component{h: 1, v: 1, dw: ceil(w, hmax), dh: ceil(h, vmax), strip: plane, stride: m.CStride}
		if i == 0 {
			c.h, c.v, c.dw, c.dh, c.stride = hmax, vmax, w, h, m.YStride
		}
		c.rows = len(plane) / c.stride
		d.up[i] = newUpsampler(c, hmax, vmax, make([]byte, w+64))
	}
	pix := make([]byte, 3*w*h)
	d.look(nil)
	d.emit(pix, 0, 1)
	return pix
}

// The standard library's inverse DCT differs by at most 1, which the colour matrix makes 3.
func TestStandardLibrary(t *testing.T) {
	files := soundFiles(t)
	photos, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "data", "flowers"), "*", "1*.jpg"))
	if err != nil || len(photos) == 0 {
		t.Fatal("no photographs: ", err)
	}
	for i, name := range photos {
		if i%4 == 0 && (!testing.Short() || i%16 == 0) {
			if files[name], err = os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	var d Decoder
	read := 0
	for name, data := range files {
		m, err := stdjpeg.Decode(bytes.NewReader(data))
		if err != nil {
			continue
		}
		got, ours := checkDecode(t, &d, data, Options{})
		if ours != nil {
			t.Errorf("%s: read by image/jpeg, but %v", name, ours)
			continue
		}
		var want []byte
		switch m := m.(type) {
		case *image.YCbCr:
			if d.p.progressive && d.smoothable() {
				continue // image/jpeg does not smooth
			}
			want = fancy(m)
		case *image.Gray:
			for y := range m.Rect.Dy() {
				for _, v := range m.Pix[y*m.Stride:][:m.Rect.Dx()] {
					want = append(want, v, v, v)
				}
			}
		case *image.RGBA:
			for i := 0; i < len(m.Pix); i += 4 {
				want = append(want, m.Pix[i:i+3]...)
			}
		case *image.CMYK:
			for i := 0; i < len(m.Pix); i += 4 {
				r, g, b := color.CMYKToRGB(m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3])
				want = append(want, r, g, b)
			}
		default:
			t.Fatalf("%s: image/jpeg gives %T", name, m)
		}
		read++
		worst := 0
		for i := range want {
			worst = max(worst, abs(int(got[i])-int(want[i])))
		}
		if len(got) != len(want) || worst > 3 {
			t.Errorf("%s: %d bytes, %d from image/jpeg; largest difference %d", name, len(got), len(want), worst)
		}
	}
	if read < 40 {
		t.Errorf("only %d files compared", read)
	}
}

func abs(v int) int { return max(v, -v) }
