package npy

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What NumPy 2.4.6 writes: np.save(f, np.array(v, '<f4')) and the same with '<f2'.
func TestNumPyBytes(t *testing.T) {
	pad := func(text string) string {
		return "\x93NUMPY\x01\x00v\x00" + text + string(bytes.Repeat([]byte(" "), 117-len(text))) + "\n"
	}
	tests := []struct {
		name   string
		append func([]byte, []float32) []byte
		v      []float32
		want   string
	}{
		{"float32", AppendFloat32, []float32{0, 1, 0.75},
			pad("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }") + "\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x40\x3f"},
		{"float16", AppendFloat16, []float32{0, 1, 0.75},
			pad("{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }") + "\x00\x00\x00\x3c\x00\x3a"},
		{"thousand", AppendFloat32, make([]float32, 1000),
			pad("{'descr': '<f4', 'fortran_order': False, 'shape': (1000,), }") + string(make([]byte, 4000))},
		{"none", AppendFloat32, nil, pad("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(tt.append(nil, tt.v))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	v := []float32{0, 1, 0.25, -3, 65504, 1.0 / (1 << 24)}
	for width, file := range map[int][]byte{4: AppendFloat32(nil, v), 2: AppendFloat16(nil, v)} {
		got, w, err := Decode(nil, file)
		if err != nil || w != width {
			t.Fatalf("width %d: got %d, %v", width, w, err)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Errorf("width %d: %s", width, diff)
		}
		for n := range file {
			if _, _, err := Decode(nil, file[:n]); err == nil {
				t.Fatalf("width %d: cut to %d of %d bytes, no error", width, n, len(file))
			}
		}
		if _, _, err := Decode(nil, append(bytes.Clone(file), 0)); err == nil {
			t.Errorf("width %d: a surplus byte, no error", width)
		}
	}
}

func TestFloat16(t *testing.T) {
	tests := []struct {
		f    float32
		want uint16
	}{
		{0, 0}, {float32(math.Copysign(0, -1)), 0x8000}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff},
		{65519.996, 0x7bff}, {65520, 0x7c00}, {1e9, 0x7c00}, {float32(math.Inf(-1)), 0xfc00},
		{0x1p-24, 1}, {0x1p-25, 0}, {0x1.000002p-25, 1}, {0x1.8p-24, 2}, {0x1p-14, 0x0400}, {0x1.ff8p-15, 0x03ff}, {0x1.ffcp-15, 0x0400},
		{0x1.ffep-15, 0x0400}, {0x1p-149, 0}, {0x1p-126, 0},
		{1 + 0x1p-11, 0x3c00}, {1 + 0x1.8p-10, 0x3c02}, {1 + 0x1p-11 + 0x1p-20, 0x3c01}, {0.1, 0x2e66},
	}
	for _, tt := range tests {
		if got := Float16(tt.f); got != tt.want {
			t.Errorf("Float16(%x) = %04x, want %04x", tt.f, got, tt.want)
		}
	}
}

// Every half is a float32; the nearest half to it is itself, and between two neighbours the
// nearer wins, the even one at a tie.
func TestFloat16All(t *testing.T) {
	for h := range uint16(0x7c00) {
		f := Float32(h)
		if got := Float16(f); got != h {
			t.Fatalf("Float16(Float32(%04x)) = %04x", h, got)
		}
		if got := Float16(-f); got != h|0x8000 {
			t.Fatalf("Float16(-Float32(%04x)) = %04x", h, got)
		}
		if h == 0x7bff {
			break
		}
		next := Float32(h + 1)
		mid := (f + next) / 2
		want := h + h&1
		if got := Float16(mid); got != want {
			t.Fatalf("the middle of %04x and %04x rounds to %04x", h, h+1, got)
		}
		if got := Float16(math.Nextafter32(mid, 0)); got != h {
			t.Fatalf("below the middle of %04x and %04x rounds to %04x", h, h+1, got)
		}
		if got := Float16(math.Nextafter32(mid, next)); got != h+1 {
			t.Fatalf("above the middle of %04x and %04x rounds to %04x", h, h+1, got)
		}
	}
	for h := uint16(0x7c01); h < 0x8000; h++ {
		if f := Float32(h); f == f || Float16(f)&0x7c00 != 0x7c00 || Float16(f)&0x3ff == 0 {
			t.Fatalf("%04x is no NaN after a round trip", h)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	good := AppendFloat32(nil, []float32{1, 2})
	edit := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	tests := map[string][]byte{
		"empty":         nil,
		"other magic":   edit("NUMPY", "NUMPI"),
		"version 2":     edit("\x01\x00v", "\x02\x00v"),
		"float64":       edit("<f4", "<f8"),
		"big endian":    edit("<f4", ">f4"),
		"two axes":      edit("(2,)", "(2,1)"),
		"more values":   edit("(2,)", "(3,)"),
		"fewer values":  edit("(2,)", "(1,)"),
		"huge":          edit("(2,), }          ", "(99999999999,), }"),
		"long header":   edit("v\x00{", "\xff\xff{"),
		"object pickle": edit("'<f4'", "'|O' "),
	}
	for name, file := range tests {
		if _, _, err := Decode(nil, file); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(AppendFloat32(nil, []float32{0.25, 0.75}))
	f.Add(AppendFloat16(nil, []float32{1}))
	f.Add([]byte(prefix))
	f.Fuzz(func(t *testing.T, file []byte) {
		v, width, err := Decode(nil, file)
		if err != nil {
			return
		}
		if want := len(v) * width; len(file) < want {
			t.Fatalf("%d values of %d bytes out of %d bytes", len(v), width, len(file))
		}
		again := AppendFloat32(nil, v)
		if width == 2 {
			again = AppendFloat16(nil, v)
		}
		w, _, err := Decode(nil, again)
		if err != nil || len(w) != len(v) {
			t.Fatalf("written again: %d values, %v", len(w), err)
		}
	})
}
