package imaging

import "math"

// The functions of package math have assembly on some architectures, and elsewhere a compiler
// may fuse their multiplications and additions: their last bits differ. The ones here are those
// of FreeBSD's msun (fdlibm, Sun Microsystems 1993: k_sin.c, k_cos.c, e_exp.c, e_log.c), every
// product rounded by an explicit conversion, and so the same on every machine. Their error is
// below one unit in the last place; that of the sine near a multiple of π, below 1e−25.

// portableSin returns the sine of x for |x| < 32.
func portableSin(x float64) float64 {
	// Cody-Waite: x − n·π/2 as y + tail, π/2 in two parts. n has three bits, pio2Hi 33: their
	// product is exact.
	const (
		pio2Hi = 1.57079632673412561417e+00
		pio2Lo = 6.07710050650619224932e-11
	)
	n := math.RoundToEven(x * (2 / math.Pi))
	r := x - float64(n*pio2Hi)
	w := float64(n * pio2Lo)
	y := r - w
	tail := (r - y) - w
	switch int(n) & 3 {
	case 0:
		return kernelSin(y, tail)
	case 1:
		return kernelCos(y, tail)
	case 2:
		return -kernelSin(y, tail)
	default:
		return -kernelCos(y, tail)
	}
}

// kernelSin returns the sine of x + tail for |x| ≤ π/4.
func kernelSin(x, tail float64) float64 {
	const (
		s1 = -1.66666666666666324348e-01
		s2 = 8.33333333332248946124e-03
		s3 = -1.98412698298579493134e-04
		s4 = 2.75573137070700676789e-06
		s5 = -2.50507602534068634195e-08
		s6 = 1.58969099521155010221e-10
	)
	z := float64(x * x)
	v := float64(z * x)
	r := horner(z, s6, s5, s4, s3, s2)
	return x - (float64(z*(float64(0.5*tail)-float64(v*r))) - tail - float64(v*s1))
}

// kernelCos returns the cosine of x + tail for |x| ≤ π/4.
func kernelCos(x, tail float64) float64 {
	const (
		c1 = 4.16666666666666019037e-02
		c2 = -1.38888888888741095749e-03
		c3 = 2.48015872894767294178e-05
		c4 = -2.75573143513906633035e-07
		c5 = 2.08757232129817482790e-09
		c6 = -1.13596475577881948265e-11
	)
	z := float64(x * x)
	r := float64(z * horner(z, c6, c5, c4, c3, c2, c1))
	hz := float64(0.5 * z)
	w := 1 - hz
	return w + ((1 - w - hz) + (float64(z*r) - float64(x*tail)))
}

// horner evaluates the polynomial with the coefficients c, the highest first.
func horner(x float64, c ...float64) float64 {
	sum := c[0]
	for _, a := range c[1:] {
		sum = float64(sum*x) + a
	}
	return sum
}

const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// portableExp returns e to the power x for |x| < 700.
func portableExp(x float64) float64 {
	const (
		p1 = 1.66666666666666019037e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	k := math.RoundToEven(x / math.Ln2)
	hi := x - float64(k*ln2Hi)
	lo := float64(k * ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*horner(t, p5, p4, p3, p2, p1))
	return math.Ldexp(1-((lo-float64(r*c)/(2-c))-hi), int(k))
}

// portableLog returns the natural logarithm of a normal x > 0.
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
	frac, exp := math.Frexp(x)
	if frac < math.Sqrt2/2 {
		frac *= 2
		exp--
	}
	f := frac - 1
	k := float64(exp)
	s := f / (2 + f)
	z := float64(s * s)
	r := float64(z * horner(z, l7, l6, l5, l4, l3, l2, l1))
	hfsq := float64(float64(0.5*f) * f)
	return float64(k*ln2Hi) - ((hfsq - (float64(s*(hfsq+r)) + float64(k*ln2Lo))) - f)
}
