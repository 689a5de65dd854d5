package imaging

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/premix/premix"
)

// One target for each kind, so that each is fuzzed for as long as another. JPEG has its own beside its
// decoder. The seeds are pictures of testdata/made.zip.

func FuzzPNG(f *testing.F)  { fuzzKind(f, PNG) }
func FuzzGIF(f *testing.F)  { fuzzKind(f, GIF) }
func FuzzTIFF(f *testing.F) { fuzzKind(f, TIFF) }
func FuzzWebP(f *testing.F) { fuzzKind(f, WebP) }
func FuzzBMP(f *testing.F)  { fuzzKind(f, BMP) }
func FuzzPNM(f *testing.F)  { fuzzKind(f, PNM) }

// fuzzKind wants a fault, or an image of the size that the header says, the same one each time and
// whatever the decoder decoded before.
func fuzzKind(f *testing.F, want Format) {
	files, _ := made(f)
	seeds := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if data := files[name]; Sniff(data) == want && len(data) < 2000 && seeds < 60 {
			f.Add(data)
			seeds++
		}
	}
	if seeds < 10 {
		f.Fatalf("%d seeds", seeds)
	}
	var used Decoder
	f.Fuzz(func(t *testing.T, data []byte) {
		if Sniff(data) != want {
			return
		}
		p := DecodeParams{Limits: Limits{MaxPixels: 1 << 16, MaxBytes: 1 << 20}}
		c, err := DecodeConfig(data, p)
		if err != nil && premix.AsFault(err) == nil {
			t.Fatalf("DecodeConfig: %v is no fault", err)
		}
		var fresh Decoder
		var m Image
		got, decodeErr := fresh.Decode(t.Context(), &m, data, p)
		switch {
		case decodeErr != nil && premix.AsFault(decodeErr) == nil:
			t.Fatalf("Decode: %v is no fault", decodeErr)
		case decodeErr == nil && err != nil:
			t.Fatalf("DecodeConfig failed, Decode did not: %v", err)
		}
		again := Image{Pix: bytes.Repeat([]byte{0xa5}, 3<<16)}
		_, againErr := used.Decode(t.Context(), &again, data, p)
		if (decodeErr == nil) != (againErr == nil) {
			t.Fatalf("%v, then %v", decodeErr, againErr)
		}
		if decodeErr == nil && (got != c || m.W != c.W || m.H != c.H || !bytes.Equal(m.Pix, again.Pix)) {
			t.Fatalf("%+v, decoded as %+v, or not the same a second time", c, got)
		}
	})
}
