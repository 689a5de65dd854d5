package imaging

import (
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/reuse"
)

// Pillow's fixed point: 32 bits less 8 of the samples less 2 for sums of weights above one.
const (
	precision = 32 - 8 - 2
	half      = 1 << (precision - 1)
)

// An axis holds the weights of one direction of a resampling: output i of the window is
//
//	clamp((half + Σ_j k[i·taps+j] · src[lo[i]+j]) >> precision)   for j in [0, n[i])
//
// Weights beyond n[i] are 0.
type axis struct {
	taps int // the largest n
	// No weight is negative, and no sum leaves the range of a sample.
	bounded bool

	lo, n []int32
	k     []int32

	weights []float64 // scratch
	key     axisKey   // of the weights that it holds
}

// An axisKey is what decides the weights of an axis: those of the arguments of set.
type axisKey struct {
	in, out, first, last int
	filter               Filter
}

// fit gives a the weights of key, and reports whether it had others. Images of one size often follow each other, and those
// of a square are the same both ways, so weights that a has are kept, and those of other are copied.
func (a *axis) fit(key axisKey, other *axis) bool {
	if a.key == key {
		return false
	}
	a.key = axisKey{} // it has none of a key until it has all, also if this panics and the caller goes on
	if other.key == key {
		a.taps = other.taps
		a.lo, a.n, a.k = append(a.lo[:0], other.lo...), append(a.n[:0], other.n...), append(a.k[:0], other.k...)
		a.key = key
		return true
	}
	weight, support, err := key.filter.kernel()
	if err != nil {
		panic(err) // checkResize has looked
	}
	a.set(key.in, key.out, key.first, key.last, weight, support)
	a.key = key
	return true
}

// set computes the weights for the outputs first ≤ i < last of a resampling of length in to
// length out, as Pillow's precompute_coeffs and normalize_coeffs_8bpc do (src/libImaging/
// Resample.c, by Alexander Karpinsky). The scale is that of the whole lengths. Every product is
// rounded for itself, so that the weights are the same on every architecture.
func (a *axis) set(in, out, first, last int, weight func(float64) float64, support float64) {
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	support = float64(support * wide)
	stride := int(math.Ceil(support))*2 + 1
	count := last - first
	a.lo, a.n = reuse.Slice(a.lo, count), reuse.Slice(a.n, count)
	a.k = reuse.Slice(a.k, count*stride)
	a.weights = reuse.Slice(a.weights, stride)
	a.taps = 0
	narrow := 1 / wide
	for i := range count {
		center := float64((float64(first+i) + 0.5) * scale)
		lo, hi := span(center, support, in)
		sum := 0.0
		w := a.weights[:hi-lo]
		for j := range w {
			w[j] = weight(float64((float64(lo+j) - center + 0.5) * narrow))
			sum += w[j]
		}
		k := a.k[i*stride:][:stride]
		clear(k[len(w):])
		for j, v := range w {
			if sum != 0 {
				v /= sum
			}
			v = float64(v * (1 << precision))
			if v < 0 {
				k[j] = int32(v - 0.5)
			} else {
				k[j] = int32(v + 0.5)
			}
		}
		a.lo[i], a.n[i] = int32(lo), int32(len(w))
		a.taps = max(a.taps, len(w))
	}
	a.tighten(stride)
}

// span returns the source indices from lo to hi−1 that have a weight in an output.
func span(center, support float64, in int) (lo, hi int) {
	return max(int(center-support+0.5), 0), min(int(center+support+0.5), in)
}

// spanOf returns those that have one in any of the outputs first ≤ i < last.
func spanOf(in, out, first, last int, support float64) (lo, hi int) {
	if in == out {
		return first, last
	}
	scale := float64(in) / float64(out)
	support = float64(support * max(scale, 1))
	lo, _ = span(float64((float64(first)+0.5)*scale), support, in)
	_, hi = span(float64((float64(last-1)+0.5)*scale), support, in)
	return lo, hi
}

// ResizePart returns the part of the source that [Resampler.Resize] looks at, which is empty where its arguments are wrong or
// nothing of the result is wanted.
func ResizePart(from premix.Box, w, h int, win premix.Box, f Filter) premix.Box {
	_, support, err := f.kernel()
	in := premix.Box{X0: max(win.X0, 0), Y0: max(win.Y0, 0), X1: min(win.X1, w), Y1: min(win.Y1, h)}
	if err != nil || in.Empty() || from.Empty() {
		return premix.Box{}
	}
	x0, x1 := spanOf(from.X1-from.X0, w, in.X0, in.X1, support)
	y0, y1 := spanOf(from.Y1-from.Y0, h, in.Y0, in.Y1, support)
	return premix.Box{X0: from.X0 + x0, Y0: from.Y0 + y0, X1: from.X0 + x1, Y1: from.Y0 + y1}
}

// tighten moves the weights, stored at distance stride, to the distance of the taps in use.
func (a *axis) tighten(stride int) {
	for i := range a.lo {
		copy(a.k[i*a.taps:][:a.taps], a.k[i*stride:][:a.taps])
	}
	a.k = a.k[:len(a.lo)*a.taps]
}

// end is the first source index after those that the last output needs; windows move upwards.
func (a *axis) end() int {
	i := len(a.lo) - 1
	return int(a.lo[i] + a.n[i])
}
