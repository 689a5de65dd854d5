package imaging

import (
	"bytes"
	"math"
	"runtime"
	"testing"

	"github.com/premix/premix"
)

// Passes that alternate give what passes one after the other give.
func TestResizeAlternating(t *testing.T) {
	sizes := []struct{ w, h, rw, rh int }{{61, 47, 23, 19}, {23, 19, 61, 47}, {5, 300, 40, 7}, {40, 7, 5, 300}, {1, 97, 50, 96}, {30, 1, 31, 200}}
	for _, f := range filters {
		for _, s := range sizes {
			for _, win := range []premix.Box{whole(s.rw, s.rh), {X0: s.rw / 3, Y0: s.rh / 4, X1: s.rw/3 + 1 + s.rw/2, Y1: s.rh}} {
				src := generated("hash", s.w, s.h)
				stored, alternating := Resampler{}, Resampler{store: 1}
				var want, got Image
				if err := stored.Resize(&want, src, whole(s.w, s.h), s.rw, s.rh, win, f); err != nil {
					t.Fatal(err)
				}
				if err := alternating.Resize(&got, src, whole(s.w, s.h), s.rw, s.rh, win, f); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got.Pix, want.Pix) {
					t.Errorf("%+v, window %v, %s: differs", s, win, f)
				}
			}
		}
	}
}

// A window beyond the result is black there.
func TestResizePads(t *testing.T) {
	src := generated("hash", 20, 10)
	for _, f := range filters {
		for _, size := range [][2]int{{7, 5}, {20, 5}, {7, 10}, {20, 10}, {40, 30}} {
			var r Resampler
			var full, padded Image
			w, h := size[0], size[1]
			win := premix.Box{X0: -3, Y0: -2, X1: w + 5, Y1: h + 1}
			if err := r.Resize(&full, src, whole(20, 10), w, h, whole(w, h), f); err != nil {
				t.Fatal(err)
			}
			padded.Pix = bytes.Repeat([]byte{77}, 3*(w+8)*(h+3)) // what was there goes
			if err := r.Resize(&padded, src, whole(20, 10), w, h, win, f); err != nil {
				t.Fatal(err)
			}
			var want Image
			want.Resize(w+8, h+3)
			clear(want.Pix)
			for y := range h {
				copy(want.Row(y + 2)[9:], full.Row(y))
			}
			if !bytes.Equal(padded.Pix, want.Pix) {
				t.Errorf("%d×%d, %s: differs", w, h, f)
			}
			outside := premix.Box{X0: w, Y0: 0, X1: w + 2, Y1: 3}
			if err := r.Resize(&padded, src, whole(20, 10), w, h, outside, f); err != nil || !bytes.Equal(padded.Pix, make([]byte, 18)) {
				t.Errorf("%d×%d, %s: a window outside: %v, %v", w, h, f, padded.Pix, err)
			}
		}
	}
}

// Pixels outside of the rectangle take no part.
func TestResizeOfAPart(t *testing.T) {
	src := generated("rings", 60, 50)
	from := premix.Box{X0: 7, Y0: 11, X1: 52, Y1: 44}
	for _, f := range filters {
		for _, size := range [][2]int{{20, 20}, {45, 20}, {20, 33}, {45, 33}, {90, 80}} {
			var r Resampler
			var got, want Image
			w, h := size[0], size[1]
			win := premix.Box{X0: 1, Y0: 2, X1: w - 3, Y1: h - 1}
			if err := r.Resize(&got, src, from, w, h, win, f); err != nil {
				t.Fatal(err)
			}
			if err := r.Resize(&want, cut(src, from), whole(45, 33), w, h, win, f); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%d×%d, %s: differs from the crop", w, h, f)
			}
		}
	}
}

func TestResizeExtremes(t *testing.T) {
	sizes := [][2]int{{1, 1}, {1, 5000}, {5000, 1}, {65500, 1}, {1, 65535}}
	for _, f := range filters {
		for _, s := range sizes {
			src := &Image{W: s[0], H: s[1], Pix: bytes.Repeat([]byte{9, 200, 255}, s[0]*s[1])}
			for _, to := range [][2]int{{1, 1}, {224, 224}, {1, 300}, {300, 1}} {
				var r Resampler
				var dst Image
				if err := r.Resize(&dst, src, whole(s[0], s[1]), to[0], to[1], whole(to[0], to[1]), f); err != nil {
					t.Fatal(err)
				}
				if want := bytes.Repeat([]byte{9, 200, 255}, to[0]*to[1]); !bytes.Equal(dst.Pix, want) {
					t.Errorf("%v to %v, %s: a uniform image is not uniform", s, to, f)
				}
			}
		}
	}
}

