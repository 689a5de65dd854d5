package mix

import (
	"math"

	"github.com/premix/premix"
)

// A Border says what becomes of a patch that would reach over the edge of the image.
type Border string

// The border policies.
const (
	// Clip cuts the box off at the edge, as the reference code does: it gets smaller.
	Clip Border = "clip"
	// Shift moves the box inside: it keeps its size, and the peak stays within it.
	Shift Border = "shift"
)

// Borders lists the border policies, the default first.
func Borders() []string { return []string{string(Clip), string(Shift)} }

// half is cut//2 of the reference: half the box's side for an image side and λ, where
// cut = int(side·sqrt(1−λ)) truncates. λ is taken into [0,1], not-a-number as 1.
func half(side int, lam float64) int {
	if !(lam < 1) {
		return 0
	}
	return int(float64(side)*math.Sqrt(1-max(lam, 0))) / 2
}

// cutBox is SaliencyMix's box about a peak: cut//2 pixels each way, where cut is the side of the
// image times sqrt(1−lam), truncated, so that the box's side is 2·(cut//2) and an odd cut loses
// a pixel. A cut of 0 or 1 gives an empty box at the peak. The border policy says what happens at
// the edges. The box always lies inside the image; a peak outside is taken to the nearest pixel.
//
// Source: saliency_bbox of the reference code, afm-shahab-uddin/SaliencyMix, without its swapped
// names; rows and columns are computed alike from height and width.
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

// inside takes a coordinate to the nearest one of [0,side); 0 where there is none.
func inside(c, side int) int { return max(min(c, side-1), 0) }

// Centre is the point that stands in for the peak of a flat map: column W/2, row H/2.
func Centre(size premix.Size) premix.Peak { return premix.Peak{X: size.W / 2, Y: size.H / 2} }
