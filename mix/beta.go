package mix

import (
	"math"

	"github.com/premix/premix/exact"
)

// A Uniform is a source of numbers in [0,1); plan.Stream is one.
type Uniform interface{ Float64() float64 }

// beta draws from Beta(α,α). Arithmetic is IEEE and portable throughout, so that the same words
// give the same number on every machine.
//
//	α = 1  the uniform number itself
//	α < 1  M. D. Jöhnk, "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen",
//	       Metrika 8 (1964), in logarithms, so that small α do not underflow
//	α > 1  R. C. H. Cheng, "Generating Beta Variates with Nonintegral Shape Parameters",
//	       CACM 21 (1978), algorithm BB
func beta(u Uniform, alpha float64) float64 {
	switch {
	case alpha == 1:
		return u.Float64()
	case alpha < 1:
		return johnk(u, alpha)
	default:
		return cheng(u, alpha)
	}
}

// positive is a number in (0,1): a uniform number of 0, one in 2^53, is drawn again.
func positive(u Uniform) float64 {
	for {
		if v := u.Float64(); v > 0 {
			return v
		}
	}
}

// johnk takes x = U^(1/α), y = V^(1/α) until x+y ≤ 1, and then x/(x+y).
func johnk(u Uniform, alpha float64) float64 {
	for {
		x := exact.Log(positive(u)) / alpha
		y := exact.Log(positive(u)) / alpha
		// With the larger of both taken out, nothing underflows that matters.
		big := max(x, y)
		sum := exact.Exp(x-big) + exact.Exp(y-big)
		if big+exact.Log(sum) <= 0 {
			return exact.Exp(x-big) / sum
		}
	}
}

// cheng is algorithm BB for two equal parameters: there α_BB = 2a, β_BB = sqrt((2a−2)/(2a²−2a)) =
// 1/sqrt(a), γ = a + 1/β_BB = a + sqrt(a), and the result is W/(a+W).
func cheng(u Uniform, a float64) float64 {
	root := math.Sqrt(a)
	gamma := a + root
	for {
		u1, u2 := positive(u), positive(u)
		v := exact.Log(u1/(1-u1)) / root
		w := float64(a * exact.Exp(v))
		z := float64(float64(u1*u1) * u2)
		r := float64(gamma*v) - 1.3862943611198906 // ln 4
		s := a + r - w
		if s+2.6094379124341003 >= float64(5*z) { // 1 + ln 5
			return w / (a + w)
		}
		t := exact.Log(z)
		if s >= t || r+float64(2*a*exact.Log(2*a/(a+w))) >= t {
			return w / (a + w)
		}
	}
}
