package mix

import "math"

// portableLog and portableExp are math.Log and math.Exp with the same bits on every machine: the
// standard library has assembly for some, and compilers may fuse a product and a sum elsewhere.
// Both follow FreeBSD's msun, e_log.c and e_exp.c, with every product rounded on its own:
//
//	Copyright (C) 1993 (2004) by Sun Microsystems, Inc. All rights reserved.
//	Permission to use, copy, modify, and distribute this software is freely granted,
//	provided that this notice is preserved.

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// portableLog is the natural logarithm of a normal x > 0.
func portableLog(x float64) float64 {
	const (
		l1 = 6.666666666666735130e-01
		l2 = 3.999999999940941908e-01
		l3 = 2.857142874366239149e-01
		l4 = 2.222219843214978396e-01
		l5 = 1.818357216161805012e-01
		l6 = 1.531383769920937332e-01
		l7 = 1.479819860511658591e-01
	)
	// x = 2^k·(1+f) with 1+f from √2/2 to √2
	b := math.Float64bits(x)
	k := int(b>>52) - 1023
	m := math.Float64frombits(b&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		k++
	}
	f := m - 1
	s := f / (2 + f)
	z := float64(s * s)
	r := float64(z * horner(z, l7, l6, l5, l4, l3, l2, l1))
	h := float64(float64(0.5*f) * f)
	return float64(float64(k)*ln2Hi) - ((h - (float64(s*(h+r)) + float64(float64(k)*ln2Lo))) - f)
}

// portableExp is e^x; 0 for x < −700, and x must be at most 700.
func portableExp(x float64) float64 {
	const (
		p1 = 1.66666666666666019037e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	if x < -700 {
		return 0
	}
	k := math.RoundToEven(x / math.Ln2)
	hi, lo := x-float64(k*ln2Hi), float64(k*ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*horner(t, p5, p4, p3, p2, p1))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return float64(y * math.Float64frombits(uint64(1023+int(k))<<52))
}

// horner evaluates the polynomial with the coefficients c, the highest first.
func horner(x float64, c ...float64) float64 {
	sum := c[0]
	for _, a := range c[1:] {
		sum = float64(sum*x) + a
	}
	return sum
}
