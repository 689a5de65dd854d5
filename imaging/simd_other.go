//go:build !amd64 || noasm

package imaging

// Kernels names the instructions of the processor that the inner loops use here, "go" where they use none of
// their own. The pixels are the same.
func Kernels() string { return "go" }
