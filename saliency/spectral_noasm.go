//go:build !amd64 || noasm

package saliency

// dftStep performs one step of the transform on n columns.
func dftStep(re, im *plane, b *butterfly, n int) { butterflyGo(re, im, b, n) }

// expDifference replaces a by exp(a − b).
func expDifference(a, b *plane) { expDifferenceGo(a, b) }

// logRow sets the known columns of dst to ln(|x + iy| + 1).
func logRow(dst, x, y *[side]float64) { logRowGo(dst, x, y) }

// polarRow sets the known columns of sin and cos to those of the direction of x + iy.
func polarRow(sin, cos, x, y *[side]float64) { polarRowGo(sin, cos, x, y) }
