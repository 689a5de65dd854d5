package stage

import (
	"testing"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

// TestPeaksAreThoseOfTheMaker wants the stage's rows, of photographs too, to be what package sample
// makes of the same bytes: crops and peaks of each replica.
func TestPeaksAreThoseOfTheMaker(t *testing.T) {
	for name, in := range map[string]func(*testing.T) string{
		"drawn":  func(*testing.T) string { return "synth:20" },
		"photos": func(t *testing.T) string { return sharedtest.Dir(t, "data", "objects") },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, in(t), func(j *Job) {
				j.Geometry.Mode, j.Geometry.Scale, j.Geometry.Ratio, j.Geometry.HFlip = crop.RRC, crop.DefaultScale, crop.DefaultRatio, 0.5
				j.Replicas, j.ZeroNumbered, j.Limit = []int{0, 1}, true, 20
			})
			m, err := sample.New(&b.job.Params)
			if err != nil {
				t.Fatal(err)
			}
			rows := 0
			for _, sum := range b.peaks() {
				chunk, err := reloadRows(t.Context(), b.job, &sum)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range chunk.Rows {
					if row.Fault != nil {
						continue
					}
					data, err := source.Fetch(t.Context(), nil, row.Location)
					if err != nil {
						t.Fatal(err)
					}
					var half sample.Half
					made := row
					if err := m.Decode(t.Context(), &half, data); err != nil {
						t.Fatal(err)
					}
					if _, err := m.Crop(&half, &made); err != nil {
						t.Fatal(err)
					}
					if err := m.Peak(&half, &made, true); err != nil {
						t.Fatal(err)
					}
					if made != row {
						t.Errorf("the stage has %+v, the maker %+v", row, made)
					}
					rows++
				}
			}
			if rows < 40 {
				t.Errorf("%d rows, want two of each of 20 images", rows)
			}
		})
	}
}