// The memory is what the documentation says, even where the intermediate image would be large.
func TestResizeMemory(t *testing.T) {
	src := &Image{W: 1, H: 65535, Pix: make([]byte, 3*65535)}
	var dst Image
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var r Resampler
	if err := r.Resize(&dst, src, whole(1, 65535), 200, 300, whole(200, 300), Bicubic); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	const intermediate = 3 * 200 * 65535
	if got := after.TotalAlloc - before.TotalAlloc; got > intermediate/10 {
		t.Errorf("%d bytes allocated; the intermediate image would have %d", got, intermediate)
	}
}

func TestResizeErrors(t *testing.T) {
	src := generated("hash", 10, 8)
	ok := whole(10, 8)
	tests := []struct {
		name string
		src  *Image
		from premix.Box
		w, h int
		win  premix.Box
		f    Filter
	}{
		{"filter", src, ok, 4, 4, whole(4, 4), "nearest"},
		{"no filter", src, ok, 4, 4, whole(4, 4), ""},
		{"empty image", &Image{}, premix.Box{}, 4, 4, whole(4, 4), Bilinear},
		{"empty rectangle", src, premix.Box{X0: 3, Y0: 3, X1: 3, Y1: 8}, 4, 4, whole(4, 4), Bilinear},
		{"rectangle outside", src, whole(11, 8), 4, 4, whole(4, 4), Bilinear},
		{"negative rectangle", src, premix.Box{X0: -1, X1: 3, Y1: 3}, 4, 4, whole(4, 4), Bilinear},
		{"short pixels", &Image{W: 10, H: 8, Pix: src.Pix[1:]}, ok, 4, 4, whole(4, 4), Bilinear},
		{"no width", src, ok, 0, 4, whole(4, 4), Bilinear},
		{"negative height", src, ok, 4, -1, whole(4, 4), Bilinear},
		{"huge", src, ok, math.MaxInt, 4, whole(4, 4), Bilinear},
		{"empty window", src, ok, 4, 4, premix.Box{}, Bilinear},
		{"huge window", src, ok, 4, 4, whole(1<<16, 1<<16), Bilinear},
		{"far window", src, ok, 4, 4, premix.Box{X0: math.MinInt, X1: math.MaxInt, Y1: 1}, Bilinear},
	}
	for _, tt := range tests {
		var r Resampler
		var dst Image
		if err := r.Resize(&dst, tt.src, tt.from, tt.w, tt.h, tt.win, tt.f); err == nil || premix.AsFault(err) != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	var r Resampler
	if err := r.Resize(src, src, ok, 4, 4, whole(4, 4), Bilinear); err == nil {
		t.Error("an image was resized onto itself")
	}
}

// Once warm, resizing and encoding allocate nothing, for changing rectangles too.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	src := generated("rings", 500, 375)
	for _, plain := range []bool{true, false} {
		r := Resampler{plain: plain}
		var dst Image
		u := uniforms()
		run := func() {
			from := RRCPlan(500, 375, [2]float64{0.08, 1}, [2]float64{0.75, 4.0 / 3}, u)
			if err := r.Resize(&dst, src, from, 64, 64, whole(64, 64), Bicubic); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Resize(&dst, src, whole(500, 375), 64, 64, whole(64, 64), Bicubic); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(20, run); n != 0 {
			t.Errorf("plain %v: %v allocations a resize", plain, n)
		}
	}
	for _, spec := range []string{"jpeg:95", "jpeg:95:444", "png"} {
		e, err := NewEncoder(spec)
		if err != nil {
			t.Fatal(err)
		}
		data, err := e.Encode(nil, src)
		if err != nil {
			t.Fatal(err)
		}
		run := func() {
			if data, err = e.Encode(data[:0], src); err != nil {
				t.Fatal(err)
			}
		}
		if n := testing.AllocsPerRun(5, run); n != 0 {
			t.Errorf("%s: %v allocations an image", spec, n)
		}
	}
	data := encoded(t, "jpeg:90", src)
	var d Decoder
	var m Image
	run := func() {
		if _, err := d.Decode(t.Context(), &m, data, DecodeParams{ApplyEXIF: true}); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(5, run); n != 0 {
		t.Errorf("%v allocations a decoded JPEG", n)
	}
}
