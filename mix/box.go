package mix

import (
	"math"

	"github.com/premix/premix"
)

// A Border says what happens to a patch that would extend beyond the edge of the image.
type Border string

// The border policies.
const (
	// Clip cuts the box off at the edge, as the reference code does, so that it gets smaller.
	Clip Border = "clip"
	// Shift moves the box inside: it keeps its size, and the peak stays within it.
	Shift Border = "shift"
)

// Borders lists the border policies, the default first.
func Borders() []string { return []string{string(Clip), string(Shift)} }

// half is cut//2 of the reference: half the box's side for an image side and λ, where
// cut = int(side·sqrt(1−λ)) truncates. λ is clamped to [0,1]; NaN counts as 1.
func half(side int, lam float64) int {
	if !(lam < 1) {
		return 0
	}
	return int(float64(side)*math.Sqrt(1-max(lam, 0))) / 2
}

// cutBox returns the box that SaliencyMix cuts around a peak. The side to cut is
// cut = int(side·sqrt(1−lam)), and the box extends cut/2 pixels (integer division) from the peak in
// each direction: an odd cut loses one pixel, and a cut of 0 or 1 gives an empty box at the peak.
// A peak outside of the image is moved to the nearest pixel. The border policy applies at the edges,
// so that the box always lies inside the image.
//
// Source: saliency_bbox of the reference code, afm-shahab-uddin/SaliencyMix. There the names of
// width and height are swapped; here rows and columns follow from height and width.
func cutBox(peak premix.Peak, lam float64, size premix.Size, border Border) premix.Box {
	x0, x1 := span(peak.X, half(size.W, lam), size.W, border)
	y0, y1 := span(peak.Y, half(size.H, lam), size.H, border)
	return premix.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}
}

// span is the interval of h pixels each way of c in [0,side).
func span(c, h, side int, border Border) (lo, hi int) {
	c = inside(c, side)
	if border == Shift {
		lo = min(max(c-h, 0), side-2*h)
		return lo, lo + 2*h
	}
	return max(c-h, 0), min(c+h, side)
}

// inside clamps a coordinate to [0,side); it is 0 if side is 0.
func inside(c, side int) int { return max(min(c, side-1), 0) }

// Centre is the point that is used where a map is flat and has no peak: column W/2, row H/2.
func Centre(size premix.Size) premix.Peak { return premix.Peak{X: size.W / 2, Y: size.H / 2} }
