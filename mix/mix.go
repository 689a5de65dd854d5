// Package mix makes one training image of two. [Apply] computes the pixels of a recipe, [Soft] its
// label, [Place] and [RandomBox] the boxes of a patch, and [Share] the λ that follows from a box.
// [Params] are the options, checked by [Params.Validate].
//
// Everything here is a pure function of numbers and two images. Package plan decides which images
// are paired, and draws the numbers.
//
// # λ
//
// λ is the weight of the target, the share of its pixels that stay. A method draws λ, derives a
// box from it, and where a patch is pasted, λ is computed again from the pixels that were replaced:
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

// A Method says what a method does with its images.
type Method struct {
	Name string
	// Pairs says that pixels of a second image, the source, get into the target.
	Pairs bool
	// Pastes says that SrcBox of the source replaces Box of the target, so that λ is [Share] of Box.
	Pastes bool
	// Resizes says that SrcBox is scaled to Box; otherwise both have one size.
	Resizes bool
	// noScheme and noBorder say why these options of saliencymix mean nothing to the method.
	noScheme, noBorder string
}

// methods holds the methods, the default first.
var methods = []Method{
	{Name: SaliencyMix, Pairs: true, Pastes: true},
	{Name: CutMix, Pairs: true, Pastes: true,
		noScheme: "it puts the patch where it was, at a random place", noBorder: "it clips, as torchvision does"},
	{Name: MixUp, Pairs: true,
		noScheme: "it blends whole images and has no patch to place", noBorder: "it blends whole images and has no patch"},
	{Name: Cutout, noScheme: "it pastes nothing", noBorder: "it clips, as its paper does"},
	{Name: ResizeMix, Pairs: true, Pastes: true, Resizes: true,
		noScheme: "it pastes the whole source at a random place", noBorder: "its patch is always inside"},
	{Name: None, noScheme: "it mixes nothing", noBorder: "it mixes nothing"},
}

// Names lists the methods, the default first.
func Names() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.Name
	}
	return names
}

// ByName returns the method with the given name. It returns false, and a method that does nothing,
// if there is none.
func ByName(name string) (Method, bool) {
	for _, m := range methods {
		if m.Name == name {
			return m, true
		}
	}
	return Method{Name: name}, false
}

// Pairs reports whether the method puts a second image's pixels into the first.
func Pairs(method string) bool {
	m, _ := ByName(method)
	return m.Pairs
}

// Share is λ after the pixels of box were replaced in an image of the given size: the share of
// the image that stays. It is one integer division, so it is the same everywhere.
func Share(box premix.Box, size premix.Size) float64 {
	if size.H <= 0 || size.W <= 0 {
		return 1
	}
	return 1 - float64(box.Area())/float64(size.H*size.W)
}
