package jpeg

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// BenchmarkDecode decodes photographs, one an iteration: 4:2:0 of 500 to 1900 pixels (objects),
// 4:4:4 of about 320×240 (flowers).
func BenchmarkDecode(b *testing.B) {
	for _, set := range []string{"flowers", "objects"} {
		files, err := filepath.Glob(filepath.Join(sharedtest.Dir(b, "data", set), "*", "*.jp*g"))
		if err != nil || len(files) == 0 {
			b.Fatal("no photographs: ", err)
		}
		b.Run("set="+set, func(b *testing.B) {
			var images [][]byte
			var pixels int64
			for _, f := range files {
				data, err := os.ReadFile(f)
				if err != nil {
					b.Fatal(err)
				}
				h, err := DecodeHeader(data)
				if err != nil {
					b.Fatal(err)
				}
				images, pixels = append(images, data), pixels+int64(h.W)*int64(h.H)
			}
			var d Decoder
			var pix []byte
			b.SetBytes(pixels / int64(len(images)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if pix, _, err = d.Decode(pix, images[i%len(images)], Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSmall decodes an image that is small and progressive, or restarts.
func BenchmarkSmall(b *testing.B) {
	for _, name := range []string{"420-17x33", "444-29x21", "420-progressive-37x29", "420-restart1-50x35"} {
		b.Run("file="+name, func(b *testing.B) {
			data, err := os.ReadFile(filepath.Join("testdata", name+".jpg"))
			if err != nil {
				b.Fatal(err)
			}
			var d Decoder
			var pix []byte
			b.ReportAllocs()
			for b.Loop() {
				if pix, _, err = d.Decode(pix, data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
