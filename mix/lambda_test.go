package mix

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// ks is the Kolmogorov–Smirnov distance of values from a distribution, times the root of their
// number; 2.225 is exceeded once in ten thousand. Values may come more than once where float64 is
// too coarse, as at 1 for a small α.
func ks(values []float64, cdf func(float64) float64) float64 {
	v := slices.Clone(values)
	slices.Sort(v)
	n, d := float64(len(v)), 0.0
	for i, j := 0, 0; i < len(v); i = j {
		for j = i; j < len(v) && v[j] == v[i]; j++ {
		}
		below := cdf(math.Nextafter(v[i], math.Inf(-1)))
		d = max(d, math.Abs(below-float64(i)/n), math.Abs(cdf(v[i])-float64(j)/n))
	}
	return d * math.Sqrt(n)
}

func TestBetaFollowsBeta(t *testing.T) {
	for i, alpha := range []float64{0.05, 0.1, 0.2, 0.5, 0.8, 0.99, 1, 1.01, 1.5, 2, 5, 32, 300, 10000} {
		u, l := weyl(i), Lambda{Law: LawBeta, Alpha: alpha}
		values := make([]float64, 8000)
		for k := range values {
			values[k] = l.Draw(&u)
			if !(values[k] >= 0 && values[k] <= 1) {
				t.Fatalf("alpha %v: %v", alpha, values[k])
			}
		}
		if d := ks(values, distuv.Beta{Alpha: alpha, Beta: alpha}.CDF); d > 2.225 {
			t.Errorf("alpha %v: Kolmogorov–Smirnov %.3f", alpha, d)
		}
	}
}

// The bits of draws are part of every output. These come from an independent program.
func TestBetaGolden(t *testing.T) {
	for _, tt := range []struct {
		alpha float64
		want  [3]float64
	}{
		{0.2, [3]float64{0x1.881b20bdde95fp-2, 0x1.2023cd8d11571p-8, 0x1.f8031d6af657dp-1}},
		{1, [3]float64{0x1.5d5ea5fd7ce0cp-1, 0x1.805b14bd0f5fdp-1, 0x1.0fb0af9512d62p-2}},
		{4, [3]float64{0x1.3059a3f4dc958p-1, 0x1.806142808ee22p-2, 0x1.7eab9e6040e85p-2}},
	} {
		u := weyl(9)
		var got [3]float64
		for i := range got {
			got[i] = beta(&u, tt.alpha)
		}
		if got != tt.want {
			t.Errorf("alpha %v: %x, want %x", tt.alpha, got, tt.want)
		}
	}
}

func TestBounds(t *testing.T) {
	u := weyl(4)
	clamp := Lambda{Min: 0.25, Max: 0.75}
	redraw := Lambda{Min: 0.25, Max: 0.75, Outside: Redraw}
	low, high := 0, 0
	var inside []float64
	for range 20000 {
		switch v := clamp.Draw(&u); {
		case v < 0.25 || v > 0.75:
			t.Fatalf("clamped to %v", v)
		case v == 0.25:
			low++
		case v == 0.75:
			high++
		}
		inside = append(inside, redraw.Draw(&u))
	}
	// A quarter each, ± four standard deviations.
	if math.Abs(float64(low)-5000) > 250 || math.Abs(float64(high)-5000) > 250 {
		t.Errorf("clamped %d times to the lower bound, %d to the upper, of 20000", low, high)
	}
	if d := ks(inside, func(x float64) float64 { return min(max((x-0.25)*2, 0), 1) }); d > 2.225 {
		t.Errorf("redrawn: Kolmogorov–Smirnov %.3f from uniform on [0.25,0.75]", d)
	}
	fixed := Lambda{Law: LawFixed, Value: 0.3}
	if v := fixed.Draw(nil); v != 0.3 {
		t.Errorf("fixed at 0.3, drew %v", v)
	}
	// What Validate refuses still ends.
	impossible := Lambda{Alpha: 10000, Min: 0.9, Outside: Redraw}
	if v := impossible.Draw(&u); v != 0.9 {
		t.Errorf("drew %v, want the bound", v)
	}
}

func TestLambdaValidate(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		law  Lambda
		want string
	}{
		{Lambda{}, ""},
		{Lambda{Alpha: 0.05}, ""},
		{Lambda{Alpha: 0.0499}, "below 0.05"},
		{Lambda{Alpha: 20000}, "above 10000"},
		{Lambda{Alpha: -1}, "not a positive number"},
		{Lambda{Alpha: nan}, "not a positive number"},
		{Lambda{Min: 0.5, Max: 0.4}, "bounds [0.5,0.4]"},
		{Lambda{Min: nan}, "bounds"},
		{Lambda{Max: 1.1}, "bounds"},
		{Lambda{Law: LawFixed, Value: 0}, ""},
		{Lambda{Law: LawFixed, Value: 1.5}, "fixed value 1.5"},
		{Lambda{Law: LawFixed, Value: 0.1, Min: 0.2}, "outside its bounds"},
		{Lambda{Law: "betta"}, "did you mean beta"},
		{Lambda{Outside: "reject"}, "clamp, redraw"},
		{Lambda{Min: 0.98, Outside: Redraw}, ""},
		{Lambda{Min: 0.995, Outside: Redraw}, "fewer than 1 in 100 draws"},
		{Lambda{Min: 0.9, Alpha: 300, Outside: Redraw}, "fewer than 1 in 100 draws"},
	}
	for _, tt := range tests {
		l := tt.law
		l.EnsureDefaults()
		err := l.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.law, err, tt.want)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, alpha := range []float64{0.2, 1, 4} {
		b.Run(fmt.Sprintf("alpha=%v", alpha), func(b *testing.B) {
			u, l := weyl(1), Lambda{Alpha: alpha}
			b.ReportAllocs()
			for b.Loop() {
				l.Draw(&u)
			}
		})
	}
}
