//go:build !amd64 || noasm

package jpegenc

const (
	haveSIMD = false
	haveBits = false
	overread = 0
)

func transformSIMD(*[64]int16, []byte, int, *quantizer) uint64 { return 0 }

func yccSIMD(_, _, _, _ []byte, _ int) {}

func halveSIMD(_, _, _ []byte) {}

func encodeSIMD(_ []byte, _ *[64]int16, _ int32, _ uint64, _ *huffman, acc uint64, n uint) (int, uint64, uint) {
	return 0, acc, n
}
