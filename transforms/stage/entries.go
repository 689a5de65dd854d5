package stage

import (
	"iter"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
)

// entries splits rows into those of one input entry each: the replicas of an entry stand together
// in ascending order, and two entries of one name are told apart by a replica number that does
// not rise.
func entries(all []premix.Sample) iter.Seq[[]premix.Sample] {
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

// pick returns the row of a replica among those of an entry, or nil.
func pick(entry []premix.Sample, replica int) *premix.Sample {
	for i := range entry {
		if entry[i].Replica == replica {
			return &entry[i]
		}
	}
	return nil
}

// faultOf returns the first faulty row of an entry among the replicas, or nil if the entry is good
// in each of them.
func faultOf(entry []premix.Sample, replicas []int) *premix.Sample {
	for _, r := range replicas {
		if s := pick(entry, r); s != nil && s.Fault != nil {
			return s
		}
	}
	return nil
}

// sameInput says whether two chunks list the same entries: names, bytes and labels.
func (r *rows) sameInput(other *rows) bool {
	return digestOf(r.chunk.Rows, -1) == digestOf(other.chunk.Rows, -1)
}

// digestOf identifies the first n entries of rows, in their order; −1: all of them.
func digestOf(all []premix.Sample, n int64) (digest [32]byte) {
	for e := range entries(all) {
		if n == 0 {
			break
		}
		n--
		digest = dataset.JoinDigest(digest, entryHash(&e[0]), 1)
	}
	return digest
}

// merge adds the rows that old has of other replicas. Both list the same entries in the same
// order, since they come from one chunk.
func (r *rows) merge(old *rows) {
	var before [][]premix.Sample
	for e := range entries(old.chunk.Rows) {
		before = append(before, e)
	}
	var all []premix.Sample
	i := 0
	for e := range entries(r.chunk.Rows) {
		merged := slices.Clone(e)
		if i < len(before) && before[i][0].Name == e[0].Name {
			for _, s := range before[i] {
				if pick(e, s.Replica) == nil {
					merged = append(merged, s)
				}
			}
		}
		slices.SortFunc(merged, func(a, b premix.Sample) int { return a.Replica - b.Replica })
		all = append(all, merged...)
		i++
	}
	r.chunk.Rows = all
	r.meta.Replicas = append(slices.Clone(r.meta.Replicas), old.meta.Replicas...)
	slices.Sort(r.meta.Replicas)
	r.meta.Replicas = slices.Compact(r.meta.Replicas)
}
