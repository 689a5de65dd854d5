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

// allRecipes plans the shard in each variant.
func (t *shardTask) allRecipes() ([][]premix.Recipe, error) {
	if t.planned != nil {
		return [][]premix.Recipe{t.planned}, nil
	}
	all := make([][]premix.Recipe, len(t.job.variants()))
	for i := range all {
		var err error
		if all[i], err = t.recipes(&t.job.variants()[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// recipes plans the shard in a variant.
func (t *shardTask) recipes(v *Variant) ([]premix.Recipe, error) {
	p := plan.Params{
		Mix: v.Params.Mix, Size: t.job.Geometry.Size, Shards: plan.Shards{N: t.global.N, S: t.global.Shards},
		Replica: t.replica, Named: t.job.numbered(t.replica),
	}
	recipes, err := p.Recipes(make([]premix.Recipe, 0, len(t.rows)), t.rows)
	return recipes, err
}

// spec is the Spec of an output's shards in the replica of the task.
func (t *shardTask) spec(o *Output) shard.Spec { return o.spec(t.job, t.global, t.replica) }

// planOnly writes the plan of the shard into each output, and no pixels. The records in what it
// returns are not committed, since the shard does not exist.
func (t *shardTask) planOnly(ctx context.Context, all [][]premix.Recipe) ([]madeShard, error) {
	made := make([]madeShard, len(t.job.Outputs))
	for i := range t.job.Outputs {
		o := &t.job.Outputs[i]
		recipes := all[o.Variant]
		format, err := formats.ByName(o.Format)
		if err != nil {
			return nil, err
		}
		r := t.record(o, format, recipes)
		r.IndexPath = ""
		if r.PlanBytes, err = dataset.WritePlan(ctx, blob.Join(o.Dir, r.PlanPath), recipes); err != nil {
			return nil, err
		}
		made[i] = madeShard{output: i, record: r}
	}
	for range t.job.parts() {
		countMixed(int64(len(all[0])), 0)
		countShard(int64(len(all[0])), 0, false)
	}
	return made, nil
}

// record is the record of the shard in an output as far as the plan decides it: without the sizes and
// the hash.
func (t *shardTask) record(o *Output, format shard.Format, recipes []premix.Recipe) dataset.ShardRecord {
	spec := t.spec(o)
	path := format.ShardPath(spec, t.shard)
	r := dataset.ShardRecord{
		Replica: t.replica, Shard: t.shard, Path: path, PlanPath: dataset.PlanPath(t.job.Split, path),
		Samples: int64(len(recipes)), Fingerprint: shardFingerprint(o, t.global), Stats: dataset.StatsOf(recipes),
	}
	if t.job.Indexes.DALI {
		r.IndexPath = format.IndexPath(spec, t.shard)
	}
	return r
}
