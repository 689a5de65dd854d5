package stage

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/mix"
)

// done returns the record of the shard in an output if it is there and agrees with the plan, which
// has so many samples in it, and with the size of its file, or nil.
func (t *shardTask) done(ctx context.Context, o *Output, samples int64) (*dataset.ShardRecord, error) {
	r, err := dataset.LoadRecord(ctx, o.Dir, t.job.Split, t.replica, t.shard)
	if err != nil {
		return nil, nil // no record, or an unreadable one: the shard is made again
	}
	if r.Fingerprint != shardFingerprint(o, t.global) || r.Samples != samples {
		return nil, nil
	}
	intact, err := r.Intact(ctx, o.Dir, t.job.Split)
	if err != nil || !intact {
		return nil, err
	}
	return r, nil
}

// A shardWriter writes one shard into each output that lacks it.
type shardWriter struct {
	task    *shardTask
	recipes []premix.Recipe
	outs    []*shardOut
	soft    []float32
}

type shardOut struct {
	output *Output
	format shard.Format
	spec   shard.Spec
	blob   blob.Writer
	buf    *bufio.Writer
	sum    hash.Hash
	bytes  int64
	w      shard.Writer
	done   bool
}

// Write counts and hashes what goes into the shard.
func (o *shardOut) Write(p []byte) (int, error) {
	n, err := o.blob.Write(p)
	o.sum.Write(p[:n])
	o.bytes += int64(n)
	return n, err
}

func (w *shardWriter) open(ctx context.Context, missing []int) error {
	for _, i := range missing {
		o := &w.task.job.Outputs[i]
		f, err := formats.ByName(o.Format)
		if err != nil {
			return err
		}
		so := &shardOut{output: o, format: f, spec: w.task.spec(o), sum: sha256.New()}
		so.blob, err = blob.Create(ctx, blob.Join(o.Dir, f.ShardPath(so.spec, w.task.shard)))
		if err != nil {
			return err
		}
		so.buf = bufio.NewWriterSize(so, 1<<16)
		so.w = f.NewWriter(so.buf, so.spec)
		w.outs = append(w.outs, so)
	}
	return nil
}

// write appends the sample of recipe i, whose encoded image is img, to each output.
func (w *shardWriter) write(i int, img []byte) error {
	r := &w.recipes[i]
	size := w.task.job.Geometry.Size
	rec := shard.Record{
		Key: r.Key, Image: img, W: size.W, H: size.H,
		Label: r.Label, LabelA: r.LabelA, LabelB: r.LabelB, Lam: r.Lam, LamDrawn: r.LamDrawn,
		Box: r.Box, SrcBox: r.SrcBox, Peak: r.Peak, Flat: r.Flat, Method: r.Method, Mixed: r.Mixed,
		Replica: r.Replica, Target: r.Target.Name, Source: r.Source.Name, Class: w.task.global.Classes[r.Label],
	}
	for _, o := range w.outs {
		rec.ImageFormat = o.spec.ImageFormat
		rec.Soft = nil
		if o.spec.Dense() {
			w.soft = mix.Soft(w.soft, r, len(w.task.global.Classes), w.task.job.Mix.Smoothing)
			rec.Soft = w.soft
		}
		if err := o.w.Write(&rec); err != nil {
			return fmt.Errorf("%s: sample %s: %w", o.output.Dir, r.Key, err)
		}
	}
	countMixed(1)
	return nil
}

// commit publishes the shard of output k, then its index, its plan, and its record: a shard whose
// record is there is complete.
func (w *shardWriter) commit(ctx context.Context, k int) (*dataset.ShardRecord, error) {
	o, t := w.outs[k], w.task
	if err := errors.Join(o.w.Close(), o.buf.Flush()); err != nil {
		return nil, err
	}
	o.done = true
	if err := o.blob.Commit(); err != nil {
		return nil, err
	}
	r := &dataset.ShardRecord{
		Replica: t.replica, Shard: t.shard, Path: o.format.ShardPath(o.spec, t.shard),
		Samples: int64(len(w.recipes)), Bytes: o.bytes, PayloadBytes: o.w.Payload(),
		SHA256: hex.EncodeToString(o.sum.Sum(nil)), Fingerprint: shardFingerprint(o.output, t.global),
		Stats: dataset.StatsOf(w.recipes),
	}
	if path := o.format.IndexPath(o.spec, t.shard); path != "" && t.job.Indexes.DALI {
		index := o.w.Index()
		if err := blob.WriteFile(ctx, blob.Join(o.output.Dir, path), index); err != nil {
			return nil, err
		}
		r.IndexPath, r.IndexBytes = path, int64(len(index))
	}
	r.PlanPath = blob.Join(dataset.MetaDir, t.job.Split, dataset.PlanName(r.Path))
	var err error
	if r.PlanBytes, err = dataset.WritePlan(ctx, blob.Join(o.output.Dir, r.PlanPath), w.recipes); err != nil {
		return nil, err
	}
	return r, dataset.CommitRecord(ctx, o.output.Dir, t.job.Split, *r)
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
