package stage

import (
	"context"
	"fmt"

	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// reloadRows loads the rows that a summary was made from. The cache is shared: another run may have found
// other bytes under the same names and sizes meanwhile, and its rows are not this run's.
func reloadRows(ctx context.Context, job *Job, sum *Summary) (*cache.Chunk, error) {
	chunk, meta, err := job.store().Load(ctx, sum.ID)
	if err != nil {
		return nil, fmt.Errorf("the peaks of %s, found by this run, cannot be read: %w; run again, and do not prune the cache meanwhile", sum.Container, err)
	}
	now := meta.Stamp == sum.Stamp && meta.URI == sum.URI
	kept := !now && sum.Kept != nil && meta.Stamp == sum.Kept.Stamp && meta.URI == sum.Kept.URI
	if !now && !kept || digestOf(chunk.Rows, sum.Entries) != sum.Digest || len(missingReplicas(job, meta)) > 0 {
		return nil, fmt.Errorf("the peaks of %s, found by this run, were replaced by those of another run, which saw other files there: run again, and do not change the input meanwhile", sum.Container)
	}
	if kept {
		for i := range chunk.Rows {
			source.Relocate(sum.Kept.Container, &chunk.Rows[i])
		}
	}
	return chunk, nil
}
