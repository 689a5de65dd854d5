package sample

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/internal/testimage"
)

// A part is decoded: the pixels around it, which are drawn here, reach no crop. Every geometry and filter, several crops of
// an image, and images larger and smaller than the crop.
func TestDecodePart(t *testing.T) {
	const seed = 19
	r := rand.New(rand.NewPCG(seed, seed))
	size := premix.Size{H: 48, W: 64}
	rrc := crop.Geometry{Mode: crop.RRC, Size: size, Scale: [2]float64{0.08, 1}, Ratio: [2]float64{3. / 4, 4. / 3}, HFlip: 0.5}
	geometries := []crop.Geometry{
		rrc,
		{Mode: crop.Center, Size: size, Resize: 73},
		{Mode: crop.Center, Size: size, Resize: crop.NoResize},
		{Mode: crop.Squash, Size: size},
		{Mode: crop.Pad, Size: size, Resize: 64, Padding: 8, HFlip: 0.5},
		{Mode: crop.Pad, Size: size, Resize: 64, Padding: 8, Reflect: true},
		{Mode: crop.Pad, Size: size, Resize: crop.NoResize, Padding: 8},
	}
	smaller := map[string]int{} // parts that leave something out
	for _, g := range geometries {
		for _, f := range []imaging.Filter{imaging.Bilinear, imaging.Bicubic, imaging.Lanczos} {
			g.Filter = f
			p := &Params{Geometry: g, Detector: "center", Encode: "png", CropSeed: 7}
			whole, err := New(p)
			if err != nil {
				t.Fatal(err)
			}
			part, err := New(p)
			if err != nil {
				t.Fatal(err)
			}
			for round := range 12 {
				w, h := 70+r.IntN(200), 56+r.IntN(200)
				e, err := imaging.NewEncoder([]string{"jpeg:90", "jpeg:90:444"}[round%2])
				if err != nil {
					t.Fatal(err)
				}
				data, err := e.Encode(nil, &imaging.Image{W: w, H: h, Pix: testimage.Generate("hash", w, h, 3)})
				if err != nil {
					t.Fatal(err)
				}
				samples := make([]premix.Sample, 1+r.IntN(3))
				for i := range samples {
					samples[i].Digest[0], samples[i].Replica = byte(round), i
				}
				noise := make([]byte, 3*w*h)
				for i := range noise {
					noise[i] = byte(r.Uint32())
				}
				all, some := Half{}, Half{Original: imaging.Image{Pix: bytes.Clone(noise)}}
				ctx := context.Background()
				if err := errors.Join(whole.Decode(ctx, &all, data), part.DecodeFor(ctx, &some, data, samples)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(all.Original.Pix, some.Original.Pix) {
					smaller[g.Mode]++
				}
				for i := range samples {
					what := fmt.Sprintf("seed %d, %+v, %d×%d, crop %d of %d", seed, g, w, h, i, len(samples))
					want, got := samples[i], samples[i]
					_, err1 := whole.Crop(&all, &want)
					_, err2 := part.Crop(&some, &got)
					if err1 != nil || err2 != nil || got != want || !bytes.Equal(all.Crop.Pix, some.Crop.Pix) {
						t.Fatalf("%s: %v, %v; %+v, want %+v; same pixels: %t", what, err1, err2, got, want, bytes.Equal(all.Crop.Pix, some.Crop.Pix))
					}
					again := Half{Original: imaging.Image{Pix: bytes.Clone(noise)}}
					var crop imaging.Image
					if err := errors.Join(part.DecodeAgain(ctx, &again, data, &want), part.CropAgain(&crop, &again, &want)); err != nil || !bytes.Equal(crop.Pix, all.Crop.Pix) {
						t.Fatalf("%s, again: %v; same pixels: %t", what, err, bytes.Equal(crop.Pix, all.Crop.Pix))
					}
				}
			}
		}
	}
	for _, mode := range []string{crop.RRC, crop.Center, crop.Pad} {
		if smaller[mode] < 10 {
			t.Errorf("%s: a part of the image was decoded %d times only", mode, smaller[mode])
		}
	}
}

// An image that is too small for the crop, and one that is not the image of the row, are decoded whole.
func TestDecodePartWhole(t *testing.T) {
	p := &Params{Geometry: crop.Geometry{Mode: crop.Center, Size: premix.Size{H: 48, W: 64}, Resize: crop.NoResize}, Detector: "center", Encode: "png"}
	m, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	e, err := imaging.NewEncoder("jpeg:90")
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Encode(nil, &imaging.Image{W: 50, H: 40, Pix: testimage.Generate("rings", 50, 40, 3)})
	if err != nil {
		t.Fatal(err)
	}
	var want, got, again Half
	ctx := context.Background()
	s := premix.Sample{Width: 300, Height: 200}
	if err := errors.Join(m.Decode(ctx, &want, data), m.DecodeFor(ctx, &got, data, make([]premix.Sample, 1)), m.DecodeAgain(ctx, &again, data, &s)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Original.Pix, want.Original.Pix) || !bytes.Equal(again.Original.Pix, want.Original.Pix) {
		t.Error("pixels are missing")
	}
	if _, err := m.Crop(&got, &premix.Sample{}); premix.AsFault(err) == nil {
		t.Errorf("crop of an image that is too small: %v", err)
	}
}
