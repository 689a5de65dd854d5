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
	if err := t.checkMore(); err != nil {
		return nil, err
	}
	variants := t.job.variants()
	rows := make([][]plan.Row, len(t.job.Finders)+1) // of each detector
	t.same = map[*premix.Sample]*premix.Sample{}
	all := make([][]premix.Recipe, len(variants))
	for i := range variants {
		v := &variants[i]
		if rows[v.Finder] == nil {
			rows[v.Finder] = RowsFor(t.rows, v.Finder, t.same)
		}
		var err error
		if all[i], err = t.recipes(v, rows[v.Finder]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// checkMore checks that each row has the peaks of each detector.
func (t *shardTask) checkMore() error {
	for i := range t.rows {
		if n := len(t.rows[i].More); n != len(t.job.Finders) {
			return defect("%s has the peaks of %d detectors beside the first, and the job has %d", t.rows[i].Sample.Name, n, len(t.job.Finders))
		}
	}
	return nil
}

// recipes plans the shard in a variant, from the rows with its peaks.
func (t *shardTask) recipes(v *Variant, rows []plan.Row) ([]premix.Recipe, error) {
	p := plan.Params{
		Mix: v.Params.Mix, Size: t.job.Geometry.Size, Shards: plan.Shards{N: t.global.N, S: t.global.Shards},
		Replica: t.replica, Named: t.job.numbered(t.replica),
	}
	recipes, err := p.Recipes(make([]premix.Recipe, 0, len(rows)), rows)
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
