package dataset_test

import (
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
)

// TestPlanLength wants no plan that would have an object read to its end.
func TestPlanLength(t *testing.T) {
	for _, n := range []int64{-1, -1 << 62} {
		list := recipes(3)
		list[1].Source.Location.Length = n
		data, err := dataset.EncodePlan(list)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dataset.DecodePlan(data); err == nil || !strings.Contains(err.Error(), list[1].Source.Name) {
			t.Errorf("a length of %d: %v", n, err)
		}
	}
}
