package saliency

import (
	"fmt"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/reuse"
)

// ExactPixels is the size up to which the fine-grained detector is bit-identical with OpenCV's on
// every processor: 65,793 pixels are the most whose gray values sum to less than 2^24 whatever
// they are, and below that every partial sum is a float32. Above it OpenCV's own map depends on
// the width of the SIMD registers, and premix's definition is the integer form: exact prefix sums,
// rounded to float32 once. On photographs of full size the two differ by at most 3 levels.
const ExactPixels = 1 << 24 / 255

// scales are the half widths of the six windows: 4, 8 and 16 times 3 and 7.
var scales = [6]int{12, 24, 28, 48, 56, 112}

// fineGrained is OpenCV's StaticSaliencyFineGrained (opencv_contrib,
// modules/saliency/src/staticSaliencyFineGrained.cpp) on uint8 pixels.
//
// The luma is blurred twice. At each pixel of value c and for each scale n the mean m of the
// other pixels in the window of columns x−n+1 … x+n and rows y−n+1 … y+n, clipped to the image,
// is subtracted: ON collects ⌊c−m⌋ where that is positive, OFF ⌊m−c⌋. Both are divided by their
// maxima over the image, scaled to 0…255, truncated and added modulo 256.
type fineGrained struct {
	weights lumaWeights
	simd    bool // use the assembly kernels; tests clear it

	w, h    int
	gray    []uint8  // luma, then the twice blurred luma: w·h and padding
	blurred []uint8  // the once blurred luma
	tmp     []uint16 // one row of vertical sums
	sums    windowSums
	on, off []uint16 // w·h each
	table   [2]levels
}

func newFineGrained(g Gray) *fineGrained {
	return &fineGrained{weights: g.weights(), simd: haveAVX2}
}

// kernelPadding is how many elements a kernel may read beyond the end of a scratch slice.
const kernelPadding = 32

func (f *fineGrained) Peak(img *imaging.Image) Result {
	f.load(img)
	if f.w*f.h == 0 {
		return flat(f.w, f.h)
	}
	f.contrast()
	return f.search()
}

func (f *fineGrained) Map(dst *Map, img *imaging.Image) Result {
	f.load(img)
	dst.resize(f.w, f.h)
	if f.w*f.h == 0 {
		return flat(f.w, f.h)
	}
	f.contrast()
	f.normalize(dst.Pix)
	return f.search()
}

// load sets f.gray to the luma of img.
func (f *fineGrained) load(img *imaging.Image) {
	f.resize(img.W, img.H)
	n := img.W * img.H
	f.luma(f.gray[:n], img.Pix[:3*n])
}

// resize makes room for an image of w×h.
func (f *fineGrained) resize(w, h int) {
	if w < 0 || h < 0 {
		panic(fmt.Sprintf("saliency: size %d×%d", w, h))
	}
	if f.w == w && f.h == h {
		return
	}
	n := w*h + kernelPadding
	f.gray = reuse.Slice(f.gray, n)
	f.blurred = reuse.Slice(f.blurred, n)
	f.tmp = reuse.Slice(f.tmp, w+2+kernelPadding)
	f.on = reuse.Slice(f.on, n)
	f.off = reuse.Slice(f.off, n)
	f.sums.resize(w, h)
	f.w, f.h = w, h
}

// contrast sets f.on and f.off from f.gray and builds the tables that normalise them.
func (f *fineGrained) contrast() {
	f.blur(f.blurred, f.gray)
	f.blur(f.gray, f.blurred)
	f.integrate()
	on, off := f.windows()
	f.table[0].set(on)
	f.table[1].set(off)
}

// blur sets dst to the 3×3 binomial blur of src.
func (f *fineGrained) blur(dst, src []uint8) {
	w, h := f.w, f.h
	row := func(y int) []uint8 { y = mirror(y, h); return src[y*w : (y+1)*w] }
	for y := range h {
		f.blurRow(dst[y*w:(y+1)*w], row(y-1), row(y), row(y+1), f.tmp)
	}
}
