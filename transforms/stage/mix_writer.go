package stage

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/sample"
)

// A shardWriter writes one shard into each output that lacks it.
type shardWriter struct {
	task     *shardTask
	variants []int // that the outputs need
	outs     []*shardOut
	parts    int64        // of the configuration, that the outputs are of
	record   shard.Record // of the sample being written; kept, so that a sample allocates nothing
	soft     []float32    // likewise
}

type shardOut struct {
	output  *Output
	params  *sample.Params
	recipes []premix.Recipe
	picture int // its place among those of the writer's variants
	format  shard.Format
	spec    shard.Spec
	blob    blob.Writer
	buf     *bufio.Writer
	sum     hash.Hash
	bytes   int64
	w       shard.Writer
	done    bool
}

// Write counts and hashes what goes into the shard.
func (o *shardOut) Write(p []byte) (int, error) {
	n, err := o.blob.Write(p)
	o.sum.Write(p[:n])
	o.bytes += int64(n)
	return n, err
}

// open begins the shard in some outputs; recipes are those of all variants.
func (w *shardWriter) open(ctx context.Context, missing []int, recipes [][]premix.Recipe) error {
	parts := map[int]bool{}
	for _, i := range missing {
		o := &w.task.job.Outputs[i]
		parts[o.Part] = true
		f, err := formats.ByName(o.Format)
		if err != nil {
			return err
		}
		so := &shardOut{output: o, params: w.task.job.ParamsOf(o.Variant), recipes: recipes[o.Variant], format: f, spec: w.task.spec(o), sum: sha256.New()}
		so.picture = slices.Index(w.variants, o.Variant)
		so.blob, err = blob.Create(ctx, blob.Join(o.Dir, f.ShardPath(so.spec, w.task.shard)))
		if err != nil {
			return err
		}
		so.buf = bufio.NewWriterSize(so, 1<<16)
		so.w = f.NewWriter(so.buf, so.spec)
		w.outs = append(w.outs, so)
	}
	w.parts = int64(len(parts))
	return nil
}

// commit publishes the shard of output k, then its index, its plan, and its record: a shard whose
// record is there is complete.
func (w *shardWriter) commit(ctx context.Context, k int) (r dataset.ShardRecord, err error) {
	o, t := w.outs[k], w.task
	if err := errors.Join(o.w.Close(), o.buf.Flush()); err != nil {
		return r, err
	}
	o.done = true
	if err := o.blob.Commit(); err != nil {
		return r, err
	}
	r = t.record(o.output, o.format, o.recipes)
	if r.IndexPath != "" {
		index := o.w.Index()
		if err := blob.WriteFile(ctx, blob.Join(o.output.Dir, r.IndexPath), index); err != nil {
			return r, err
		}
		r.IndexBytes = int64(len(index))
	}
	if r.PlanBytes, err = dataset.WritePlan(ctx, blob.Join(o.output.Dir, r.PlanPath), o.recipes); err != nil {
		return r, err
	}
	r.Bytes, r.PayloadBytes, r.SHA256 = o.bytes, o.w.Payload(), hex.EncodeToString(o.sum.Sum(nil))
	return r, dataset.CommitRecord(ctx, o.output.Dir, t.job.Split, r)
}

// abort removes what was written of shards that were not committed.
func (w *shardWriter) abort() error {
	var errs []error
	for _, o := range w.outs {
		if !o.done {
			o.done = true
			errs = append(errs, o.blob.Abort())
		}
	}
	return errors.Join(errs...)
}
