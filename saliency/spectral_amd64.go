//go:build amd64 && !noasm

package saliency

import (
	"math"

	"github.com/premix/premix/exact"
)

// dftStep performs one step of the transform on n columns. In assembly it is done to up to three
// columns more, if they exist: what they hold is of no use to any caller.
func dftStep(re, im *plane, b *butterfly, n int) {
	if haveAVX2 {
		butterflyAVX2(re, im, b, n)
		return
	}
	butterflyGo(re, im, b, n)
}

// butterflyAVX2 is butterflyGo for n columns, rounded up to a multiple of 4.
//
//go:noescape
func butterflyAVX2(re, im *plane, b *butterfly, n int)

// expDifference replaces a by exp(a − b).
func expDifference(a, b *plane) {
	if haveAVX2 {
		expDifferenceAVX2(a, b)
		return
	}
	expDifferenceGo(a, b)
}

// logRow sets the known columns of dst to ln(|x + iy| + 1).
func logRow(dst, x, y *[side]float64) {
	if haveAVX2 {
		logRowAVX2(dst, x, y)
		return
	}
	logRowGo(dst, x, y)
}

// polarRow sets the known columns of sin and cos to those of the direction of x + iy.
func polarRow(sin, cos, x, y *[side]float64) {
	if haveAVX2 {
		polarRowAVX2(sin, cos, x, y)
		return
	}
	polarRowGo(sin, cos, x, y)
}

// The constants of the kernels, in the order in which they are used there.
var (
	//lint:ignore U1000 spectral_amd64.s reads it
	expConstants = [...]float64{
		math.Log2E, 0.5, exact.Ln2Hi, exact.Ln2Lo,
		exact.Exp5, exact.Exp4, exact.Exp3, exact.Exp2, exact.Exp1Taylor, 2, 1,
	}
	//lint:ignore U1000 spectral_amd64.s reads it
	logConstants = [...]float64{
		1, math.Float64frombits(1<<52 - 1), math.Float64frombits(0x433 << 52), 1<<52 + 1023, math.Sqrt2, 0.5,
		2, exact.Log7, exact.Log5, exact.Log3, exact.Log1, exact.Log6, exact.Log4, exact.Log2, exact.Ln2Hi, exact.Ln2Lo,
	}
	//lint:ignore U1000 spectral_amd64.s reads it
	atanConstants = [...]float32{math.Float32frombits(1<<31 - 1), 0x1p-52, atan7, atan5, atan3, atan1, math.Float32frombits(1 << 31), 90, 180, 360, radians}
	//lint:ignore U1000 spectral_amd64.s reads it
	sineConstants = [...]float64{steps, sin3, step, cos2, 1}
)

// expDifferenceAVX2 is expDifferenceGo.
//
//go:noescape
func expDifferenceAVX2(a, b *plane)

// logRowAVX2 is logRowGo. It works on three columns more than are known.
//
//go:noescape
func logRowAVX2(dst, x, y *[side]float64)

// polarRowAVX2 is polarRowGo. It works on three columns more than are known.
//
//go:noescape
func polarRowAVX2(sin, cos, x, y *[side]float64)
