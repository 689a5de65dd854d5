package stage

import (
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// TestPlacesLimits reads what a plan names, and nothing where the plan would have all of a container
// read.
func TestPlacesLimits(t *testing.T) {
	s := newFakeSet(t)
	catalog, err := source.Discover(t.Context(), []source.Input{{URI: s.dir}}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	job := new(Job)
	job.Decode.MaxBytes = 1 << 20
	places := NewPlaces(job, catalog.Containers, nil)
	sample := func(offset, length int64) *premix.Sample {
		return &premix.Sample{Name: "c1/i1.png", Location: premix.Location{Offset: offset, Length: length}}
	}
	if _, err := places.Fetch(t.Context(), nil, sample(0, 1000)); err != nil {
		t.Error(err)
	}
	for _, at := range [][2]int64{{0, -1}, {0, -2}, {5, -1}, {-1, 100}, {0, 1<<20 + 1}} {
		data, err := places.Fetch(t.Context(), nil, sample(at[0], at[1]))
		if r := FindRefusal(err); r == nil || r.Code != CodeOther {
			t.Errorf("offset %d, length %d: %d bytes, %v", at[0], at[1], len(data), err)
		}
	}
}
