package saliency

import "testing"

// TestLevels compares the tables of every maximum with the definition.
func TestLevels(t *testing.T) {
	var l levels
	for top := uint16(0); top <= 6*255; top++ {
		l.set(top)
		for v := uint16(0); v <= top; v++ {
			want := uint8(0)
			if top > 0 {
				want = uint8(255 * float64(float32(v)/float32(top)))
			}
			if got := l.at(v); got != want {
				t.Fatalf("level of %d of %d: %d, want %d", v, top, got, want)
			}
		}
	}
	for top := 6*255 + 1; top < 1<<16; top++ { // beyond what six differences can sum to
		l.set(uint16(top))
	}
}
