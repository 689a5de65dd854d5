package saliency

import (
	"slices"
	"testing"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
)

// FuzzFinegrained compares the detector with and without assembly, and holds Peak to the map.
// The pixels are data, repeated as often as the size asks for.
func FuzzFinegrained(f *testing.F) {
	f.Add(uint16(17), uint16(5), testimage.Generate("hash", 17, 5, 1))
	f.Add(uint16(64), uint16(40), testimage.Generate("disc", 64, 40, 1))
	f.Add(uint16(33), uint16(33), []byte{0, 0, 0, 255, 128})
	f.Add(uint16(1), uint16(1), []byte{7})
	f.Add(uint16(300), uint16(2), testimage.Generate("ramp", 300, 2, 1))
	simd, plain := newFineGrained(Stored), newFineGrained(Stored)
	plain.simd = false
	f.Fuzz(func(t *testing.T, w16, h16 uint16, data []byte) {
		w, h := int(w16%320), int(h16%320)
		if len(data) == 0 || w*h > 1<<14 {
			t.Skip()
		}
		pix := make([]byte, w*h)
		for n := 0; n < len(pix); {
			n += copy(pix[n:], data)
		}
		var a, b Map
		img := grayImage(pix, w, h)
		got, want := simd.Map(&a, img), plain.Map(&b, img)
		if got != want || !slices.Equal(a.Pix, b.Pix) {
			t.Errorf("%d×%d: %v with assembly, %v without", w, h, got, want)
		}
		if e := extrema(b.Pix, w); want != e {
			t.Errorf("%d×%d: Map returns %v, the map has %v", w, h, want, e)
		}
		if p := simd.Peak(img); p != want {
			t.Errorf("%d×%d: Peak returns %v, Map %v", w, h, p, want)
		}
	})
}

// FuzzDetectors holds every detector to its contract: Peak and Map find what is in the map.
func FuzzDetectors(f *testing.F) {
	f.Add(uint16(17), uint16(5), testimage.Generate("hash", 17, 5, 3))
	f.Add(uint16(64), uint16(64), testimage.Generate("rings", 64, 64, 3))
	f.Add(uint16(3), uint16(90), []byte{0, 0, 0, 255, 128})
	f.Add(uint16(2), uint16(1), []byte{7, 7, 7, 8, 8, 8})
	var detectors []Detector
	for _, name := range Names() {
		for _, g := range []Gray{Stored, BT601} {
			d, err := New(name, Params{Gray: g})
			if err != nil {
				f.Fatal(err)
			}
			detectors = append(detectors, d)
		}
	}
	f.Fuzz(func(t *testing.T, w16, h16 uint16, data []byte) {
		w, h := int(w16%320), int(h16%320)
		if len(data) == 0 || w*h > 1<<13 {
			t.Skip()
		}
		img := &imaging.Image{W: w, H: h, Pix: make([]byte, 3*w*h)}
		for n := 0; n < len(img.Pix); {
			n += copy(img.Pix[n:], data)
		}
		var m Map
		for i, d := range detectors {
			got := d.Map(&m, img)
			if want := extrema(m.Pix, w); got != want {
				t.Errorf("detector %d, %d×%d: Map returns %v, the map has %v", i, w, h, got, want)
			}
			if p := d.Peak(img); p != got {
				t.Errorf("detector %d, %d×%d: Peak returns %v, Map %v", i, w, h, p, got)
			}
		}
	})
}
