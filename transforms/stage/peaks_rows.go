package stage

import (
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
)

// rows are the peaks of a chunk as the cache holds them.
type rows struct {
	meta  cache.Meta
	chunk *cache.Chunk
	kept  *Kept // of adopted rows: what the cache says of them
}

// missingReplicas returns the replicas that the job needs and a file of the cache lacks.
func missingReplicas(job *Job, meta cache.Meta) []int {
	return slices.DeleteFunc(slices.Clone(job.cropReplicas()), func(r int) bool { return slices.Contains(meta.Replicas, r) })
}

// merge adds the rows that old has of other replicas. Both list the same entries in the same
// order, since they come from one chunk.
func (r *rows) merge(old *rows) {
	var before [][]premix.Sample
	for e := range byEntry(old.chunk.Rows) {
		before = append(before, e)
	}
	var all []premix.Sample
	i := 0
	for e := range byEntry(r.chunk.Rows) {
		merged := slices.Clone(e)
		if i < len(before) && before[i][0].Name == e[0].Name {
			for _, s := range before[i] {
				if rowOf(e, s.Replica) == nil {
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

// sameInput says whether two chunks list the same entries: names, bytes and labels.
func (r *rows) sameInput(other *rows) bool {
	return digestOf(r.chunk.Rows, -1) == digestOf(other.chunk.Rows, -1)
}
