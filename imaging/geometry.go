package imaging

import (
	"fmt"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/exact"
)

// CenterPlan is torchvision's Resize(resize) followed by CenterCrop(size), for images of w×h
// pixels: the shorter side becomes resize pixels, the longer one ⌊resize·long/short⌋, and of
// that the middle is kept, its left and upper edge rounded half to even.
//
// It returns the size of the resized image, the window of it that is the crop, and the rectangle
// of the original that the crop shows. Where the resized image is narrower or lower than the
// crop, the window begins before it (⌊missing/2⌋ pixels) and ends after it, where torchvision
// pads with black; [Resampler.Resize] does the same. All arguments must be positive.
func CenterPlan(w, h, resize int, size premix.Size) (rw, rh int, win premix.Box, crop premix.Crop) {
	rw, rh = shortSide(w, h, resize)
	win.X0 = centerStart(rw, size.W)
	win.Y0 = centerStart(rh, size.H)
	win.X1, win.Y1 = win.X0+size.W, win.Y0+size.H
	return rw, rh, win, cropOf(w, h, rw, rh, win)
}

// shortSide is torchvision's Resize(resize): the shorter side becomes resize pixels, the longer one
// ⌊resize·long/short⌋.
func shortSide(w, h, resize int) (rw, rh int) {
	if w <= h {
		return resize, int(int64(resize) * int64(h) / int64(w))
	}
	return int(int64(resize) * int64(w) / int64(h)), resize
}

// centerStart is where the middle part of length part begins.
func centerStart(length, part int) int {
	if length < part {
		return -((part - length) / 2)
	}
	half := (length - part) / 2
	if (length-part)%2 == 1 {
		half += half & 1 // half to even
	}
	return half
}

// PadPlan draws the crop of torchvision's Resize(resize) followed by RandomCrop(size,
// padding=padding), for images of w×h pixels: row and column of the crop are uniform among the places
// in the padded image.
//
// It returns the size of the resized image, the window of it that is the crop, and the rectangle of
// the original that the crop shows. Window and rectangle may begin before the image and end after it,
// by padding pixels at most. The resized image must not be smaller than size by more than twice the
// padding. uniform returns numbers in [0, 1); it is called for the row, then for the column.
func PadPlan(w, h, resize, padding int, size premix.Size, uniform func() float64) (rw, rh int, win premix.Box, crop premix.Crop) {
	rw, rh = shortSide(w, h, resize)
	win.Y0 = drawBelow(rh+2*padding-size.H+1, uniform()) - padding
	win.X0 = drawBelow(rw+2*padding-size.W+1, uniform()) - padding
	win.X1, win.Y1 = win.X0+size.W, win.Y0+size.H
	return rw, rh, win, cropOf(w, h, rw, rh, win)
}

// PadPlanAt returns what [PadPlan] returned with the rectangle crop.
func PadPlanAt(w, h, resize int, size premix.Size, crop premix.Crop) (rw, rh int, win premix.Box) {
	rw, rh = shortSide(w, h, resize)
	// The product differs from a whole number by the rounding of two operations.
	win.X0 = int(math.RoundToEven(crop.X * float64(rw) / float64(w)))
	win.Y0 = int(math.RoundToEven(crop.Y * float64(rh) / float64(h)))
	win.X1, win.Y1 = win.X0+size.W, win.Y0+size.H
	return rw, rh, win
}

// cropOf maps a window of the resized image back to the original. Each number is the quotient of
// two integers, rounded once, and so the same everywhere.
func cropOf(w, h, rw, rh int, win premix.Box) premix.Crop {
	scaled := func(v, from, to int) float64 { return float64(int64(v)*int64(from)) / float64(to) }
	return premix.Crop{
		X: scaled(win.X0, w, rw), Y: scaled(win.Y0, h, rh),
		W: scaled(win.X1-win.X0, w, rw), H: scaled(win.Y1-win.Y0, h, rh),
	}
}

// RRCPlan draws the rectangle of torchvision's RandomResizedCrop (get_params) for an image of
// w×h pixels: up to ten times an area, uniform in scale times that of the image, and a ratio of
// width to height, log-uniform in ratio, until the rectangle fits; then its row and its column,
// uniform. After ten misses it is the largest central rectangle whose ratio is within ratio.
//
// uniform returns numbers in [0, 1). It is called for area and ratio of each try, and for row
// and column of the one that fits. The arithmetic is the same on every architecture.
func RRCPlan(w, h int, scale, ratio [2]float64, uniform func() float64) premix.Box {
	between := func(lo, hi float64) float64 { return lo + float64(uniform()*(hi-lo)) }
	area := float64(w) * float64(h)
	logLo, logHi := exact.Log(ratio[0]), exact.Log(ratio[1])
	for range 10 {
		target := float64(area * between(scale[0], scale[1]))
		aspect := exact.Exp(between(logLo, logHi))
		cw := math.RoundToEven(math.Sqrt(float64(target * aspect)))
		ch := math.RoundToEven(math.Sqrt(target / aspect))
		if 0 < cw && cw <= float64(w) && 0 < ch && ch <= float64(h) {
			y := drawBelow(h-int(ch)+1, uniform())
			x := drawBelow(w-int(cw)+1, uniform())
			return premix.Box{X0: x, Y0: y, X1: x + int(cw), Y1: y + int(ch)}
		}
	}
	cw, ch := w, h
	switch is := float64(w) / float64(h); {
	case is < ratio[0]:
		ch = min(max(int(math.RoundToEven(float64(w)/ratio[0])), 1), h)
	case is > ratio[1]:
		cw = min(max(int(math.RoundToEven(float64(float64(h)*ratio[1]))), 1), w)
	}
	x, y := (w-cw)/2, (h-ch)/2
	return premix.Box{X0: x, Y0: y, X1: x + cw, Y1: y + ch}
}

// drawBelow chooses one of n by a number in [0, 1).
func drawBelow(n int, u float64) int { return min(int(float64(u*float64(n))), n-1) }

// Reflect fills the pixels of m that lie outside of an image of w×h pixels, of which m is the window
// win: it mirrors the image at its edges, whose own pixels are not repeated, as NumPy's mode reflect and
// torchvision's padding_mode reflect do. On each side at most half of the window, and less than the
// image, may lie outside.
func Reflect(m *Image, w, h int, win premix.Box) error {
	if m.W != win.X1-win.X0 || m.H != win.Y1-win.Y0 {
		return fmt.Errorf("imaging: reflection in the window %v of %d×%d pixels", win, m.W, m.H)
	}
	xs, err := mirrored(win.X0, win.X1, w)
	if err != nil {
		return err
	}
	ys, err := mirrored(win.Y0, win.Y1, h)
	if err != nil {
		return err
	}
	for to, from := range ys {
		if to == from {
			row := m.Row(to)
			for x, shown := range xs {
				copy(row[3*x:3*x+3], row[3*shown:])
			}
		}
	}
	for to, from := range ys {
		copy(m.Row(to), m.Row(from))
	}
	return nil
}

// mirrored is which pixel each pixel of the window [lo,hi) of n pixels shows, both counted from lo.
func mirrored(lo, hi, n int) ([]int, error) {
	all := make([]int, hi-lo)
	for i := range all {
		p := lo + i
		switch {
		case p < 0:
			p = -p
		case p >= n:
			p = 2*(n-1) - p
		}
		if p < max(lo, 0) || p >= min(hi, n) {
			return nil, fmt.Errorf("imaging: the window %d to %d of %d pixels has nothing to mirror at %d", lo, hi, n, lo+i)
		}
		all[i] = p - lo
	}
	return all, nil
}
