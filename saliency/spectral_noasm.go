//go:build !amd64 || noasm

package saliency

// dftStep performs one step of the transform on n columns.
func dftStep(re, im *plane, b *butterfly, n int) { butterflyGo(re, im, b, n) }
