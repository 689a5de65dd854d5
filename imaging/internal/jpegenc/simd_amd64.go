//go:build amd64 && !noasm

package jpegenc

import "golang.org/x/sys/cpu"

var haveSIMD = cpu.X86.HasAVX2

// overread is what yccAVX2 reads beyond the last pixel.
const overread = 4

// transformAVX2 is transform.
//
//go:noescape
func transformAVX2(dst *[64]int16, src *byte, stride int, q *quantizer) (nonzero uint64)

// yccAVX2 is ycc for n pixels, a multiple of 16. It reads 4 bytes beyond them.
//
//go:noescape
func yccAVX2(luma, cb, cr, rgb *byte, n int)

// halveAVX2 is halve for n samples of dst, a multiple of 16.
//
//go:noescape
func halveAVX2(dst, a, b *byte, n int)

func transformSIMD(dst *[64]int16, src []byte, stride int, q *quantizer) uint64 {
	_ = src[7*stride+7]
	return transformAVX2(dst, &src[0], stride, q)
}

// yccSIMD converts the first w ≥ 16 pixels of rgb, which is longer by overread. The last sixteen
// are converted once more where w is not a multiple.
func yccSIMD(luma, cb, cr, rgb []byte, w int) {
	_, _, _, _ = luma[w-1], cb[w-1], cr[w-1], rgb[3*w+overread-1]
	yccAVX2(&luma[0], &cb[0], &cr[0], &rgb[0], w&^15)
	if at := w - 16; w%16 != 0 {
		yccAVX2(&luma[at], &cb[at], &cr[at], &rgb[3*at], 16)
	}
}

// halveSIMD is halve for a multiple of 16 samples.
func halveSIMD(dst, a, b []byte) {
	_, _ = a[2*len(dst)-1], b[2*len(dst)-1]
	halveAVX2(&dst[0], &a[0], &b[0], len(dst))
}

// factors holds the numbers that transformAVX2 loads: pairs of factors for VPMADDWD, four for each half of a register, and
// what it adds.
//
//lint:ignore U1000 the assembly reads it
var factors = func() (t [10][16]int16) {
	pairs := func(i int, a, b, c, d int16) {
		for k := 0; k < 8; k += 2 {
			t[i][k], t[i][k+1], t[i][8+k], t[i][9+k] = a, b, c, d
		}
	}
	pairs(0, f1175-f1961, f1175, f1175-f0390, f1175)
	pairs(1, f1175, f1175-f0390, f1175, f1175-f1961)
	pairs(2, f0298-f0899, -f0899, f2053-f2562, -f2562)
	pairs(3, -f0899, f1501-f0899, -f2562, f3072-f2562)
	pairs(4, f0541+f0765, f0541, f0541-f1847, f0541)
	pairs(5, 8*128, 8*128, 0, 0) // the level shift of the samples
	pairs(6, 1, 1, -1, -1)
	pairs(7, 2, 2, 2, 2)
	pairs(8, 1<<10, 0, 1<<10, 0)
	pairs(9, 1<<14, 0, 1<<14, 0)
	return t
}()

// orders[2k] and orders[2k+1] bring the bytes of the quarter k of the coefficients to the first and to the last 32 places
// of the order of the file, and leave zeros elsewhere. The quarters are rows 0 and 2, 1 and 3, 4 and 6, 5 and 7, as
// VPACKSSWB leaves them.
//
//lint:ignore U1000 the assembly reads it
var orders = func() (t [8][32]uint8) {
	for k := range t {
		for z := range t[k] {
			t[k][z] = 0x80 // a zero
		}
	}
	for z, n := range zigzag {
		row, column := n/8, n%8
		t[row/4*4+row%2*2+uint8(z/32)][z%32] = row%4/2*8 + column
	}
	return t
}()
