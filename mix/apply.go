package mix

import (
	"fmt"
	"sync"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// Paint is the colour that cutout fills its box with: the mean of ImageNet's pixels, which is 0 after the
// usual normalisation, as in its paper.
var Paint = [3]byte{124, 116, 104}

// Apply makes the pixels of a recipe: dst gets the size of target and its content. dst may be
// target itself, which saves a copy; it must not be source. target and source must have one size.
// Source is not used (and may be nil) by methods that need no second image.
//
//	saliencymix, cutmix  the pixels of SrcBox of the source replace those of Box
//	mixup                every byte is rint(λ·t + (1−λ)·s) in float64, halves to the even number
//	cutout               the pixels of Box become Paint
//	resizemix            SrcBox of the source, scaled to Box as Pillow's bilinear resize does
//	none                 the target
//
// A recipe that does not fit the images (a box outside, sizes that differ, an unknown method) is
// an error and leaves dst unchanged: recipes can come from a file. Apply does not allocate once dst has
// its capacity and the scratch of resizemix is warm. It may be called concurrently.
func Apply(dst, target, source *imaging.Image, r *premix.Recipe) error {
	if err := fits(target, source, r); err != nil {
		return err
	}
	if r.Method == MixUp {
		dst.Resize(target.W, target.H)
		blend(dst.Pix, target.Pix, source.Pix, r.Lam)
		return nil
	}
	if dst != target {
		dst.Resize(target.W, target.H)
		copy(dst.Pix, target.Pix)
	}
	switch r.Method {
	case SaliencyMix, CutMix:
		paste(dst, source, r.Box, r.SrcBox)
	case Cutout:
		paint(dst, r.Box)
	case ResizeMix:
		return shrink(dst, source, r.Box, r.SrcBox)
	}
	return nil
}

// Alike reports whether [Apply] makes the same pixels by two recipes, if their targets have the same pixels, and their
// sources too. Where it returns false, they may still be the same.
func Alike(a, b *premix.Recipe) bool {
	return a.Method == b.Method && a.Lam == b.Lam && a.Box == b.Box && a.SrcBox == b.SrcBox
}

// fits says why a recipe cannot be applied to two images.
func fits(target, source *imaging.Image, r *premix.Recipe) error {
	size := premix.Size{H: target.H, W: target.W}
	m, known := ByName(r.Method)
	bad := func(format string, args ...any) error {
		return fmt.Errorf("mix: %s: "+format, append([]any{r.Key}, args...)...)
	}
	switch {
	case !known:
		return bad("unknown method %q", r.Method)
	case m.Pairs && source == nil:
		return bad("no source")
	case m.Pairs && (source.W != target.W || source.H != target.H):
		return bad("target is %v, source %v", size, premix.Size{H: source.H, W: source.W})
	case !within(r.Box, size) || !within(r.SrcBox, size):
		return bad("box %v or %v is outside the image of %v", r.Box, r.SrcBox, size)
	case m.Resizes && (r.Box.Empty() || r.SrcBox.Empty()):
		return bad("box %v of source box %v is empty", r.Box, r.SrcBox)
	case m.Pastes && !m.Resizes && (r.Box.X1-r.Box.X0 != r.SrcBox.X1-r.SrcBox.X0 || r.Box.Y1-r.Box.Y0 != r.SrcBox.Y1-r.SrcBox.Y0):
		return bad("box %v and source box %v differ in size", r.Box, r.SrcBox)
	case m.Name == MixUp && !(r.Lam >= 0 && r.Lam <= 1):
		return bad("λ %v is not in [0,1]", r.Lam)
	}
	return nil
}

// within reports whether a box is well formed and lies inside an image.
func within(b premix.Box, size premix.Size) bool {
	return 0 <= b.X0 && b.X0 <= b.X1 && b.X1 <= size.W && 0 <= b.Y0 && b.Y0 <= b.Y1 && b.Y1 <= size.H
}

// paste copies the box src of the image from to the box at of dst; both have one size.
func paste(dst, from *imaging.Image, at, src premix.Box) {
	n := 3 * (at.X1 - at.X0)
	for y := range at.Y1 - at.Y0 {
		copy(dst.Row(at.Y0 + y)[3*at.X0:][:n], from.Row(src.Y0 + y)[3*src.X0:])
	}
}

// paint fills a box with Paint: one pixel, then the rest of its row from what is there already,
// then the other rows from the first.
func paint(dst *imaging.Image, at premix.Box) {
	if at.Empty() {
		return
	}
	first := dst.Row(at.Y0)[3*at.X0 : 3*at.X1]
	for n := copy(first, Paint[:]); n < len(first); n *= 2 {
		copy(first[n:], first[:n])
	}
	for y := at.Y0 + 1; y < at.Y1; y++ {
		copy(dst.Row(y)[3*at.X0:3*at.X1], first)
	}
}

var resamplers = sync.Pool{New: func() any { return new(imaging.Resampler) }}

// shrink pastes the box src of the image from, scaled to the size of at.
func shrink(dst, from *imaging.Image, at, src premix.Box) error {
	r := resamplers.Get().(*imaging.Resampler)
	defer resamplers.Put(r)
	if err := r.ResizeInto(dst, at, from, src, imaging.Bilinear); err != nil {
		return fmt.Errorf("mix: resizemix: %w", err)
	}
	return nil
}
