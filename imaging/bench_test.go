package imaging

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
)

// The geometry of most of ImageNet: 500×375 to 341×256, of which 224×224 are kept.
func BenchmarkResize(b *testing.B) {
	src := generated("rings", 500, 375)
	crop := premix.Box{X0: 58, Y0: 16, X1: 282, Y1: 240}
	for _, f := range filters {
		for _, plain := range []bool{true, false} {
			b.Run(fmt.Sprintf("filter=%s/plain=%v", f, plain), func(b *testing.B) {
				r := Resampler{plain: plain}
				var dst Image
				b.SetBytes(int64(len(src.Pix)))
				b.ReportAllocs()
				for b.Loop() {
					if err := r.Resize(&dst, src, whole(500, 375), 341, 256, crop, f); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkFlipH(b *testing.B) {
	m := generated("rings", 224, 224)
	b.SetBytes(int64(len(m.Pix)))
	for b.Loop() {
		FlipH(m)
	}
}

// photographs returns the encoded images of one class of the flowers.
func photographs(b *testing.B) [][]byte {
	names, err := filepath.Glob(filepath.Join(sharedtest.Dir(b, "data", "flowers", "roses"), "*.jpg"))
	if err != nil || len(names) == 0 {
		b.Fatalf("%d photographs, %v", len(names), err)
	}
	var all [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// A photograph, 320×240 or 500×375, from its bytes to pixels, from pixels to a crop, and from a
// crop to bytes; SetBytes counts pixels' bytes. One operation is one photograph.
func BenchmarkPhotograph(b *testing.B) {
	files := photographs(b)
	var d Decoder
	var r Resampler
	size := premix.Size{H: 224, W: 224}
	crops := make([]Image, len(files))
	pixels := 0
	decode := func(i int, m *Image) {
		if _, err := d.Decode(b.Context(), m, files[i%len(files)], DecodeParams{}); err != nil {
			b.Fatal(err)
		}
	}
	crop := func(dst, m *Image) {
		rw, rh, win, _ := CenterPlan(m.W, m.H, 256, size)
		if err := r.Resize(dst, m, whole(m.W, m.H), rw, rh, win, Bilinear); err != nil {
			b.Fatal(err)
		}
	}
	var m Image
	for i := range files {
		decode(i, &m)
		crop(&crops[i], &m)
		pixels += len(m.Pix)
	}
	b.Run("step=decode", func(b *testing.B) {
		b.SetBytes(int64(pixels / len(files)))
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			decode(i, &m)
		}
	})
	for _, spec := range []string{"jpeg:95", "jpeg:95:444", "png"} {
		b.Run("step=encode/spec="+spec, func(b *testing.B) {
			e, err := NewEncoder(spec)
			if err != nil {
				b.Fatal(err)
			}
			var data []byte
			b.SetBytes(int64(len(crops[0].Pix)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if data, err = e.Encode(data[:0], &crops[i%len(crops)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("step=all", func(b *testing.B) {
		e, err := NewEncoder("jpeg:95")
		if err != nil {
			b.Fatal(err)
		}
		var dst Image
		var data []byte
		b.SetBytes(int64(pixels / len(files)))
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			decode(i, &m)
			crop(&dst, &m)
			if data, err = e.Encode(data[:0], &dst); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The kinds other than JPEG, on a drawn picture of 2000×2000 pixels.
func BenchmarkDecodeKinds(b *testing.B) {
	for format, data := range large(b) {
		b.Run(string(format), func(b *testing.B) {
			var d Decoder
			var m Image
			b.SetBytes(3 * 2000 * 2000)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Decode(b.Context(), &m, data, DecodeParams{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
