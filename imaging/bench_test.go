package imaging

import (
	"fmt"
	"testing"

	"github.com/premix/premix"
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

func BenchmarkEncode(b *testing.B) {
	src := generated("rings", 500, 375)
	var r Resampler
	var m Image
	if err := r.Resize(&m, src, whole(500, 375), 224, 224, whole(224, 224), Bilinear); err != nil {
		b.Fatal(err)
	}
	for _, spec := range []string{"jpeg:95", "jpeg:95:444", "png"} {
		b.Run("spec="+spec, func(b *testing.B) {
			e, err := NewEncoder(spec)
			if err != nil {
				b.Fatal(err)
			}
			var data []byte
			b.SetBytes(int64(len(m.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				if data, err = e.Encode(data[:0], &m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
