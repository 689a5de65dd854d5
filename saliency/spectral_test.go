package saliency

import "testing"

func TestSpectralGoldenPeaks(t *testing.T) {
	for _, g := range goldens {
		t.Run(g.name(), func(t *testing.T) {
			s := newSpectral(Stored)
			var m Map
			r := s.Map(&m, g.image())
			if got := s.Peak(g.image()); got != r {
				t.Errorf("Peak returns %v, Map %v", got, r)
			}
			if r.Peak != g.srPeak && g.srPeak != illConditioned {
				t.Errorf("peak %v, want %v", r.Peak, g.srPeak)
			}
		})
	}
}
