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

// factors holds the numbers that the kernels load, eight of each.
//
//lint:ignore U1000 the assembly reads it
var factors = func() (t [15][8]int32) {
	for i, f := range []int32{
		f0298, f0390, f0541, f0765, f0899, f1175, f1501, f1847, f1961, f2053, f2562, f3072,
		1 << 10, 1 << 14, 2,
	} {
		t[i] = [8]int32{f, f, f, f, f, f, f, f}
	}
	return t
}()
