package saliency

import "github.com/premix/premix/exact"

// Colours become CIE Lab by tables and integers, so that every architecture gives the same bits.
// The constants are those of the authors' code of the frequency-tuned detector (D65 white, matrix
// of sRGB); tables are built with portable arithmetic.

const (
	linearBits = 24 // of the fraction of X, Y and Z, relative to white
	cubeBits   = 12 // of the index of the cube root table
	rootBits   = 20 // of the fraction of its values
	labBits    = 12 // of the fraction of L, a and b
)

// xyzTable[c][v] is what value v of channel c adds to X, Y and Z relative to white.
var xyzTable = func() (t [3][256][3]uint32) {
	matrix := [3][3]float64{
		{.4124564, .3575761, .1804375},
		{.2126729, .7151522, .0721750},
		{.0193339, .1191920, .9503041},
	}
	white := [3]float64{0.950456, 1, 1.088754}
	for v := range 256 {
		linear := float64(v) / 255
		if linear <= 0.04045 {
			linear /= 12.92
		} else {
			linear = exact.KernelExp(float64(2.4 * exact.KernelLog((linear+0.055)/1.055)))
		}
		for c := range 3 {
			for i := range 3 {
				t[c][v][i] = uint32(float64(linear*matrix[i][c]/white[i]*(1<<linearBits)) + 0.5)
			}
		}
	}
	return t
}()

// rootTable[i] is f(i/2^12) of the definition of Lab: the cube root, continued as a line near 0.
// X of white is a little above 1, hence the last entry.
var rootTable = func() (t [1<<cubeBits + 2]int32) {
	for i := range t {
		x := float64(i) / (1 << cubeBits)
		f := (float64(903.3*x) + 16) / 116
		if x > 0.008856 {
			f = exact.KernelExp(exact.KernelLog(x) / 3)
		}
		t[i] = int32(float64(f*(1<<rootBits)) + 0.5)
	}
	return t
}()

// root returns f(t) by linear interpolation, good to 5e-6.
func root(t uint32) int32 {
	const frac = linearBits - cubeBits
	i := t >> frac
	a, b := rootTable[i], rootTable[i+1]
	return a + (b-a)*int32(t&(1<<frac-1))>>frac
}

// lab converts a pixel of sRGB to L (0…100), a and b, all in units of 2^-12.
func lab(r, g, b uint8) (l, aa, bb int32) {
	p, q, s := &xyzTable[0][r], &xyzTable[1][g], &xyzTable[2][b]
	fx, fy, fz := root(p[0]+q[0]+s[0]), root(p[1]+q[1]+s[1]), root(p[2]+q[2]+s[2])
	const shift, half = rootBits - labBits, 1 << (rootBits - labBits - 1)
	return (116*fy - 16<<rootBits + half) >> shift, (500*(fx-fy) + half) >> shift, (200*(fy-fz) + half) >> shift
}
