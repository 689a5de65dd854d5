package stage

import (
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// TestPlannedLimits reads an image that a plan names, but nothing where the plan has an impossible
// place, which could lead to reading a whole container.
func TestPlannedLimits(t *testing.T) {
	s := newFakeSet(t)
	catalog, err := source.Discover(t.Context(), []source.Input{{URI: s.dir}}, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	job := new(Job)
	job.Decode.MaxBytes = 1 << 20
	images := NewImages(job, catalog.Containers, nil)
	sample := func(offset, length int64) *premix.Sample {
		return &premix.Sample{Name: "c1/i1.png", Location: premix.Location{Offset: offset, Length: length}}
	}
	right := sample(0, 1000)
	data, err := images.Fetch(t.Context(), nil, right)
	if err != nil {
		t.Fatal(err)
	}
	right.Digest = source.DigestOf(data)
	if _, err := fetchPlanned(t.Context(), nil, job, images, right); err != nil {
		t.Error(err)
	}
	for _, at := range [][2]int64{{0, -1}, {0, -2}, {5, -1}, {-1, 100}, {0, 1<<20 + 1}} {
		data, err := fetchPlanned(t.Context(), nil, job, images, sample(at[0], at[1]))
		if r := FindRefusal(err); r == nil || r.Code != CodeOther {
			t.Errorf("offset %d, length %d: %d bytes, %v", at[0], at[1], len(data), err)
		}
	}
}
