package stage

import (
	"context"
	"fmt"
	"slices"

	"github.com/premix/premix/io/cache"
)

// again loads the rows that a summary was made from. The cache is shared: another run may have found
// other bytes under the same names and sizes meanwhile, and its rows are not this run's.
func again(ctx context.Context, job *Job, sum *Summary) (*cache.Chunk, error) {
	chunk, meta, err := job.store().Load(ctx, sum.ID)
	if err != nil {
		return nil, fmt.Errorf("the peaks of %s, found by this run, cannot be read: %w; run again, and do not prune the cache meanwhile", sum.Container, err)
	}
	ours := meta.Stamp == sum.Stamp && meta.URI == sum.URI && digestOf(chunk.Rows, sum.Entries) == sum.Digest
	for _, r := range job.cropReplicas() {
		ours = ours && slices.Contains(meta.Replicas, r)
	}
	if !ours {
		return nil, fmt.Errorf("the peaks of %s, found by this run, were replaced by those of another run, which saw other files there: run again, and do not change the input meanwhile", sum.Container)
	}
	return chunk, nil
}
