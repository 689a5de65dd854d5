package jpeg

import (
	"bytes"
	"testing"

	"github.com/premix/premix"
)

// FuzzDecode checks that no input does harm, that both ways to treat truncated data agree where
// the data is whole, and that assembly and Go agree.
func FuzzDecode(f *testing.F) {
	for _, data := range smallFiles(f) {
		f.Add(data)
		f.Add(data[:len(data)*3/4])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeHeader(data)
		if err == nil && h.W*h.H > 1<<18 {
			return
		}
		d := Decoder{stepLimit: 1 << 26} // bombs would take all the time
		pix, err := checkDecode(t, &d, data, Options{})
		if err != nil {
			filled, err := checkDecode(t, &d, data, Options{AcceptTruncated: true})
			for _, k := range kernelSets {
				restore := kernels(k.simd, k.bits)
				again, other := checkDecode(t, &d, data, Options{AcceptTruncated: true})
				restore()
				if (err == nil) != (other == nil) || !bytes.Equal(filled, again) {
					t.Errorf("%s, accepting truncated data: %v and %v, same pixels: %t", k.name, err, other, bytes.Equal(filled, again))
				}
			}
			return
		}
		again, err := checkDecode(t, &d, data, Options{AcceptTruncated: true})
		if err != nil || !bytes.Equal(pix, again) {
			t.Errorf("accepting truncated data: %v, same pixels: %t", err, bytes.Equal(pix, again))
		}
		win := premix.Box{X0: h.W / 3, Y0: h.H / 3, X1: h.W/2 + 1, Y1: h.H/2 + 1}
		part, _, err := d.Decode(nil, data, Options{Window: &win})
		for y := win.Y0; y < win.Y1 && err == nil; y++ {
			from, to := 3*(y*h.W+win.X0), 3*(y*h.W+win.X1)
			if !bytes.Equal(part[from:to], pix[from:to]) {
				t.Fatalf("row %d of the part %v differs", y, win)
			}
		}
		if err != nil {
			t.Errorf("a part: %v", err)
		}
		for _, k := range kernelSets {
			restore := kernels(k.simd, k.bits)
			again, err = checkDecode(t, &d, data, Options{})
			restore()
			if err != nil || !bytes.Equal(pix, again) {
				t.Errorf("%s: %v, same pixels: %t", k.name, err, bytes.Equal(pix, again))
			}
		}
	})
}
