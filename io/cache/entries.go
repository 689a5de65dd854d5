package cache

import (
	"fmt"
	"iter"
	"slices"

	"github.com/premix/premix"
)

// ByEntry splits rows into those of one input entry each: the replicas of an entry stand together
// in ascending order, and two entries of one name are told apart by a replica number that does
// not rise.
func ByEntry(all []premix.Sample) iter.Seq[[]premix.Sample] {
	return func(yield func([]premix.Sample) bool) {
		for i := 0; i < len(all); {
			j := i + 1
			for j < len(all) && all[j].Name == all[i].Name && all[j].Replica > all[j-1].Replica {
				j++
			}
			if !yield(all[i:j:j]) {
				return
			}
			i = j
		}
	}
}

// Merge returns the rows of two lists that have the same entries in the same order, and no replica in
// common.
func Merge(a, b []premix.Sample) ([]premix.Sample, error) {
	if len(a) == 0 || len(b) == 0 {
		return slices.Concat(a, b), nil
	}
	merged := make([]premix.Sample, 0, len(a)+len(b))
	next, stop := iter.Pull(ByEntry(b))
	defer stop()
	for e := range ByEntry(a) {
		other, ok := next()
		if !ok || other[0].Name != e[0].Name {
			return nil, fmt.Errorf("%w: two files of one content list other entries", ErrCorrupt)
		}
		from := len(merged)
		merged = append(append(merged, e...), other...)
		slices.SortFunc(merged[from:], func(x, y premix.Sample) int { return x.Replica - y.Replica })
	}
	if _, more := next(); more {
		return nil, fmt.Errorf("%w: two files of one content list other entries", ErrCorrupt)
	}
	return merged, nil
}

// keep returns the rows of some replicas.
func keep(all []premix.Sample, replicas []int) []premix.Sample {
	return slices.DeleteFunc(all, func(s premix.Sample) bool { return !slices.Contains(replicas, s.Replica) })
}

// complete returns an error if the entries do not have a row in each of the replicas, and in no other.
func complete(all []premix.Sample, replicas []int) error {
	for e := range ByEntry(all) {
		if !slices.EqualFunc(e, replicas, func(s premix.Sample, r int) bool { return s.Replica == r }) {
			return fmt.Errorf("entry %q has not one row in each of the replicas %v", e[0].Name, replicas)
		}
	}
	return nil
}
