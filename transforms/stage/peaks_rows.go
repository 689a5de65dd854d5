package stage

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
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

// mergeLatest adds the rows of other replicas that another run has saved meanwhile.
func mergeLatest(ctx context.Context, job *Job, c source.Chunk, r *rows) {
	chunk, meta, err := job.store().Load(ctx, c.ID)
	if err != nil || meta.Stamp != c.Stamp || meta.URI != c.Container.URI {
		return
	}
	if latest := (&rows{meta: meta, chunk: chunk}); r.sameInput(latest) {
		r.merge(latest)
	}
}

// saveRows saves the rows of a chunk, unless the cache has them as they are, and summarizes them.
func saveRows(ctx context.Context, job *Job, c source.Chunk, r *rows, status Status) (*Summary, error) {
	sum := summarize(job, c, r)
	if status == Valid {
		return sum, nil
	}
	err := job.store().Save(ctx, c.ID, r.meta, r.chunk)
	if status == Adopted && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		// The cache is shared and may only be read. The rows in it suffice: the later stages find them
		// there, and the summary tells where the images are now.
		sum.Kept = r.kept
		return sum, nil
	}
	return sum, err
}
