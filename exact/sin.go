package exact

import "math"

// Sin returns the sine of x for |x| < 32.
func Sin(x float64) float64 {
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
