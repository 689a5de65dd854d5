//go:build amd64 && linux && !noasm

package saliency

import (
	"syscall"
	"testing"

	"github.com/premix/premix/imaging"
)

// TestImageEndsAtPage puts the pixels of an image right before and right behind memory that must
// not be touched: a kernel that reads beyond them ends the test with a fault.
func TestImageEndsAtPage(t *testing.T) {
	page := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 8*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(mem)
	for _, forbidden := range [][]byte{mem[:page], mem[7*page:]} {
		if err := syscall.Mprotect(forbidden, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	usable := mem[page : 7*page]
	for _, name := range Names() {
		d, err := New(name, Params{})
		if err != nil {
			t.Fatal(err)
		}
		for w := 1; w < 100; w++ {
			for _, h := range []int{1, 2, 33} {
				n := 3 * w * h
				d.Peak(&imaging.Image{W: w, H: h, Pix: usable[:n:n]})
				d.Peak(&imaging.Image{W: w, H: h, Pix: usable[len(usable)-n:]})
			}
		}
	}
}
