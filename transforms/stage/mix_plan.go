package stage

import (
	"context"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/plan"
)

// recipes plans the shard.
func (t *shardTask) recipes() ([]premix.Recipe, error) {
	if t.planned != nil {
		return t.planned, nil
	}
	p := plan.Params{
		Mix: t.job.Mix, Size: t.job.Geometry.Size, Shards: plan.Shards{N: t.global.N, S: t.global.Shards},
		Replica: t.replica, Named: t.job.NamedReplicas,
	}
	recipes, err := p.Recipes(make([]premix.Recipe, 0, len(t.rows)), t.rows)
	return recipes, err
}

// spec is the Spec of an output's shards in the replica of the task.
func (t *shardTask) spec(o *Output) shard.Spec { return o.spec(t.job, t.global, t.replica) }

// planOnly writes the plan of the shard into each output, and no pixels. The records that it returns
// are not committed, since the shard does not exist.
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
		if records[i], err = t.writePlan(ctx, o, format.ShardPath(t.spec(o), t.shard), recipes); err != nil {
			return nil, err
		}
	}
	countMixed(int64(len(recipes)))
	countShard(int64(len(recipes)), 0, false)
	return records, nil
}

// writePlan writes the plan of the shard into an output, in which the shard's path is path. It
// returns the record of the shard as far as the plan decides it: without the sizes and the hash.
func (t *shardTask) writePlan(ctx context.Context, o *Output, path string, recipes []premix.Recipe) (dataset.ShardRecord, error) {
	r := dataset.ShardRecord{
		Replica: t.replica, Shard: t.shard, Path: path, PlanPath: dataset.PlanPath(t.job.Split, path),
		Samples: int64(len(recipes)), Fingerprint: shardFingerprint(o, t.global), Stats: dataset.StatsOf(recipes),
	}
	var err error
	r.PlanBytes, err = dataset.WritePlan(ctx, blob.Join(o.Dir, r.PlanPath), recipes)
	return r, err
}
