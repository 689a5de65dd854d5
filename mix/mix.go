// Package mix holds the methods that make one training image of two, and their labels: where a
// patch is cut and pasted, what share of the picture it takes, which pixels come out, and which
// soft label goes with them.
//
// Everything here is a pure function of numbers and two images. Which images meet, and what is
// drawn for them, is the business of package plan.
//
// # λ
//
// λ is the weight of the target, the share of its pixels that stay. A method draws λ, derives a
// box from it, and where a patch is pasted λ is computed again from the pixels really pasted:
//
//	λ = 1 − area(box) / (H·W)
//
// # Methods
//
//	saliencymix  a patch about the source's saliency peak, placed by a [Scheme] (Uddin et al. 2021)
//	cutmix       a patch at a random place (Yun et al. 2019), the box of torchvision
//	mixup        λ·target + (1−λ)·source, every byte rounded half to even (Zhang et al. 2018)
//	cutout       a box at a random place painted over, the label kept (DeVries and Taylor 2017)
//	resizemix    the whole source, made small, at a random place (Qin et al. 2020)
//	none         the target as it is
//
// All arithmetic that decides a pixel or a label rounds each operation on its own, so that no
// architecture's fused multiply-add changes an output.
package mix

import "github.com/premix/premix"

// The methods.
const (
	SaliencyMix = "saliencymix"
	CutMix      = "cutmix"
	MixUp       = "mixup"
	Cutout      = "cutout"
	ResizeMix   = "resizemix"
	None        = "none"
)

// Names lists the methods, the default first.
func Names() []string { return []string{SaliencyMix, CutMix, MixUp, Cutout, ResizeMix, None} }

// Pairs reports whether the method puts a second image's pixels into the first.
func Pairs(method string) bool {
	return method == SaliencyMix || method == CutMix || method == MixUp || method == ResizeMix
}

// Share is λ after the pixels of box were replaced in an image of the given size: the share of
// the image that stays. It is one integer division, so it is the same everywhere.
func Share(box premix.Box, size premix.Size) float64 {
	if size.H <= 0 || size.W <= 0 {
		return 1
	}
	return 1 - float64(box.Area())/float64(size.H*size.W)
}
