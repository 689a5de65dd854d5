//go:build unix

package osfile

import "syscall"

// Memory returns n zero bytes beside Go's heap, for what stays long: the garbage collector neither reads nor counts them.
// They take memory as they are written to. free gives them back.
func Memory(n int) (p []byte, free func()) {
	p, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil { // the process may map no more
		return make([]byte, n), func() {}
	}
	return p, func() { _ = syscall.Munmap(p) }
}
