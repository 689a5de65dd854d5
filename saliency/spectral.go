package saliency

import (
	"math"

	"github.com/premix/premix/exact"
	"github.com/premix/premix/imaging"
)

// spectral is OpenCV's StaticSaliencySpectralResidual (opencv_contrib,
// modules/saliency/src/staticSaliencySpectralResidual.cpp) on uint8 pixels.
//
// The luma is resized to 64×64 and transformed. What remains of the logarithm of the amplitudes
// after subtracting its 3×3 mean is the spectral residual; with it as the amplitude and the phase
// as it was, the inverse transform, smoothed and squared, is the map. It is scaled by its maximum,
// resized to the image and to 8 bits.
//
// OpenCV computes in float64 with its own transform, so that its float map, in 0…1, and this one
// agree to 3e-6 and not to the bit. The 8-bit peak is the same for photographs; a picture whose
// spectrum is mostly zeros, such as a ramp, may have another.
//
// The spectrum has its origin in the corner and is reflected at its borders, not continued
// periodically, when the mean is taken: so does OpenCV.
type spectral struct {
	in  shrinker
	out enlarger

	planes [6]plane
	small  [side * side]float32
}

func newSpectral(g Gray) *spectral { return &spectral{in: shrinker{weights: g.weights()}} }

func (s *spectral) Peak(img *imaging.Image) Result {
	if !s.compute(img) {
		return flat(img.W, img.H)
	}
	return s.out.search()
}

func (s *spectral) Map(dst *Map, img *imaging.Image) Result {
	w, h := img.W, img.H
	dst.resize(w, h)
	if !s.compute(img) {
		clear(dst.Pix)
		return flat(w, h)
	}
	for y := range h {
		s.out.levels(dst.Pix[y*w:(y+1)*w], y)
	}
	return s.out.search()
}

// compute prepares s.out. It reports false for an image of equal pixels, whose residual is an
// impulse that says nothing, and for one without pixels.
func (s *spectral) compute(img *imaging.Image) bool {
	if img.W == 0 || img.H == 0 {
		return false
	}
	gray := &s.planes[0]
	if constant := s.in.shrink(gray, img); constant {
		return false
	}
	s.residual(gray)
	s.out.reset(&s.small, img.W, img.H)
	return true
}

// residual sets s.small to the map of gray, its maximum 1. It overwrites gray.
func (s *spectral) residual(gray *plane) {
	re, im, a, b, c := &s.planes[1], &s.planes[2], &s.planes[3], &s.planes[4], &s.planes[5]
	dftReal(re, im, gray, a)
	logAmplitude(a, re, im)
	boxMean(b, a, c)
	resynthesize(re, im, a, b)
	inverse(a, b, re, im)
	for y := range side {
		dst, x, z := gray.row(y), a.row(digits[y]), b.row(digits[y])
		for i := range dst {
			dst[i] = math.Sqrt(float64(x[i]*x[i]) + float64(z[i]*z[i]))
		}
	}
	smooth(a, gray, b)
	top := 0.0
	for i, v := range a {
		v = float64(v * v)
		a[i] = v
		if v > top {
			top = v
		}
	}
	for i, v := range a {
		s.small[i] = float32(v / top)
	}
}

// known is how many columns of a spectrum are known: it is symmetric about its origin, as that of
// real input is. The kernels work on a few columns more, for nothing.
const known = side/2 + 1

// logAmplitude sets dst to ln(|re + i·im| + 1), given the known columns.
func logAmplitude(dst, re, im *plane) {
	var logs [side]float64
	for v := range side {
		logRow(&logs, re.row(v), im.row(v))
		d, m := dst.row(v), dst.row(-v&(side-1))
		for u, l := range logs[:known] {
			d[u] = l
			m[-u&(side-1)] = l
		}
	}
}

