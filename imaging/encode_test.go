package imaging

import (
	"bytes"
	"hash/crc32"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewEncoder(t *testing.T) {
	tests := []struct{ spec, want, ext string }{
		{"jpeg:95", "jpeg:95", "jpg"},
		{"jpeg:95:420", "jpeg:95", "jpg"},
		{"jpeg:1:444", "jpeg:1:444", "jpg"},
		{"jpeg:95:opt", "jpeg:95:opt", "jpg"},
		{"jpeg:95:420:opt", "jpeg:95:opt", "jpg"},
		{"jpeg:80:444:opt", "jpeg:80:444:opt", "jpg"},
		{"png", "png", "png"},
	}
	for _, tt := range tests {
		e, err := NewEncoder(tt.spec)
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
			continue
		}
		if e.String() != tt.want || e.Ext() != tt.ext {
			t.Errorf("%s: %s with extension %s, want %s and %s", tt.spec, e, e.Ext(), tt.want, tt.ext)
		}
	}
	for _, spec := range []string{"", "jpeg", "jpeg:", "jpeg:0", "jpeg:101", "jpeg:+9", "jpeg:095", "jpeg:95:422", "jpeg:95:", "jpeg:95:444:x", "png:9", "PNG", "webp",
		"jpeg:95:opt:444", "jpeg:95:opt:opt", "jpeg:opt", "jpeg::opt", "jpeg:95:444opt", "png:opt"} {
		if e, err := NewEncoder(spec); err == nil {
			t.Errorf("%q: accepted as %v", spec, e)
		}
	}
}

func TestEncodePNGRoundTrip(t *testing.T) {
	e, err := NewEncoder("png")
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	for _, size := range [][2]int{{1, 1}, {1, 7}, {7, 1}, {3, 2}, {41, 33}, {224, 224}} {
		for _, kind := range []string{"hash", "ramp"} {
			m := generated(kind, size[0], size[1])
			data, err := e.Encode([]byte("prefix"), m)
			if err != nil {
				t.Fatal(err)
			}
			data, ok := bytes.CutPrefix(data, []byte("prefix"))
			if !ok {
				t.Fatalf("%s %v: the bytes before are gone", kind, size)
			}
			if _, err := png.Decode(bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
			var back Image
			if _, err := d.Decode(t.Context(), &back, data, DecodeParams{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, &back); diff != "" {
				t.Errorf("%s %v: (-encoded +decoded)\n%s", kind, size, diff)
			}
		}
	}
}

func TestEncodeJPEGReadable(t *testing.T) {
	for _, spec := range []string{"jpeg:95", "jpeg:95:444", "jpeg:95:opt", "jpeg:95:444:opt"} {
		e, err := NewEncoder(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{1, 1}, {1, 17}, {17, 1}, {15, 16}, {224, 224}} {
			data, err := e.Encode(nil, generated("ramp", size[0], size[1]))
			if err != nil {
				t.Fatal(err)
			}
			c, err := jpeg.DecodeConfig(bytes.NewReader(data))
			if err != nil || c.Width != size[0] || c.Height != size[1] {
				t.Errorf("%s %v: %d×%d, %v", spec, size, c.Width, c.Height, err)
			}
		}
	}
}

func TestEncodeRefusesImpossibleImages(t *testing.T) {
	e, err := NewEncoder("jpeg:95")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Image{{}, {W: 1}, {W: 1, H: 1}, {W: 65536, H: 1, Pix: make([]byte, 3*65536)}, {W: 1, H: 1, Pix: make([]byte, 4)}} {
		if _, err := e.Encode(nil, m); err == nil {
			t.Errorf("%d×%d in %d bytes: encoded", m.W, m.H, len(m.Pix))
		}
	}
}

// The bytes of both encodings are the same on every machine and with every build.
func TestEncodeGolden(t *testing.T) {
	tests := []struct {
		spec, kind string
		w, h       int
		crc        uint32
	}{
		{"png", "rings", 224, 224, 0x00a84247},
		{"png", "ramp", 224, 224, 0x8fcc7320},
		{"png", "hash", 41, 33, 0xa5b5580e},
		{"jpeg:95", "rings", 224, 224, 0x2ed81918},
		{"jpeg:95:444", "rings", 224, 224, 0x1197bcdc},
	}
	for _, tt := range tests {
		if got := crc32.ChecksumIEEE(encoded(t, tt.spec, generated(tt.kind, tt.w, tt.h))); got != tt.crc {
			t.Errorf("%s of %s %d×%d: CRC %08x, want %08x", tt.spec, tt.kind, tt.w, tt.h, got, tt.crc)
		}
	}
}

// TestGrayEncoder: the images are close to what went in, in every size, and have one component.
func TestGrayEncoder(t *testing.T) {
	e := NewGrayEncoder(98)
	var dec Decoder
	var m Image
	for _, size := range [][2]int{{1, 1}, {8, 8}, {9, 17}, {64, 3}, {70, 50}} {
		in := Image{W: size[0], H: size[1]}
		for i := range in.W * in.H {
			v := byte(128 + 100*math.Sin(float64(i%in.W)/5)*math.Cos(float64(i/in.W)/3))
			in.Pix = append(in.Pix, v, v, v)
		}
		data, err := e.Encode(nil, &in)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || c.ColorModel != color.GrayModel {
			t.Fatalf("%v: not a gray JPEG: %v, %v", size, c, err)
		}
		if _, err := dec.Decode(t.Context(), &m, data, DecodeParams{}); err != nil {
			t.Fatalf("%v: %v", size, err)
		}
		if m.W != in.W || m.H != in.H {
			t.Fatalf("%v became %d×%d", size, m.W, m.H)
		}
		for i, v := range in.Pix {
			if d := int(v) - int(m.Pix[i]); d < -6 || d > 6 {
				t.Fatalf("%v: sample %d is %d, want %d", size, i, m.Pix[i], v)
			}
		}
	}
}
