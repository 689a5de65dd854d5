package plan

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// The seeds of these tests are fixed, so a threshold that holds once holds always; they are set
// where a right generator would fail about once in ten thousand.

// uniformCounts fails if counts differ from equal ones by more than chance (Pearson's χ²).
func uniformCounts(t *testing.T, what string, counts []int) {
	t.Helper()
	total := 0
	for _, c := range counts {
		total += c
	}
	want, x := float64(total)/float64(len(counts)), 0.0
	for _, c := range counts {
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	df := float64(len(counts) - 1)
	if limit := (distuv.ChiSquared{K: df}).Quantile(0.9999); x > limit {
		t.Errorf("%s: χ² = %.1f for %v degrees of freedom, at most %.1f", what, x, df, limit)
	}
}

// follows fails if values differ from a distribution by more than chance (Kolmogorov–Smirnov).
func follows(t *testing.T, what string, values []float64, cdf func(float64) float64) {
	t.Helper()
	v := slices.Clone(values)
	slices.Sort(v)
	n, d := float64(len(v)), 0.0
	for i, x := range v {
		f := cdf(x)
		d = max(d, math.Abs(f-float64(i)/n), math.Abs(float64(i+1)/n-f))
	}
	// The limiting distribution's 0.9999 quantile is 2.225.
	if d*math.Sqrt(n) > 2.225 {
		t.Errorf("%s: Kolmogorov–Smirnov %.4f·√n for n = %v, at most 2.225", what, d*math.Sqrt(n), n)
	}
}

func unit(x float64) float64 { return min(max(x, 0), 1) }
