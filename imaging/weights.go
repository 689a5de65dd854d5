package imaging

import (
	"math"

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
	taps  int // the largest n
	lo, n []int32
	k     []int32

	weights []float64 // scratch
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
		lo := max(int(center-support+0.5), 0)
		hi := min(int(center+support+0.5), in)
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
