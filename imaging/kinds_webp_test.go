package imaging

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// A WebP whose header and chunks disagree about alpha is what its chunks say, as for libwebp.
func TestWebPAlphaSaidTwice(t *testing.T) {
	decode := func(data []byte) *Image {
		t.Helper()
		var d Decoder
		m := new(Image)
		c, err := d.Decode(t.Context(), m, data, DecodeParams{})
		if err != nil {
			t.Fatal(err)
		}
		if announced, err := DecodeConfig(data, DecodeParams{}); err != nil || announced != c {
			t.Fatalf("DecodeConfig says %+v, %v, Decode says %+v", announced, err, c)
		}
		return m
	}
	// extended gives a still a header of its own.
	extended := func(data []byte, w, h int, flags byte) []byte {
		head := append([]byte("VP8X\x0a\x00\x00\x00"), flags, 0, 0, 0, byte(w-1), byte((w-1)>>8), 0, byte(h-1), byte((h-1)>>8), 0)
		b := slices.Concat(data[:12], head, data[12:])
		binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
		return b
	}
	const alpha = 16
	for _, name := range []string{"lossy60.webp", "lossless.webp", "lossless-alpha.webp"} {
		plain := read(t, name)
		want := decode(plain)
		for _, flags := range []byte{0, alpha} {
			if got := decode(extended(plain, want.W, want.H, flags)); !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%s with the flags %d: other pixels", name, flags)
			}
		}
	}
	for _, name := range []string{"lossy-alpha.webp", "lossy-alpha-raw.webp"} {
		data := read(t, name)
		want := decode(data)
		if data[20] != alpha {
			t.Fatalf("%s has the flags %d", name, data[20])
		}
		data[20] = 0
		if got := decode(data); !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s without its flag: other pixels", name)
		}
	}
}
