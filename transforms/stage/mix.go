package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
)

// Mix makes the shards of a group from the rows that Distribute sent there, in any order, and
// returns a batch for each output. Shards that are there and agree are kept.
func Mix(ctx context.Context, job *Job, g *Global, rows []plan.Row) ([]OutputBatch, error) {
	ctx = job.Guarded(ctx)
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	growHeap(job.heldRows(g)) // the gate may have been in another process
	slices.SortFunc(rows, func(a, b plan.Row) int { return int(a.Position - b.Position) })
	shards := plan.Shards{N: g.N, S: g.Shards}
	var out []madeShard
	tasks, gctx := errgroup.WithContext(ctx)
	// Two shards at once: the second keeps the cores busy while the first one ends.
	tasks.SetLimit(2)
	var results []*[]madeShard
	for i := 0; i < len(rows); {
		j := i
		index := shards.Of(rows[i].Position)
		for j < len(rows) && shards.Of(rows[j].Position) == index {
			j++
		}
		part := rows[i:j]
		result := new([]madeShard)
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
	for _, made := range results {
		out = append(out, *made...)
	}
	return batchesOf(job, out)
}

// A shardTask is the work on one shard.
type shardTask struct {
	job     *Job
	global  *Global
	shard   int64
	replica int
	rows    []plan.Row
	same    map[*premix.Sample]*premix.Sample // from the samples of other detectors' recipes to those of rows
	// Of a replay: what the rows' plan says, and how the bytes of its images are found.
	planned []premix.Recipe
	fetch   func(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error)
}

// run makes the shard in each output that lacks it, and returns it for each output.
func (t *shardTask) run(ctx context.Context) ([]madeShard, error) {
	lo, hi := plan.Shards{N: t.global.N, S: t.global.Shards}.Range(t.shard)
	if t.planned == nil && int64(len(t.rows)) != hi-lo {
		return nil, fmt.Errorf("stage: shard %d of replica %d got %d of its %d rows", t.shard, t.replica, len(t.rows), hi-lo)
	}
	recipes, err := t.allRecipes()
	if err != nil {
		return nil, err
	}
	if t.job.PlanOnly {
		return t.planOnly(ctx, recipes)
	}
	made := make([]madeShard, len(t.job.Outputs))
	var missing []int
	for i := range t.job.Outputs {
		o := &t.job.Outputs[i]
		old, anew, err := t.kept(ctx, o, recipes[o.Variant])
		if err != nil {
			return nil, err
		}
		made[i] = madeShard{output: i, kept: old != nil, anew: anew}
		if old == nil {
			missing = append(missing, i)
			continue
		}
		made[i].record = *old
	}
	if len(missing) == 0 {
		t.count(made)
		return made, nil
	}
	w := &shardWriter{task: t, variants: t.job.variantsOf(missing)}
	if err := w.open(ctx, missing, recipes); err != nil {
		return nil, errors.Join(err, w.abort())
	}
	wanted := make([][]premix.Recipe, len(w.variants))
	for i, v := range w.variants {
		wanted[i] = recipes[v]
	}
	if err := t.samples(ctx, w.variants, wanted, w.write); err != nil {
		return nil, errors.Join(err, w.abort())
	}
	for k, i := range missing {
		r, err := w.commit(ctx, k)
		if err != nil {
			return nil, errors.Join(err, w.abort())
		}
		made[i].record = r
	}
	t.count(made)
	return made, nil
}

// An encodedSample is a sample on its way to the writer, with a picture for each variant: data is set when done is
// closed.
type encodedSample struct {
	data [][]byte
	done chan struct{}
}

// samples makes the samples of a shard in some variants, whose recipes are given, and hands them to write, in order and
// one at a time. Each crop is made once; loading runs ahead of mixing by a bounded number of samples, and of bytes.
func (t *shardTask) samples(ctx context.Context, variants []int, recipes [][]premix.Recipe, write func(i int, pictures [][]byte) error) error {
	n, each := len(recipes[0]), len(variants)
	if bare.Load() {
		return bareSamples(ctx, n, each, write)
	}
	p := poolFor(t.job.Workers, t.job.MaxMemory)
	lead := &lead{of: &p.ahead}
	defer lead.end()
	pictures := t.pictures(recipes, lead)
	g, ctx := errgroup.WithContext(ctx)
	crop := int64(t.job.cropBytes())
	results := make([]encodedSample, n)
	data := make([][]byte, n*each)
	for i := range results {
		results[i] = encodedSample{data[i*each : (i+1)*each], make(chan struct{})}
	}
	ahead := make(chan struct{}, 4*p.workers()+4)
	crew := newCrew(g, 0)
	g.Go(func() (err error) {
		defer recoverAs(&err)
		return writeInOrder(ctx, results, ahead, func(i int, data [][]byte) error {
			defer lead.give(crop*int64(each), 1)
			return write(i, data)
		})
	})
dispatch:
	for i := range results {
		select {
		case ahead <- struct{}{}:
		case <-ctx.Done():
			break dispatch
		}
		var load []*picture
		for _, of := range recipes {
			for _, s := range needs(&of[i]) {
				if pic := pictures[s]; !pic.started {
					pic.started = true
					load = append(load, pic)
				}
			}
		}
		// An encoded sample takes no more than its pixels, or hardly more.
		if lead.take(ctx, crop*int64(len(load)+each)) != nil {
			break
		}
		for _, pic := range load {
			crew.do(func() error { return t.load(ctx, p, pic) })
		}
		crew.do(func() (err error) {
			if err = t.mixOne(ctx, p, i, variants, recipes, pictures, results[i].data); err == nil {
				close(results[i].done)
			}
			return err
		})
	}
	crew.end()
	err := g.Wait()
	for _, pic := range pictures { // after an error some were not used
		if pic.kept != nil {
			pic.kept.done()
		}
	}
	return err
}

// mixOne makes and encodes the pictures of sample i, one for each of some variants.
func (t *shardTask) mixOne(ctx context.Context, p *pool, i int, variants []int, recipes [][]premix.Recipe, pictures map[*premix.Sample]*picture, data [][]byte) (err error) {
	defer recoverAs(&err)
	for _, of := range recipes {
		for _, s := range needs(&of[i]) {
			select {
			case <-pictures[s].ready:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	err = p.do(ctx, &t.job.Params, func(w *worker) error {
		for k, of := range recipes {
			r := &of[i]
			used := needs(r)
			target := pictures[used[0]].img
			var src *imaging.Image
			if len(used) == 2 {
				src = pictures[used[1]].img
			}
			dst := &w.half.Crop
			if r.Method == mix.None || len(recipes) == 1 && pictures[used[0]].last() {
				dst = target // which none leaves as it is
			}
			if j := t.twin(i, k, variants, recipes, pictures); j >= 0 {
				data[k] = append(getBuffer(len(data[j])), data[j]...)
				continue
			}
			w.Reset(t.job.ParamsOf(variants[k]))
			var err error
			if data[k], err = w.Mix(dst, getBuffer(1<<15), target, src, r); err != nil {
				return fmt.Errorf("sample %s: %w", r.Key, err)
			}
		}
		return nil
	})
	for _, of := range recipes {
		for _, s := range needs(&of[i]) {
			pictures[s].release()
		}
	}
	return err
}

// writeInOrder writes each sample once it is done, and then takes an element out of ahead.
func writeInOrder(ctx context.Context, results []encodedSample, ahead <-chan struct{}, write func(i int, data [][]byte) error) error {
	for i := range results {
		select {
		case <-results[i].done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := write(i, results[i].data); err != nil {
			return err
		}
		for k, b := range results[i].data {
			putBuffer(b)
			results[i].data[k] = nil
		}
		<-ahead
	}
	return nil
}

// write appends sample i to each output; pictures are those of the writer's variants, encoded.
func (w *shardWriter) write(i int, pictures [][]byte) error {
	var size int64
	for _, o := range w.outs {
		r, img := &o.recipes[i], pictures[o.picture]
		w.record = dataset.Sample(r, img, &o.spec)
		if o.spec.Dense() {
			w.soft = o.params.Soft(w.soft, r, len(o.spec.Classes))
			w.record.Soft = w.soft
		}
		if err := o.w.Write(&w.record); err != nil {
			return fmt.Errorf("%s: sample %s: %w", o.output.Dir, r.Key, err)
		}
		size += int64(len(img))
	}
	countMixed(w.parts, size)
	return nil
}
