package saliency

import (
	"testing"
)

func TestSpectralGoldenPeaks(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name(), func(t *testing.T) {
			s := newSpectral(Stored)
			var m Map
			r := s.fill(&m, g.pix(), g.w, g.h, g.ch)
			if got := s.peak(g.pix(), g.w, g.h, g.ch); got != r {
				t.Errorf("peak returns %v, fill %v", got, r)
			}
			if r.Peak != g.srPeak && g.srPeak != illConditioned {
				t.Errorf("peak %v, want %v", r.Peak, g.srPeak)
			}
		})
	}
}
