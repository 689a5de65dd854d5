package mix

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// Apply makes the pixels of a recipe: dst gets the size of target and its content. dst may be
// target itself, which saves a copy; it must not be source. target and source must have one size.
// Source is not looked at (and may be nil) by methods that need no second image.
//
// A recipe that does not fit the images (a box outside, sizes that differ, an unknown method) is
// an error: recipes can come from a file. Apply does not allocate once dst has its capacity.
func Apply(dst, target, source *imaging.Image, r *premix.Recipe) error {
	if err := fits(target, source, r); err != nil {
		return err
	}
	if dst != target && r.Method != MixUp {
		dst.Resize(target.W, target.H)
		copy(dst.Pix, target.Pix)
	}
	switch r.Method {
	case SaliencyMix, CutMix:
		paste(dst, source, r.Box, r.SrcBox)
	}
	return nil
}

// fits says why a recipe cannot be applied to two images.
func fits(target, source *imaging.Image, r *premix.Recipe) error {
	size := premix.Size{H: target.H, W: target.W}
	if Pairs(r.Method) && (source.W != target.W || source.H != target.H) {
		return fmt.Errorf("mix: %s: target is %v, source %v", r.Key, size, premix.Size{H: source.H, W: source.W})
	}
	switch r.Method {
	case None:
	case SaliencyMix, CutMix:
		if !within(r.Box, size) || !within(r.SrcBox, size) {
			return fmt.Errorf("mix: %s: box %v or %v outside of the image of %v", r.Key, r.Box, r.SrcBox, size)
		}
		if r.Box.X1-r.Box.X0 != r.SrcBox.X1-r.SrcBox.X0 || r.Box.Y1-r.Box.Y0 != r.SrcBox.Y1-r.SrcBox.Y0 {
			return fmt.Errorf("mix: %s: box %v and source box %v differ in size", r.Key, r.Box, r.SrcBox)
		}
	default:
		return fmt.Errorf("mix: %s: unknown method %q", r.Key, r.Method)
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
