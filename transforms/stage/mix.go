package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/plan"
)

// Mix makes the shards of a group from the rows that Distribute sent there, in any order, and
// returns their records, output by output. Shards that are there and agree are kept.
func Mix(ctx context.Context, job *Job, g *Global, rows []plan.Row) ([]OutputRecord, error) {
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b plan.Row) int { return int(a.Position - b.Position) })
	shards := plan.Shards{N: g.N, S: g.Shards}
	var out []OutputRecord
	tasks, gctx := errgroup.WithContext(ctx)
	// Two shards at once: the second keeps the cores busy while the first one ends.
	tasks.SetLimit(2)
	var results []*[]dataset.ShardRecord
	for i := 0; i < len(rows); {
		j := i
		index := shards.Of(rows[i].Position)
		for j < len(rows) && shards.Of(rows[j].Position) == index {
			j++
		}
		part := rows[i:j]
		result := new([]dataset.ShardRecord)
		results = append(results, result)
		t := &shardTask{job: job, global: g, shard: index, rows: part, replica: part[0].Sample.Replica}
		tasks.Go(func() (err error) {
			defer recoverAs(&err)
			*result, err = t.run(gctx)
			return err
		})
		i = j
	}
	if err := tasks.Wait(); err != nil {
		return nil, err
	}
	for _, records := range results {
		for i, r := range *records {
			out = append(out, OutputRecord{i, r})
		}
	}
	return out, nil
}

// A shardTask is the work on one shard.
type shardTask struct {
	job     *Job
	global  *Global
	shard   int64
	replica int
	rows    []plan.Row
	// Of a replay: what the rows' plan says, and how the bytes of its images are found.
	planned []premix.Recipe
	fetch   func(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error)
}

// run makes the shard in each output that lacks it.
func (t *shardTask) run(ctx context.Context) ([]dataset.ShardRecord, error) {
	lo, hi := plan.Shards{N: t.global.N, S: t.global.Shards}.Range(t.shard)
	if t.planned == nil && int64(len(t.rows)) != hi-lo {
		return nil, fmt.Errorf("stage: shard %d of replica %d got %d of its %d rows", t.shard, t.replica, len(t.rows), hi-lo)
	}
	if t.job.PlanOnly {
		return t.planOnly(ctx)
	}
	records := make([]dataset.ShardRecord, len(t.job.Outputs))
	var missing []int
	for i := range t.job.Outputs {
		old, err := t.done(ctx, &t.job.Outputs[i], hi-lo)
		if err != nil {
			return nil, err
		}
		if old == nil {
			missing = append(missing, i)
			continue
		}
		records[i] = *old
	}
	if len(missing) == 0 {
		countShard(hi-lo, 0, true)
		return records, nil
	}
	recipes, err := t.recipes()
	if err != nil {
		return nil, err
	}
	w := &shardWriter{task: t, recipes: recipes}
	if err := w.open(ctx, missing); err != nil {
		return nil, errors.Join(err, w.abort())
	}
	if err := t.samples(ctx, recipes, w.write); err != nil {
		return nil, errors.Join(err, w.abort())
	}
	var bytes int64
	for k, i := range missing {
		r, err := w.commit(ctx, k)
		if err != nil {
			return nil, errors.Join(err, w.abort())
		}
		records[i] = r
		bytes += r.Bytes
	}
	countShard(hi-lo, bytes, false)
	return records, nil
}

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
