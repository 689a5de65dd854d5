package imaging

import (
	"fmt"
	"math"

	"github.com/premix/premix/exact"
)

// A Filter names the interpolation of a [Resampler]; all of them widen when they shrink an
// image, so that it is averaged instead of picked from (antialiasing).
type Filter string

// The filters.
const (
	Bilinear Filter = "bilinear" // triangle, support 1
	Bicubic  Filter = "bicubic"  // Keys' cubic with a = −0.5, support 2
	Lanczos  Filter = "lanczos"  // windowed sinc, support 3
)

// kernel returns the function of the filter and the distance from where on it is zero.
func (f Filter) kernel() (weight func(x float64) float64, support float64, err error) {
	switch f {
	case Bilinear:
		return bilinear, 1, nil
	case Bicubic:
		return bicubic, 2, nil
	case Lanczos:
		return lanczos, 3, nil
	}
	return nil, 0, fmt.Errorf("imaging: unknown interpolation %q, want bilinear, bicubic or lanczos", string(f))
}

// Validate returns an error if premix does not know the filter.
func (f Filter) Validate() error {
	_, _, err := f.kernel()
	return err
}

func bilinear(x float64) float64 {
	x = math.Abs(x)
	if x < 1 {
		return 1 - x
	}
	return 0
}

// bicubic has the order of operations of Pillow; the conversions keep a compiler from fusing
// multiplication and addition, which would change the last bit.
func bicubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	if x < 1 {
		return float64((float64((a+2)*x)-(a+3))*x*x) + 1
	}
	if x < 2 {
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

func lanczos(x float64) float64 {
	if -3 <= x && x < 3 {
		return sinc(x) * sinc(x/3)
	}
	return 0
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return exact.Sin(x) / x
}
