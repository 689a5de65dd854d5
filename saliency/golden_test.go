package saliency

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
)

// A golden is a generated image and what OpenCV makes of it. The fine-grained columns are the same
// in 4.5, 4.6, 4.14 and 5.0. The spectral peak is that of 4.14, but for the ramp of 224×224, where
// 4.6 sees another of several columns that differ by less than float32 can tell; both agree on the
// rest.
type golden struct {
	kind     string
	h, w, ch int
	fgMap    uint32      // CRC-32 of the fine-grained map
	fgPeak   premix.Peak // its first maximum
	fgMaxima int         // how many pixels share the maximum
	srPeak   premix.Peak // first maximum of the 8-bit spectral map, the first pixel if that is 0
}

func (g golden) name() string { return fmt.Sprintf("%s/%dx%dx%d", g.kind, g.w, g.h, g.ch) }

func (g golden) pix() []byte { return testimage.Generate(g.kind, g.w, g.h, g.ch) }

func (g golden) image() *imaging.Image {
	if g.ch == 1 {
		return grayImage(g.pix(), g.w, g.h)
	}
	return &imaging.Image{W: g.w, H: g.h, Pix: g.pix()}
}

// grayImage is an image of three equal channels, whose luma is pix.
func grayImage(pix []byte, w, h int) *imaging.Image {
	img := &imaging.Image{W: w, H: h, Pix: make([]byte, 0, 3*w*h)}
	for _, v := range pix {
		img.Pix = append(img.Pix, v, v, v)
	}
	return img
}

// illConditioned stands for the spectral peak of a picture so symmetric that the phases of most of
// its spectrum are noise.
var illConditioned = premix.Peak{X: -2, Y: -2}

