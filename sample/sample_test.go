package sample

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
)

// TestTrim wants large buffers freed and small ones kept.
func TestTrim(t *testing.T) {
	const limit = 1 << 10
	for _, n := range []int{limit, limit + 1} {
		var m Maker
		var h Half
		buffers := []*[]byte{&h.Original.Pix, &h.Crop.Pix, &h.Map.Pix, &m.outside.full.Pix, &m.outside.crop.Pix, &m.outside.gray}
		for _, b := range buffers {
			*b = make([]byte, n)
		}
		h.Trim(limit)
		m.Trim(limit)
		want := n
		if n > limit {
			want = 0
		}
		for i, b := range buffers {
			if cap(*b) != want {
				t.Errorf("buffer %d of %d bytes has %d, want %d", i, n, cap(*b), want)
			}
		}
	}
}

// TestTrimDecoder wants the scratch of a decoder freed after a large file, and kept after a small one.
func TestTrimDecoder(t *testing.T) {
	enc, err := imaging.NewEncoder("jpeg:100")
	if err != nil {
		t.Fatal(err)
	}
	img := imaging.Image{W: 300, H: 200, Pix: make([]byte, 3*300*200)}
	for i := range img.Pix {
		img.Pix[i] = byte(i * i >> 5)
	}
	data, err := enc.Encode(nil, &img)
	if err != nil {
		t.Fatal(err)
	}
	m := &Maker{params: &Params{}}
	for _, limit := range []int{1 << 20, len(data) - 1} {
		if err := m.Decode(t.Context(), new(Half), data); err != nil {
			t.Fatal(err)
		}
		m.Trim(limit)
		if freed, want := reflect.ValueOf(m.decoder).IsZero(), limit < len(data); freed != want {
			t.Errorf("after a file of %d bytes, with a limit of %d: freed %v", len(data), limit, freed)
		}
	}
}

// TestReset gives a used Maker other parameters: it makes what a new one makes.
func TestReset(t *testing.T) {
	img := imaging.Image{W: 40, H: 30, Pix: make([]byte, 3*40*30)}
	for i := range img.Pix {
		img.Pix[i] = byte(i * i >> 5)
	}
	var m Maker
	for _, p := range []*Params{{Detector: "finegrained", Encode: "png"}, {Detector: "center", Encode: "jpeg:90"}, {Detector: "spectral", Encode: "png"}} {
		m.Reset(p)
		fresh, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		peak := func(m *Maker) (s premix.Sample) {
			if err := m.Peak(&Half{Crop: img}, &s, false); err != nil {
				t.Fatal(err)
			}
			return s
		}
		if got, want := peak(&m), peak(fresh); got != want {
			t.Errorf("%s: peak %v, want %v", p.Detector, got.Peak, want.Peak)
		}
		recipe := &premix.Recipe{Method: mix.None}
		got, err := m.Mix(new(imaging.Image), nil, &img, nil, recipe)
		want, wantErr := fresh.Mix(new(imaging.Image), nil, &img, nil, recipe)
		if err != nil || wantErr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes (%v), want %d (%v)", p.Encode, len(got), err, len(want), wantErr)
		}
	}
	for _, p := range []*Params{{Detector: "center", Encode: "gif"}, {Encode: "png", Detector: "spectral", Saliency: saliency.Params{Gray: 9}}} {
		if _, err := New(p); err == nil {
			t.Errorf("%+v: no error", p)
		}
	}
}
