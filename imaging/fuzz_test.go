package imaging

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/premix/premix"
)

// Any bytes are a fault or an image of the declared size, the same one a second time.
func FuzzDecode(f *testing.F) {
	seeds := 0
	for _, p := range pillowPixels(f) {
		f.Add(read(f, p.name), seeds%2 == 0)
		seeds++
	}
	for _, spec := range []string{"jpeg:50", "jpeg:95:444", "png"} {
		data := encoded(f, spec, generated("disc", 19, 21))
		f.Add(data, true)
		f.Add(data[:len(data)*2/3], false)
	}
	exif := app1(append([]byte("Exif\x00\x00"), exifOf(binary.BigEndian, 8)...))
	f.Add(slices.Insert(encoded(f, "jpeg:50", generated("disc", 9, 5)), 2, exif...), true)
	f.Add(tiffOf(nil), false)
	f.Add(gifOf(3, 3, 3, 3), false)
	f.Fuzz(func(t *testing.T, data []byte, lenient bool) {
		p := DecodeParams{Limits: Limits{MaxPixels: 1 << 16, MaxBytes: 1 << 20}, AcceptTruncated: lenient, ApplyEXIF: lenient}
		c, err := DecodeConfig(data, p)
		if err != nil && premix.AsFault(err) == nil {
			t.Fatalf("DecodeConfig: %v is no fault", err)
		}
		var d Decoder
		var m Image
		got, decodeErr := d.Decode(t.Context(), &m, data, p)
		switch {
		case decodeErr != nil && premix.AsFault(decodeErr) == nil:
			t.Fatalf("Decode: %v is no fault", decodeErr)
		case decodeErr == nil && err != nil:
			t.Fatalf("DecodeConfig failed, Decode did not: %v", err)
		case decodeErr != nil:
			return
		}
		if got != c || m.W != c.W || m.H != c.H || len(m.Pix) != 3*c.W*c.H || c.W*c.H > 1<<16 {
			t.Fatalf("%+v, decoded as %+v, %d×%d in %d bytes", c, got, m.W, m.H, len(m.Pix))
		}
		first := bytes.Clone(m.Pix)
		if _, err := d.Decode(t.Context(), &m, data, p); err != nil || !bytes.Equal(first, m.Pix) {
			t.Fatalf("the second time differs: %v", err)
		}
	})
}

// Assembly, plain Go and alternating passes agree, and a window is a part of the whole.
func FuzzResize(f *testing.F) {
	f.Add(uint8(50), uint8(37), uint8(34), uint8(25), uint8(5), uint8(1), uint8(22), uint8(22), uint8(0), []byte("abc"))
	f.Add(uint8(1), uint8(200), uint8(90), uint8(3), uint8(80), uint8(0), uint8(9), uint8(3), uint8(1), []byte{0, 255})
	f.Add(uint8(99), uint8(3), uint8(2), uint8(220), uint8(0), uint8(100), uint8(2), uint8(90), uint8(2), []byte{255, 0, 0, 0, 7})
	f.Fuzz(func(t *testing.T, w, h, rw, rh, x, y, ww, wh, filter uint8, noise []byte) {
		if w == 0 || h == 0 || rw == 0 || rh == 0 || len(noise) == 0 {
			return
		}
		src := &Image{W: int(w), H: int(h)}
		for i := range 3 * int(w) * int(h) {
			src.Pix = append(src.Pix, noise[i%len(noise)]+byte(i/len(noise)))
		}
		x, y = x%rw, y%rh
		win := premix.Box{X0: int(x), Y0: int(y), X1: int(x) + 1 + int(ww%(rw-x)), Y1: int(y) + 1 + int(wh%(rh-y))}
		fl := filters[filter%3]
		var full Image
		var whole1 Resampler
		if err := whole1.Resize(&full, src, whole(src.W, src.H), int(rw), int(rh), whole(int(rw), int(rh)), fl); err != nil {
			t.Fatal(err)
		}
		want := cut(&full, win)
		for _, r := range []Resampler{{}, {plain: true}, {store: 1}} {
			var got Image
			if err := r.Resize(&got, src, whole(src.W, src.H), int(rw), int(rh), win, fl); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Fatalf("plain %v, store %d: the window differs from the whole", r.plain, r.store)
			}
		}
	})
}
