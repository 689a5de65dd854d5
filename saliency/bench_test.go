package saliency

import (
	"testing"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
)

var benchSizes = []struct {
	name string
	w, h int
}{
	{"32", 32, 32}, {"64", 64, 64}, {"224", 224, 224}, {"256", 256, 256}, {"384", 384, 384}, {"500x375", 500, 375},
}

// benchmarkPeak measures Peak on packed RGB; the rate is of its bytes.
func benchmarkPeak(b *testing.B, d Detector) {
	for _, s := range benchSizes {
		b.Run("size="+s.name, func(b *testing.B) {
			img := &imaging.Image{W: s.w, H: s.h, Pix: testimage.Generate("rings", s.w, s.h, 3)}
			b.SetBytes(int64(len(img.Pix)))
			b.ReportAllocs()
			d.Peak(img)
			for b.Loop() {
				d.Peak(img)
			}
		})
	}
}

func BenchmarkFinegrained(b *testing.B) { benchmarkPeak(b, newFineGrained(Stored)) }

// BenchmarkFinegrainedPlain is without assembly, whatever the build tags and the processor.
func BenchmarkFinegrainedPlain(b *testing.B) {
	f := newFineGrained(Stored)
	f.simd = false
	benchmarkPeak(b, f)
}

func BenchmarkFinegrainedMap(b *testing.B) {
	f := newFineGrained(Stored)
	img := &imaging.Image{W: 224, H: 224, Pix: testimage.Generate("rings", 224, 224, 3)}
	var m Map
	b.SetBytes(int64(len(img.Pix)))
	b.ReportAllocs()
	for b.Loop() {
		f.Map(&m, img)
	}
}

func BenchmarkSpectral(b *testing.B)       { benchmarkPeak(b, newSpectral(Stored)) }
func BenchmarkFrequencytuned(b *testing.B) { benchmarkPeak(b, newFrequencyTuned()) }
