package sample_test

import (
	"context"
	"fmt"
	"log"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/internal/testimage"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/sample"
)

// Two images become a sample: each is decoded and cropped and its peak found, then a patch around
// the peak of the second replaces the same place of the first.
func Example() {
	m, err := sample.New(&sample.Params{
		Geometry: crop.Geometry{Mode: crop.Squash, Size: premix.Size{H: 64, W: 64}, Filter: imaging.Bilinear},
		Detector: "finegrained", Mix: mix.Default(), Encode: "jpeg:95",
	})
	if err != nil {
		log.Fatal(err)
	}
	var halves [2]sample.Half
	var rows [2]premix.Sample
	for i, kind := range []string{"rings", "disc"} {
		if err := m.Decode(context.Background(), &halves[i], encoded(kind)); err != nil {
			log.Fatal(err)
		}
		if _, err := m.Crop(&halves[i], &rows[i]); err != nil {
			log.Fatal(err)
		}
		if err := m.Peak(&halves[i], &rows[i], false); err != nil {
			log.Fatal(err)
		}
	}
	peak := rows[1].Peak
	box := premix.Box{X0: peak.X - 8, Y0: peak.Y - 8, X1: peak.X + 8, Y1: peak.Y + 8}
	recipe := premix.Recipe{Method: mix.SaliencyMix, Mixed: true, Box: box, SrcBox: box, Lam: mix.Share(box, premix.Size{H: 64, W: 64})}
	var picture imaging.Image
	data, err := m.Mix(&picture, nil, &halves[0].Crop, &halves[1].Crop, &recipe)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(imaging.Sniff(data), picture.W, picture.H, recipe.Lam)
	// Output: jpeg 64 64 0.9375
}

// encoded is a drawn image as a file has it.
func encoded(kind string) []byte {
	png, err := imaging.NewEncoder("png")
	if err != nil {
		log.Fatal(err)
	}
	data, err := png.Encode(nil, &imaging.Image{W: 100, H: 80, Pix: testimage.Generate(kind, 100, 80, 3)})
	if err != nil {
		log.Fatal(err)
	}
	return data
}
