//go:build !amd64 || noasm

package jpegenc

const (
	haveSIMD = false
	overread = 0
)

func transformSIMD(*[64]int16, []byte, int, *quantizer) uint64 { return 0 }

func yccSIMD(_, _, _, _ []byte, _ int) {}

func halveSIMD(_, _, _ []byte) {}
