package saliency_test

import (
	"fmt"
	"log"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
	"github.com/premix/premix/saliency"
)

// The picture is a bright disc around (112, 50) on a dull ground.
func ExampleDetector() {
	img := &imaging.Image{W: 224, H: 100, Pix: testimage.Generate("disc", 224, 100, 3)}
	for _, name := range saliency.Names() {
		d, err := saliency.New(name, saliency.Params{})
		if err != nil {
			log.Fatal(err)
		}
		r := d.Peak(img)
		fmt.Printf("%-14s %3d,%d\n", name, r.Peak.X, r.Peak.Y)
	}
	// Output:
	// finegrained    109,28
	// spectral       110,31
	// frequencytuned 108,33
	// center         112,50
}
