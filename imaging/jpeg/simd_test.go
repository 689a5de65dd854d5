//go:build amd64 && !noasm

package jpeg

// kernels switches the parts of the assembly on or off, as far as the processor has them, and returns what undoes it.
func kernels(simd, bits bool) func() {
	wasSIMD, wasBits := haveSIMD, haveBits
	haveSIMD, haveBits = wasSIMD && simd, wasBits && bits
	return func() { haveSIMD, haveBits = wasSIMD, wasBits }
}
