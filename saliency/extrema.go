package saliency

import (
	"bytes"
	"slices"

	"github.com/premix/premix"
)

// extrema returns the first maximum and the first minimum of a map of w columns. It is the
// definition of a Result; detectors that skip parts of the map must agree with it.
func extrema(pix []uint8, w int) Result {
	if len(pix) == 0 {
		return flat(0, 0)
	}
	hi, lo := slices.Max(pix), slices.Min(pix)
	return Result{
		Peak:   at(bytes.IndexByte(pix, hi), w),
		Trough: at(bytes.IndexByte(pix, lo), w),
		Flat:   hi == 0,
	}
}

// at is the pixel of index i in a map of w columns.
func at(i, w int) premix.Peak { return premix.Peak{X: i % w, Y: i / w} }
