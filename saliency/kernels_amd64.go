//go:build amd64 && !noasm

package saliency

import "golang.org/x/sys/cpu"

// The kernels of this file are those of the plain Go functions that their names begin with, for
// processors with AVX2; they give the same bits. Some read or write up to 32 elements beyond the
// end of scratch slices, which are allocated that much longer.

var haveAVX2 = cpu.X86.HasAVX2

// simdWidth is the least width of an image for the kernels that work on rows.
const simdWidth = 16

// maxPixels32 is the size up to which gray values sum to an int32.
const maxPixels32 = (1<<31 - 1) / 255

// bySIMD reports whether the kernels that work on rows can be used.
func (f *fineGrained) bySIMD() bool {
	return f.simd && f.w >= simdWidth && f.w*f.h <= maxPixels32
}

func (f *fineGrained) luma(dst, pix []uint8) { luma(dst, pix, &f.weights, f.simd) }

// luma is lumaGo, with assembly if simd.
func luma(dst, pix []uint8, w *lumaWeights, simd bool) {
	done := 0
	if n := (len(dst) - 2) &^ 31; simd && n > 0 { // the last pixels lie within an overlong read
		lumaAVX2(&dst[0], &pix[0], n, w)
		done = n
	}
	lumaGo(dst[done:], pix[3*done:], w)
}

func (f *fineGrained) blurRow(dst, up, mid, down []uint8, tmp []uint16) {
	if !f.bySIMD() {
		blurRowGo(dst, up, mid, down, tmp)
		return
	}
	blurRowAVX2(&dst[0], &up[0], &mid[0], &down[0], &tmp[0], len(mid))
}

func (f *fineGrained) prefixRow(dst []float32, gray []uint8) {
	if !f.bySIMD() {
		prefixRowGo(dst, f.sums.acc, gray[:f.w])
		return
	}
	prefixRowAVX2(&dst[maxScale+1], &f.sums.acc32[0], &gray[0], f.w)
}

// A windowArgs is what windowRowAVX2 needs of the six windows of a row: how many bytes beyond the
// beginning of the integral image the left edge of the window of column 0 is, above and below, and
// the height of the window.
type windowArgs [len(scales)]struct {
	above, below int
	height       float32
}

func (f *fineGrained) windowRow(y int) (on, off uint16) {
	if !f.bySIMD() {
		return f.windowRowGo(y)
	}
	s := &f.sums
	var args windowArgs
	for k, n := range scales {
		y1, y2 := max(y-n+1, 0), min(y+n+1, f.h)
		left := maxScale - n + 1
		args[k].above, args[k].below = 4*(y1*s.stride+left), 4*(y2*s.stride+left)
		args[k].height = float32(y2 - y1)
	}
	i := y * f.w
	most := windowRowAVX2(&f.on[i], &f.off[i], &f.gray[i], &s.sums[0], &s.width[0], &args, f.w)
	return uint16(most), uint16(most >> 16)
}

// lumaAVX2 is lumaGo for n pixels, a positive multiple of 32. It reads 4 bytes beyond them.
//
//go:noescape
func lumaAVX2(dst, pix *uint8, n int, weights *lumaWeights)

// blurRowAVX2 is blurRowGo for w ≥ 16 pixels.
//
//go:noescape
func blurRowAVX2(dst, up, mid, down *uint8, tmp *uint16, w int)

// prefixRowAVX2 is prefixRowGo for w > 0 pixels and int32 sums; dst is where the columns of the
// image begin. It reads up to 7 elements beyond gray and acc, and writes beyond acc.
//
//go:noescape
func prefixRowAVX2(dst *float32, acc *int32, gray *uint8, w int)

// windowRowAVX2 is the loop of addWindowsGo over all scales at once for w ≥ 8 pixels, overwriting
// on and off. sums is the integral image, and widths are six rows of w window widths. It returns
// the maximum of on, and that of off times 2^16.
//
//go:noescape
func windowRowAVX2(on, off *uint16, gray *uint8, sums, widths *float32, args *windowArgs, w int) uint32
