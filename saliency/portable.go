package saliency

import "math"

// portableLog and portableExp are math.Log and math.Exp written so that every architecture gives
// the same bits: the standard library has assembly for some of them and lets others fuse products
// and sums. Both are translations of FreeBSD's msun, e_log.c and e_exp.c, which came with this
// notice:
//
//	Copyright (C) 1993 (2004) by Sun Microsystems, Inc. All rights reserved.
//	Permission to use, copy, modify, and distribute this software is freely granted,
//	provided that this notice is preserved.

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
	log2e = 1.44269504088896338700e+00

	log1 = 6.666666666666735130e-01
	log2 = 3.999999999940941908e-01
	log3 = 2.857142874366239149e-01
	log4 = 2.222219843214978396e-01
	log5 = 1.818357216161805012e-01
	log6 = 1.531383769920937332e-01
	log7 = 1.479819860511658591e-01

	exp1 = 1.66666666666666657415e-01
	exp2 = -2.77777777770155933842e-03
	exp3 = 6.61375632143793436117e-05
	exp4 = -1.65339022054652515390e-06
	exp5 = 4.13813679705723846039e-08
)

// portableLog returns the natural logarithm of x, a finite number of at least 1.
func portableLog(x float64) float64 {
	// x = 2^e·(1+f) with 1+f from √2/2 to √2
	bits := math.Float64bits(x)
	e := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m > math.Sqrt2 {
		m /= 2
		e++
	}
	f, k := m-1, float64(e)

	s := f / (2 + f)
	s2 := s * s
	s4 := s2 * s2
	t1 := float64(s2 * (log1 + float64(s4*(log3+float64(s4*(log5+float64(s4*log7)))))))
	t2 := float64(s4 * (log2 + float64(s4*(log4+float64(s4*log6)))))
	r := t1 + t2
	h := float64(0.5 * f * f)
	return float64(k*ln2Hi) - ((h - (float64(s*(h+r)) + float64(k*ln2Lo))) - f)
}

// portableExp returns e^x for |x| ≤ 700.
func portableExp(x float64) float64 {
	k := int(math.Floor(float64(x*log2e) + 0.5))
	hi, lo := x-float64(float64(k)*ln2Hi), float64(float64(k)*ln2Lo)
	r := hi - lo
	t := r * r
	c := r - float64(t*(exp1+float64(t*(exp2+float64(t*(exp3+float64(t*(exp4+float64(t*exp5)))))))))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return float64(y * math.Float64frombits(uint64(1023+k)<<52))
}
