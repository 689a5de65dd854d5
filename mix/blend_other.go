//go:build !amd64 || noasm

package mix

func blendSIMD(_, _, _ []byte, _ float64) int { return 0 }
