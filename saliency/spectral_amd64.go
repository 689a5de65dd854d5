//go:build amd64 && !noasm

package saliency

// dftStep performs one step of the transform on n columns. In assembly it is done to up to three
// columns more, if they exist: what they hold is of no use to any caller.
func dftStep(re, im *plane, b *butterfly, n int) {
	if haveAVX2 {
		butterflyAVX2(re, im, b, n)
		return
	}
	butterflyGo(re, im, b, n)
}

// butterflyAVX2 is butterflyGo for n columns, rounded up to a multiple of 4.
//
//go:noescape
func butterflyAVX2(re, im *plane, b *butterfly, n int)
