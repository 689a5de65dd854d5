package tfrecord

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestFindHead compares the search for a head with the rule that it follows.
func TestFindHead(t *testing.T) {
	rule := func(p []byte) int {
		for i := 0; i+12 <= len(p); i++ {
			if h := p[i : i+12]; binary.LittleEndian.Uint32(h[4:]) == 0 && binary.LittleEndian.Uint32(h[8:]) == Mask(h[:8]) {
				return i
			}
		}
		return -1
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	head := func() []byte { return Append(nil, make([]byte, rnd.IntN(3)*300))[:12] }
	found := 0
	for range 20_000 {
		p := make([]byte, rnd.IntN(80))
		for i := range p {
			if rnd.IntN(4) == 0 {
				p[i] = byte(rnd.Uint32())
			}
		}
		if rnd.IntN(2) == 0 {
			p = append(p[:rnd.IntN(len(p)+1)], append(head(), p...)...)
		}
		got, want := FindHead(p), rule(p)
		if got != want {
			t.Fatalf("%x: head at %d, want %d", p, got, want)
		}
		if want >= 0 {
			found++
		}
	}
	if found < 5000 {
		t.Errorf("only %d have a head", found)
	}
}
