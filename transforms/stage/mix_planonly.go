package stage

import (
	"context"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// planOnly writes the plan of the shard for each output, and no pixel. The records it returns have
// no sizes and hashes, and are not committed: nothing of the shard is there.
func (t *shardTask) planOnly(ctx context.Context) ([]dataset.ShardRecord, error) {
	recipes, err := t.recipes()
	if err != nil {
		return nil, err
	}
	records := make([]dataset.ShardRecord, len(t.job.Outputs))
	for i := range t.job.Outputs {
		o := &t.job.Outputs[i]
		format, err := formats.ByName(o.Format)
		if err != nil {
			return nil, err
		}
		path := format.ShardPath(t.spec(o), t.shard)
		plan := dataset.PlanPath(t.job.Split, path)
		if _, err := dataset.WritePlan(ctx, blob.Join(o.Dir, plan), recipes); err != nil {
			return nil, err
		}
		records[i] = dataset.ShardRecord{
			Replica: t.replica, Shard: t.shard, Path: path, PlanPath: plan, Samples: int64(len(recipes)),
			Fingerprint: shardFingerprint(o, t.global), Stats: dataset.StatsOf(recipes),
		}
	}
	countMixed(int64(len(recipes)))
	countShard(int64(len(recipes)), 0, false)
	return records, nil
}
