// Package exact computes elementary functions to the same bits on every machine. Call [Sin],
// [Exp] and [Log]; [KernelExp] and [KernelLog] are for code that has a vector kernel beside it.
//
// Package math does not promise its last bits: some architectures have assembly of their own,
// and on others the compiler fuses a product and a sum into one instruction that rounds once.
// Here every product that is added to something is converted to float64 explicitly, which the
// language defines as a rounding, so that no fused multiply-add can take its place. Quotients
// and [math.Sqrt] are rounded correctly everywhere and need no such function.
//
// The algorithms and coefficients are those of FreeBSD's msun (k_sin.c, k_cos.c, e_exp.c and
// e_log.c), which came with this notice:
//
//	Copyright (C) 1993 (2004) by Sun Microsystems, Inc. All rights reserved.
//	Permission to use, copy, modify, and distribute this software is freely granted,
//	provided that this notice is preserved.
//
// msun states an error below one unit in the last place (ulp). The tests hold every function
// here to within two ulps of package math; near a multiple of π, where the sine is almost 0, to
// within 1e−25.
//
// # Two forms of exponential and logarithm
//
// Outputs are promised to the byte, so a last bit that has once decided a pixel or a λ stays.
// Exp and KernelExp differ in the last bit of some results, as do Log and KernelLog:
//
//	Exp        λ, random crops             x/ln 2 rounded to even, Horner's rule, exp1
//	KernelExp  spectral residual, Lab      x·log2 e + ½ rounded down, Exp1Taylor
//	Log        λ, random crops             one polynomial by Horner's rule
//	KernelLog  spectral residual, Lab      even and odd powers apart, as in msun
//
// The kernel forms have the operations of saliency's AVX2 code, in the same order. They run per
// pixel, so their polynomials are written out.
package exact

import "math"

// Coefficients of msun. Ln2Hi + Ln2Lo is ln 2, and Ln2Hi times an exponent is exact.
const (
	Ln2Hi = 6.93147180369123816490e-01
	Ln2Lo = 1.90821492927058770002e-10

	// Log1 … Log7 approximate (ln(1+s) − ln(1−s))/s − 2 in powers of s².
	Log1 = 6.666666666666735130e-01
	Log2 = 3.999999999940941908e-01
	Log3 = 2.857142874366239149e-01
	Log4 = 2.222219843214978396e-01
	Log5 = 1.818357216161805012e-01
	Log6 = 1.531383769920937332e-01
	Log7 = 1.479819860511658591e-01

	// exp1 … Exp5 approximate r·(e^r+1)/(e^r−1) − 2 in powers of r². KernelExp has Exp1Taylor,
	// the coefficient of the Taylor series, in place of exp1; they differ by 23 ulps.
	exp1       = 1.66666666666666019037e-01
	Exp1Taylor = 1.66666666666666657415e-01
	Exp2       = -2.77777777770155933842e-03
	Exp3       = 6.61375632143793436117e-05
	Exp4       = -1.65339022054652515390e-06
	Exp5       = 4.13813679705723846039e-08
)

// Exp returns e to the power x, for x ≤ 700. It is 0 for x < −700.
func Exp(x float64) float64 {
	if x < -700 {
		return 0
	}
	k := math.RoundToEven(x / math.Ln2)
	hi, lo := x-float64(k*Ln2Hi), float64(k*Ln2Lo)
	r := hi - lo
	t := float64(r * r)
	return scale(r-float64(t*horner(t, Exp5, Exp4, Exp3, Exp2, exp1)), r, hi, lo, int(k))
}

// KernelExp returns e to the power x, for |x| ≤ 700, in the form of the vector kernels.
func KernelExp(x float64) float64 {
	k := int(math.Floor(float64(x*math.Log2E) + 0.5))
	hi, lo := x-float64(float64(k)*Ln2Hi), float64(float64(k)*Ln2Lo)
	r := hi - lo
	t := float64(r * r)
	p := Exp1Taylor + float64(t*(Exp2+float64(t*(Exp3+float64(t*(Exp4+float64(t*Exp5)))))))
	return scale(r-float64(t*p), r, hi, lo, k)
}

// scale returns 2^k·e^r for r = hi − lo, given c = r − t·P(t).
func scale(c, r, hi, lo float64, k int) float64 {
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return float64(y * math.Float64frombits(uint64(1023+k)<<52))
}

// Log returns the natural logarithm of x, a normal number above 0.
func Log(x float64) float64 {
	f, k := split(x)
	s := f / (2 + f)
	z := float64(s * s)
	return join(f, s, float64(z*horner(z, Log7, Log6, Log5, Log4, Log3, Log2, Log1)), k)
}

// KernelLog returns the natural logarithm of x, a normal number above 0, in the form of the
// vector kernels.
func KernelLog(x float64) float64 {
	f, k := split(x)
	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	odd := float64(s2 * (Log1 + float64(s4*(Log3+float64(s4*(Log5+float64(s4*Log7)))))))
	even := float64(s4 * (Log2 + float64(s4*(Log4+float64(s4*Log6)))))
	return join(f, s, odd+even, k)
}

// split returns f and k of x = 2^k·(1+f), 1+f from √2/2 to √2.
func split(x float64) (f, k float64) {
	bits := math.Float64bits(x)
	e := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		e++
	}
	return m - 1, float64(e)
}

// join returns ln(2^k·(1+f)), given s = f/(2+f) and the value r of the polynomial.
func join(f, s, r, k float64) float64 {
	h := float64(float64(0.5*f) * f)
	return float64(k*Ln2Hi) - ((h - (float64(s*(h+r)) + float64(k*Ln2Lo))) - f)
}

// horner evaluates the polynomial with the coefficients c, the highest first.
func horner(x float64, c ...float64) float64 {
	sum := c[0]
	for _, a := range c[1:] {
		sum = float64(sum*x) + a
	}
	return sum
}
