package stage

import (
	"context"
	"errors"
	"fmt"

	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// reloadRows loads the rows that a summary was made from: those of its content, from whatever files, since many
// runs share the cache. Which run added them does not matter, nor where that run read the input.
func reloadRows(ctx context.Context, job *Job, sum *Summary) (*cache.Chunk, error) {
	r, err := job.Store().Reload(ctx, sum.ID, sum.Content, sum.Files, job.cropReplicas())
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
