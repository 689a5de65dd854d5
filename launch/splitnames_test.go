package launch

import (
	"fmt"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/pipeline"
)

// TestSplitNames: no split is called as a replica of another one.
func TestSplitNames(t *testing.T) {
	for _, tt := range []struct {
		split           string
		first, replicas int
		there           string // another split
		has             []int  // its replicas; nil: it is not finished
		own             bool   // the job's split is there too
		refused         bool
	}{
		{"train", 0, 1, "validation", []int{0}, true, false},
		{"train", 1, 1, "train_r001", []int{0}, true, true},
		{"train", 1, 1, "train_r001", nil, true, true},
		{"train", 0, 3, "train_r002", []int{0}, false, true},
		{"train", 1, 1, "train_r000", []int{0}, true, true}, // the first one is called train_r000 as well
		{"train", 0, 1, "train_r000", []int{0}, true, false},
		{"train", 0, 1, "train_r001", []int{0}, true, false},
		{"train", 2, 3, "train_r001", []int{0}, true, false},
		{"train", 2, 3, "train_r005", []int{0}, true, false},
		{"train", 0, 2, "train_r1", []int{0}, true, false},
		{"train", 0, 2, "train_r0001", []int{0}, true, false},
		{"train", 0, 2, "other_r001", []int{0}, true, false},
		{"train", 1000, 1, "train_r1000", []int{0}, true, true},
		{"train_r001", 0, 1, "train", []int{0}, false, true},
		{"train_r001", 0, 1, "train", nil, true, true},
		{"train_r001", 0, 1, "train", []int{0, 1}, true, true},
		{"train_r001", 0, 1, "train", []int{0}, true, false}, // an earlier version made both
		{"train_r001", 0, 1, "validation", []int{0}, false, false},
	} {
		c := pipeline.Default()
		c.Split, c.FirstReplica, c.Replicas = tt.split, tt.first, tt.replicas
		other := dataset.SplitState{Name: tt.there}
		if tt.has != nil {
			other.Manifest = new(dataset.Manifest)
			for _, r := range tt.has {
				other.Manifest.Replicas = append(other.Manifest.Replicas, dataset.Replica{Replica: r})
			}
		}
		splits := []dataset.SplitState{other}
		if tt.own {
			splits = append(splits, dataset.SplitState{Name: tt.split})
		}
		if err := checkNames(&c, "out", splits); (err != nil) != tt.refused {
			t.Errorf("%s: %v", fmt.Sprintf("%+v", tt), err)
		}
	}
}
