// Package synth draws a labelled image data set by code: a textured object, whose shape, texture
// and hue are those of its class, on a cluttered and muted background. It is premix's
// demonstration and test data.
//
// Image i is a pure function of i, in integer arithmetic: the same bytes on every machine and in
// every run. Images are from 64 to 800 pixels wide and high, in both orientations; most are
// JPEGs of several qualities and samplings, some gray, some PNGs with alpha, a palette or 16
// bits, and a few PNGs are called .jpeg, as one of ImageNet's is.
package synth

import (
	"fmt"

	"github.com/premix/premix/imaging"
)

// Version changes with the bytes of the images.
const Version = 1

// Max is the largest number of images in a set.
const Max = 1_000_000_000

// Classes returns the names of the classes, sorted; image i is of class i modulo their number.
func Classes() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// classOf is the index of the class of image i.
func classOf(i int64) int { return int(i % int64(len(kinds))) }

// Name is the file name of image i, which sorts by i within its class: star_000000010.jpg.
func Name(i int64) string {
	return fmt.Sprintf("%s_%09d.%s", kinds[classOf(i)].name, i, formOf(i).ext)
}

// Draw returns image i, with its class and its file name.
func Draw(i int64) (data []byte, class, name string) {
	var d Drawer
	return d.Draw(nil, i), kinds[classOf(i)].name, Name(i)
}

// A Drawer draws images and reuses its memory. It must not be used concurrently.
type Drawer struct {
	img      imaging.Image
	gray     []byte
	encoders map[string]*imaging.Encoder
	png      pngWriter
}

// Draw appends image i, encoded, to dst. It panics if i is negative.
func (d *Drawer) Draw(dst []byte, i int64) []byte {
	if i < 0 {
		panic(fmt.Sprintf("synth: image %d", i))
	}
	d.Paint(i)
	return d.encode(dst, formOf(i))
}

// Paint draws image i and returns its pixels before encoding, valid until the next call.
func (d *Drawer) Paint(i int64) *imaging.Image {
	r := newRand(i, 1)
	w, h := sizeOf(r)
	d.img.Resize(w, h)
	s := scene{img: &d.img, r: r, side: min(w, h)}
	s.background()
	s.object(kinds[classOf(i)])
	s.grain(newRand(i, 2))
	return &d.img
}

// sizeOf draws width and height: long sides from 64 to 800 with a preference for small ones, and
// the usual ratios in both orientations.
func sizeOf(r *rand) (w, h int) {
	long := 64 + r.n(737)*(512+r.n(513))/1024
	switch r.n(24) {
	case 0:
		long = 64
	case 1:
		long = 800
	}
	ratios := [][2]int{{4, 3}, {4, 3}, {3, 2}, {1, 1}, {16, 9}, {2, 1}}
	ratio := ratios[r.n(len(ratios))]
	short := max(64, long*ratio[1]/ratio[0])
	if r.n(3) == 0 {
		return short, long
	}
	return long, short
}
