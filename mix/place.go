package mix

import (
	"math"

	"github.com/premix/premix"
)

// A Scheme says where saliencymix cuts the patch out of the source, and where in the target it
// puts it (section 3.3 and figure 3 of the paper).
type Scheme string

// The schemes. "Nonsal" is the least salient pixel, the map's first minimum.
const (
	Sal2Corr      Scheme = "sal2corr"      // peak of the source → the same place of the target
	Sal2Sal       Scheme = "sal2sal"       // peak → peak
	Sal2NonSal    Scheme = "sal2nonsal"    // peak → trough
	NonSal2Sal    Scheme = "nonsal2sal"    // trough → peak
	NonSal2NonSal Scheme = "nonsal2nonsal" // trough → trough
	Sal2Rand      Scheme = "sal2rand"      // peak → anywhere
)

// Schemes lists the schemes, the default first.
func Schemes() []string {
	return []string{string(Sal2Corr), string(Sal2Sal), string(Sal2NonSal), string(NonSal2Sal), string(NonSal2NonSal), string(Sal2Rand)}
}

// A Spot is a point of an image that a scheme asks for.
type Spot int

// The spots.
const (
	Same   Spot = iota // as in the source
	Peak               // the most salient pixel
	Trough             // the least salient pixel
	Corner             // a random pixel, for the patch's top left corner
)

// Spots says what a scheme asks of the source and of the target.
func (s Scheme) Spots() (source, target Spot) {
	switch s {
	case Sal2Sal:
		return Peak, Peak
	case Sal2NonSal:
		return Peak, Trough
	case NonSal2Sal:
		return Trough, Peak
	case NonSal2NonSal:
		return Trough, Trough
	case Sal2Rand:
		return Peak, Corner
	}
	return Peak, Same
}

// Place cuts saliencymix's patch about the point from of the source and puts it at the point to
// of the target, whose meaning is that of [Scheme.Spots]. src and dst have one size and lie inside
// the image; λ is the share of the image outside of dst.
//
//	corresponding  both are cutBox(from)
//	two centres    Clip: each of the four extents about the centres is the smaller of those of
//	               the two clipped boxes; Shift: both boxes keep their size and are moved inside
//	random         src is cutBox(from); dst has its top left corner at to, pushed back inside
func Place(scheme Scheme, border Border, from, to premix.Peak, lam float64, size premix.Size) (src, dst premix.Box, share float64) {
	src = cutBox(from, lam, size, border)
	switch _, spot := scheme.Spots(); {
	case spot == Same:
		dst = src
	case spot == Corner:
		w, h := src.X1-src.X0, src.Y1-src.Y0
		x, y := min(inside(to.X, size.W), size.W-w), min(inside(to.Y, size.H), size.H-h)
		dst = premix.Box{X0: x, Y0: y, X1: x + w, Y1: y + h}
	case border == Shift:
		dst = cutBox(to, lam, size, border)
	default:
		src.X0, src.X1, dst.X0, dst.X1 = meet(from.X, to.X, half(size.W, lam), size.W)
		src.Y0, src.Y1, dst.Y0, dst.Y1 = meet(from.Y, to.Y, half(size.H, lam), size.H)
	}
	return src, dst, Share(dst, size)
}

// meet clips the intervals of h pixels each way of two centres so that both stay equal.
func meet(from, to, h, side int) (src0, src1, dst0, dst1 int) {
	from, to = inside(from, side), inside(to, side)
	before, after := min(h, from, to), min(h, side-from, side-to)
	return from - before, from + after, to - before, to + after
}

// RandomBox is the box of cutmix and cutout about a random pixel: half its side is the image's
// times sqrt(1−lam)/2, truncated, and it is clipped at the border.
//
// Source: make_params of CutMix in torchvision/transforms/v2/_augment.py, in its order of
// operations. It differs from cutBox by a pixel at some λ: there the cut is truncated, then
// halved.
func RandomBox(centre premix.Peak, lam float64, size premix.Size) premix.Box {
	r := 0.0
	if lam < 1 {
		r = 0.5 * math.Sqrt(1-max(lam, 0))
	}
	x0, x1 := span(centre.X, int(float64(r*float64(size.W))), size.W, Clip)
	y0, y1 := span(centre.Y, int(float64(r*float64(size.H))), size.H, Clip)
	return premix.Box{X0: x0, Y0: y0, X1: x1, Y1: y1}
}

// The range of resizemix's scale if none is given: that of the paper.
const (
	MinScale = 0.1
	MaxScale = 0.8
)

// SmallSize is the size to which resizemix scales the source: τ times each side, truncated, at
// least one pixel, with τ = lo + (hi−lo)·(1−lam). A uniform λ makes τ uniform in [lo,hi], as in
// the paper (Qin et al., "ResizeMix", section 3.2), while the drawn λ stays comparable with those
// of other methods.
func SmallSize(lam, lo, hi float64, size premix.Size) premix.Size {
	tau := min(max(lo+float64((hi-lo)*(1-lam)), 0), 1)
	return premix.Size{
		H: min(max(int(float64(tau*float64(size.H))), 1), size.H),
		W: min(max(int(float64(tau*float64(size.W))), 1), size.W),
	}
}
