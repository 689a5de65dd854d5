//go:build !amd64 || noasm

package saliency

const haveAVX2 = false

func (f *fineGrained) luma(dst, pix []uint8) { lumaGo(dst, pix, &f.weights) }

func luma(dst, pix []uint8, w *lumaWeights, _ bool) { lumaGo(dst, pix, w) }

func (f *fineGrained) blurRow(dst, up, mid, down []uint8, tmp []uint16) {
	blurRowGo(dst, up, mid, down, tmp)
}

func (f *fineGrained) prefixRow(dst []float32, gray []uint8) {
	prefixRowGo(dst, f.sums.acc, gray[:f.w])
}

func (f *fineGrained) windowRow(y int) (on, off uint16) { return f.windowRowGo(y) }

func (f *fineGrained) calm(int, *search) int { return 0 }
