package saliency

import (
	"slices"
	"testing"

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
		got, want := simd.mapGray(&a, pix, w, h), plain.mapGray(&b, pix, w, h)
		if got != want || !slices.Equal(a.Pix, b.Pix) {
			t.Errorf("%d×%d: %v with assembly, %v without", w, h, got, want)
		}
		if e := extrema(b.Pix, w); want != e {
			t.Errorf("%d×%d: Map returns %v, the map has %v", w, h, want, e)
		}
		if p := simd.peakGray(pix, w, h); p != want {
			t.Errorf("%d×%d: Peak returns %v, Map %v", w, h, p, want)
		}
	})
}
