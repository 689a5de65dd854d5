package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// reloadRows loads the rows that a summary was made from: those of its content, from whatever files, since many
// runs share the cache. Which run added them does not matter, nor where that run read the input.
func reloadRows(ctx context.Context, job *Job, sum *Summary) (*cache.Chunk, error) {
	return reloadFrom(ctx, job, sum, sum.Files)
}

// reloadFrom is reloadRows for the detector of a job as that detector sees it, whose rows are in some files.
func reloadFrom(ctx context.Context, job *Job, sum *Summary, files []string) (*cache.Chunk, error) {
	r, err := job.Store().Reload(ctx, sum.ID, sum.Content, files, job.cropReplicas())
	if err != nil {
		what := "found by this run, cannot be read"
		if errors.Is(err, cache.ErrCorrupt) {
			what = "found by this run, were damaged meanwhile"
		}
		return nil, fmt.Errorf("the peaks of %s, %s: %w; run again, and do not prune the cache meanwhile", sum.Container, what, err)
	}
	container := source.Container{Name: sum.Container, URI: sum.URI, Layout: sum.Layout, Size: sum.Size}
	for i := range r.Chunk.Rows {
		source.Relocate(container, &r.Chunk.Rows[i])
	}
	return r.Chunk, nil
}

// reloadOthers loads the rows of each further detector, in the order of those of the first.
func reloadOthers(ctx context.Context, job *Job, sum *Summary, first *cache.Chunk) (others []*cache.Chunk, err error) {
	if len(sum.Others) != len(job.Finders) {
		return nil, defect("a chunk of %s has the peaks of %d further detectors, and the job has %d", sum.Container, len(sum.Others), len(job.Finders))
	}
	for k, v := range job.Views()[1:] {
		chunk, err := reloadFrom(ctx, v, sum, sum.Others[k])
		if err != nil {
			return nil, err
		}
		same := func(a, b premix.Sample) bool { return a.Name == b.Name && a.Replica == b.Replica }
		if !slices.EqualFunc(first.Rows, chunk.Rows, same) {
			return nil, defect("a chunk of %s has other rows for the detector of --variant %s than for the first", sum.Container, job.Finders[k].Variant)
		}
		others = append(others, chunk)
	}
	return others, nil
}
