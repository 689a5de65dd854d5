package saliency

import (
	"bytes"
	"hash/crc32"
	"testing"
)

// TestFineGrainedGolden compares maps and peaks with OpenCV's, in assembly and in plain Go.
func TestFineGrainedGolden(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name(), func(t *testing.T) {
			for _, simd := range []bool{false, haveAVX2} {
				f := newFineGrained(Stored)
				f.simd = simd
				var m Map
				peaked, mapped := f.Peak(g.image()), f.Map(&m, g.image())
				if got := crc32.ChecksumIEEE(m.Pix); got != g.fgMap {
					t.Errorf("simd=%t: map of CRC %08x, want %08x", simd, got, g.fgMap)
				}
				if mapped.Peak != g.fgPeak {
					t.Errorf("simd=%t: peak %v, want %v", simd, mapped.Peak, g.fgPeak)
				}
				if peaked != mapped {
					t.Errorf("simd=%t: Peak returns %v, Map %v", simd, peaked, mapped)
				}
				hi := m.Pix[g.fgPeak.Y*g.w+g.fgPeak.X]
				if n := bytes.Count(m.Pix, []byte{hi}); n != g.fgMaxima {
					t.Errorf("simd=%t: %d maxima, want %d", simd, n, g.fgMaxima)
				}
				if mapped.Flat != (hi == 0) {
					t.Errorf("simd=%t: flat %t with maximum %d", simd, mapped.Flat, hi)
				}
			}
		})
	}
}