var goldens = []golden{
	{"hash", 224, 224, 3, 0xb622da4b, premix.Peak{X: 81, Y: 29}, 2, premix.Peak{X: 60, Y: 19}},
	{"hash", 256, 256, 3, 0x6b128cc0, premix.Peak{X: 220, Y: 186}, 2, premix.Peak{X: 41, Y: 0}},
	{"hash", 33, 41, 3, 0x7c06cab3, premix.Peak{X: 26, Y: 11}, 2, premix.Peak{X: 18, Y: 32}},
	{"hash", 5, 7, 3, 0xa8c1c8bc, premix.Peak{X: 2, Y: 0}, 3, premix.Peak{X: 1, Y: 3}},
	{"hash", 64, 64, 1, 0x5dd32404, premix.Peak{X: 23, Y: 2}, 2, premix.Peak{X: 48, Y: 0}},
	{"hash", 17, 250, 1, 0xa466e0eb, premix.Peak{X: 14, Y: 16}, 2, premix.Peak{X: 13, Y: 16}},
	{"hash", 1, 9, 3, 0x76fd8323, premix.Peak{X: 2, Y: 0}, 2, premix.Peak{X: 1, Y: 0}},
	{"hash", 9, 1, 1, 0x771eeed8, premix.Peak{X: 0, Y: 0}, 2, premix.Peak{X: 0, Y: 8}},
	{"hash", 1, 1, 3, 0xd202ef8d, premix.Peak{X: 0, Y: 0}, 1, premix.Peak{X: 0, Y: 0}},
	{"hash", 2, 2, 3, 0x2144df1c, premix.Peak{X: 0, Y: 0}, 4, premix.Peak{X: 1, Y: 0}},
	{"rings", 224, 224, 3, 0x5e773263, premix.Peak{X: 8, Y: 71}, 5, premix.Peak{X: 114, Y: 0}},
	{"rings", 256, 256, 3, 0xe16f75af, premix.Peak{X: 8, Y: 71}, 5, premix.Peak{X: 254, Y: 5}},
	{"rings", 33, 41, 3, 0x1044cb93, premix.Peak{X: 1, Y: 3}, 2, premix.Peak{X: 40, Y: 32}},
	{"rings", 5, 7, 3, 0x95012ee0, premix.Peak{X: 6, Y: 0}, 8, premix.Peak{X: 6, Y: 0}},
	{"rings", 64, 64, 1, 0x02db065f, premix.Peak{X: 6, Y: 7}, 4, premix.Peak{X: 63, Y: 63}},
	{"rings", 17, 250, 1, 0x17af93b3, premix.Peak{X: 130, Y: 0}, 4, premix.Peak{X: 119, Y: 16}},
	{"rings", 1, 9, 3, 0x25f75a26, premix.Peak{X: 0, Y: 0}, 5, premix.Peak{X: 8, Y: 0}},
	{"rings", 9, 1, 1, 0x63ac9e1a, premix.Peak{X: 0, Y: 8}, 1, premix.Peak{X: 0, Y: 8}},
	{"rings", 1, 1, 3, 0xd202ef8d, premix.Peak{X: 0, Y: 0}, 1, premix.Peak{X: 0, Y: 0}},
	{"rings", 2, 2, 3, 0x2144df1c, premix.Peak{X: 0, Y: 0}, 4, premix.Peak{X: 0, Y: 0}},
	{"ramp", 224, 224, 3, 0x0e3abdd9, premix.Peak{X: 1, Y: 0}, 448, premix.Peak{X: 222, Y: 112}},
	{"ramp", 256, 256, 3, 0x7454b902, premix.Peak{X: 0, Y: 0}, 1280, premix.Peak{X: 254, Y: 128}},
	{"ramp", 33, 41, 3, 0x2ae3d49d, premix.Peak{X: 0, Y: 0}, 66, premix.Peak{X: 40, Y: 0}},
	{"ramp", 5, 7, 3, 0x3e4c1716, premix.Peak{X: 0, Y: 0}, 10, premix.Peak{X: 6, Y: 0}},
	{"ramp", 64, 64, 1, 0xa9d8a812, premix.Peak{X: 0, Y: 0}, 128, premix.Peak{X: 63, Y: 32}},
	{"ramp", 17, 250, 1, 0x8812fc0d, premix.Peak{X: 1, Y: 0}, 34, premix.Peak{X: 248, Y: 8}},
	{"ramp", 1, 9, 3, 0x4bcb57d3, premix.Peak{X: 0, Y: 0}, 2, premix.Peak{X: 8, Y: 0}},
	{"ramp", 9, 1, 1, 0xe60914ae, premix.Peak{X: 0, Y: 0}, 9, premix.Peak{X: 0, Y: 0}},
	{"ramp", 1, 1, 3, 0xd202ef8d, premix.Peak{X: 0, Y: 0}, 1, premix.Peak{X: 0, Y: 0}},
	{"ramp", 2, 2, 3, 0x2144df1c, premix.Peak{X: 0, Y: 0}, 4, premix.Peak{X: 1, Y: 0}},
	{"disc", 224, 224, 3, 0x81886bc6, premix.Peak{X: 109, Y: 66}, 4, premix.Peak{X: 85, Y: 78}},
	{"disc", 256, 256, 3, 0x5412b32e, premix.Peak{X: 124, Y: 75}, 8, premix.Peak{X: 93, Y: 93}},
	{"disc", 33, 41, 3, 0x610da59a, premix.Peak{X: 13, Y: 8}, 50, premix.Peak{X: 20, Y: 10}},
	{"disc", 5, 7, 3, 0xd41bacd8, premix.Peak{X: 0, Y: 0}, 5, premix.Peak{X: 3, Y: 1}},
	{"disc", 64, 64, 1, 0x2237afda, premix.Peak{X: 29, Y: 18}, 4, illConditioned},
	{"disc", 17, 250, 1, 0x60ed8132, premix.Peak{X: 125, Y: 8}, 17, premix.Peak{X: 127, Y: 6}},
	{"disc", 1, 9, 3, 0xa48634cc, premix.Peak{X: 0, Y: 0}, 5, premix.Peak{X: 4, Y: 0}},
	{"disc", 9, 1, 1, 0x990e1b1d, premix.Peak{X: 0, Y: 0}, 5, premix.Peak{X: 0, Y: 4}},
	{"disc", 1, 1, 3, 0xd202ef8d, premix.Peak{X: 0, Y: 0}, 1, premix.Peak{X: 0, Y: 0}},
	{"disc", 2, 2, 3, 0x2144df1c, premix.Peak{X: 0, Y: 0}, 4, premix.Peak{X: 0, Y: 0}},
}
