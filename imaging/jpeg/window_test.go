package jpeg

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/premix/premix"
)

// What is wanted of an image has the pixels of the whole image, and nothing else is written; faults are the same.
func TestWindow(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	files := smallFiles(t)
	n := 0
	for name, data := range files {
		for _, o := range []Options{{}, {AcceptTruncated: true}} {
			var d, whole Decoder
			want, h, wantErr := whole.Decode(nil, data, o)
			if h.W == 0 {
				continue
			}
			for range 20 {
				x, y := r.IntN(h.W), r.IntN(h.H)
				win := premix.Box{X0: x, Y0: y, X1: x + 1 + r.IntN(h.W-x), Y1: y + 1 + r.IntN(h.H-y)}
				before := make([]byte, 3*h.W*h.H)
				for i := range before {
					before[i] = byte(r.Uint32())
				}
				part := o
				part.Window = &win
				got, _, err := d.Decode(bytes.Clone(before), data, part)
				if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
					t.Fatalf("%s, %v: %v, the whole image: %v", name, win, err, wantErr)
				}
				if err != nil {
					continue
				}
				n++
				for y := range h.H {
					for x := range h.W {
						at := 3 * (y*h.W + x)
						expected := before[at : at+3]
						if x >= win.X0 && x < win.X1 && y >= win.Y0 && y < win.Y1 {
							expected = want[at : at+3]
						}
						if !bytes.Equal(got[at:at+3], expected) {
							t.Fatalf("%s, %v of %d×%d: pixel %d, %d is %v, want %v", name, win, h.W, h.H, x, y, got[at:at+3], expected)
						}
					}
				}
			}
		}
	}
	if n < 2000 {
		t.Errorf("only %d windows were tried", n)
	}
}

// A window that cannot be is the whole image.
func TestWindowOutside(t *testing.T) {
	data := smallFiles(t)["420-35x18"]
	var d Decoder
	want, _, err := d.Decode(nil, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, win := range []premix.Box{{}, {X0: -1, X1: 5, Y1: 5}, {X1: 36, Y1: 5}, {X0: 5, X1: 4, Y1: 5}, {Y0: 3, X1: 4, Y1: 19}} {
		if got, _, err := d.Decode(nil, data, Options{Window: &win}); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %v, same pixels: %t", win, err, bytes.Equal(got, want))
		}
	}
}