// logRowGo sets the known columns of dst to ln(|x + iy| + 1).
func logRowGo(dst, x, y *[side]float64) {
	for u := range known {
		dst[u] = exact.KernelLog(math.Sqrt(float64(x[u]*x[u])+float64(y[u]*y[u])) + 1)
	}
}

// boxMean sets dst to the 3×3 mean of src, reflected at the borders.
func boxMean(dst, src, tmp *plane) {
	for r := range side {
		s, t := src.row(r), tmp.row(r)
		for x := 1; x < side-1; x++ {
			t[x] = s[x-1] + s[x] + s[x+1]
		}
		t[0] = s[1] + s[0] + s[1]
		t[side-1] = s[side-2] + s[side-1] + s[side-2]
	}
	for r := range side {
		up, mid, down := tmp.row(mirror(r-1, side)), tmp.row(r), tmp.row(mirror(r+1, side))
		d := dst.row(r)
		for x := range d {
			d[x] = (up[x] + mid[x] + down[x]) * (1. / 9)
		}
	}
}

// resynthesize gives the spectrum re + i·im, of which some columns are known, the amplitude
// exp(log − mean) and completes it. It overwrites log.
func resynthesize(re, im, log, mean *plane) {
	expDifference(log, mean)
	var sin, cos [side]float64
	for v := range side {
		x, y, e := re.row(v), im.row(v), log.row(v)
		n := -v & (side - 1)
		mx, my, me := re.row(n), im.row(n), log.row(n)
		polarRow(&sin, &cos, x, y)
		for u := range known {
			x[u], y[u] = float64(cos[u]*e[u]), float64(sin[u]*e[u])
			if 0 < u && u < side/2 {
				k := side - u
				mx[k], my[k] = float64(cos[u]*me[k]), -float64(sin[u]*me[k])
			}
		}
	}
}

// expDifferenceGo replaces a by exp(a − b).
func expDifferenceGo(a, b *plane) {
	for i := range a {
		a[i] = exact.KernelExp(a[i] - b[i])
	}
}

// polarRowGo sets the known columns of sin and cos to those of the direction of x + iy.
func polarRowGo(sin, cos, x, y *[side]float64) {
	for u := range known {
		s, c := fastSincos(fastAtan2(float32(y[u]), float32(x[u])))
		sin[u], cos[u] = float64(s), float64(c)
	}
}

// gauss8 holds the weights exp(−i²/128)/Σ of a Gaussian of standard deviation 8 at i = −2 … 2.
var gauss8 = func() (k [5]float64) {
	sum := 0.0
	for i := range k {
		k[i] = exact.KernelExp(-float64((i-2)*(i-2)) / (2 * 8 * 8))
		sum += k[i]
	}
	for i := range k {
		k[i] /= sum
	}
	return k
}()

// smooth sets dst to the 5×5 Gaussian of standard deviation 8 of src, reflected at the borders.
func smooth(dst, src, tmp *plane) {
	k0, k1, k2 := gauss8[2], gauss8[1], gauss8[0]
	for r := range side {
		s, t := src.row(r), tmp.row(r)
		var p [side + 4]float64
		copy(p[2:], s[:])
		p[0], p[1], p[side+2], p[side+3] = s[2], s[1], s[side-2], s[side-3]
		for x := range t {
			t[x] = float64(k0*p[x+2]) + float64(k1*(p[x+1]+p[x+3])) + float64(k2*(p[x]+p[x+4]))
		}
	}
	for r := range side {
		m := func(i int) *[side]float64 {
			if i < 0 {
				i = -i
			} else if i >= side {
				i = 2*side - 2 - i
			}
			return tmp.row(i)
		}
		a, b, c, d, e := m(r-2), m(r-1), m(r), m(r+1), m(r+2)
		out := dst.row(r)
		for x := range out {
			out[x] = float64(k0*c[x]) + float64(k1*(b[x]+d[x])) + float64(k2*(a[x]+e[x]))
		}
	}
}
