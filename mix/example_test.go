package mix_test

import (
	"fmt"
	"log"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/mix"
)

// A white patch is cut around the peak (6,2) of the source and pasted at the same place.
func ExampleApply() {
	size := premix.Size{H: 8, W: 8}
	target := &imaging.Image{W: 8, H: 8, Pix: make([]byte, 3*8*8)}
	source := &imaging.Image{W: 8, H: 8, Pix: make([]byte, 3*8*8)}
	for i := range source.Pix {
		source.Pix[i] = 255
	}
	peak := premix.Peak{X: 6, Y: 2}
	r := premix.Recipe{Method: mix.SaliencyMix, Mixed: true, LabelA: 0, LabelB: 1}
	r.SrcBox, r.Box, r.Lam = mix.Place(mix.Sal2Corr, mix.Clip, peak, peak, 0.75, size)

	var mixed imaging.Image
	if err := mix.Apply(&mixed, target, source, &r); err != nil {
		log.Fatal(err)
	}
	fmt.Println("box", r.Box, "λ", r.Lam, "label", mix.Soft(nil, &r, 2, 0))
	for y := range mixed.H {
		row := make([]byte, mixed.W)
		for x := range row {
			row[x] = mixed.Row(y)[3*x]
		}
		fmt.Println(row)
	}
	// Output:
	// box [4,0,8,4] λ 0.75 label [0.75 0.25]
	// [0 0 0 0 255 255 255 255]
	// [0 0 0 0 255 255 255 255]
	// [0 0 0 0 255 255 255 255]
	// [0 0 0 0 255 255 255 255]
	// [0 0 0 0 0 0 0 0]
	// [0 0 0 0 0 0 0 0]
	// [0 0 0 0 0 0 0 0]
	// [0 0 0 0 0 0 0 0]
}
