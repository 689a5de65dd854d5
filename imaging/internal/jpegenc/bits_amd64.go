//go:build amd64 && !noasm

package jpegenc

import "golang.org/x/sys/cpu"

// Processors with AVX2 that lack one of these are rare, but some hypervisors mask them.
var haveBits = cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasLZCNT

// encodeBMI2 is [encodeGo], with at least as much room at dst as it needs.
//
//go:noescape
func encodeBMI2(dst *byte, block *[64]int16, dc int32, nonzero uint64, t *huffman, acc uint64, n uint) (end int, accOut uint64, nOut uint)

func encodeSIMD(buf []byte, block *[64]int16, dc int32, nonzero uint64, t *huffman, acc uint64, n uint) (int, uint64, uint) {
	_ = buf[mostBlock-1]
	return encodeBMI2(&buf[0], block, dc, nonzero, t, acc, n)
}
