package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// Peaks makes sure that the cache holds the peaks of a chunk in every replica of the job, and
// returns the chunk's summary. Rows that are there and agree with the input are kept; a chunk
// whose place or times changed is adopted when its sizes and some digests agree; everything else
// is computed.
func Peaks(ctx context.Context, job *Job, c source.Chunk) (*Summary, error) {
	ctx = job.Guarded(ctx)
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	found, status, err := lookUp(ctx, job, c)
	if err != nil {
		return nil, err
	}
	spooled, err := spoolReady(ctx, job, c)
	if err != nil {
		return nil, err
	}
	if len(missingReplicas(job, found)) > 0 || !spooled {
		if found, status, err = complete(ctx, job, c, found, status, spooled); err != nil {
			return nil, err
		}
		countPeaks(status, found.kept)
		return summarize(job, c, found), nil
	}
	if err := saveRows(ctx, job, c, found, false); err != nil {
		return nil, err
	}
	sum := summarize(job, c, found)
	countPeaks(status, sum.Entries)
	countBad(sum)
	return sum, nil
}

// complete computes the rows of the missing replicas, saves them, and adds the found ones. If the copy of the
// chunk is not there, it computes all replicas, since the copy is made on the way. It returns the
// status that follows from what the input turned out to be.
func complete(ctx context.Context, job *Job, c source.Chunk, found *rows, status Status, spooled bool) (*rows, Status, error) {
	replicas, missing := job.cropReplicas(), missingReplicas(job, found)
	wanted := missing
	if !spooled {
		wanted = replicas
	}
	fresh, err := compute(ctx, job, c, wanted)
	if err != nil {
		return nil, status, fmt.Errorf("%s: %w", c.Container.Name, err)
	}
	if found != nil && fresh.content != found.content {
		// Replaced with size and time kept: nothing that was found can be used.
		if len(wanted) < len(replicas) {
			if fresh, err = compute(ctx, job, c, replicas); err != nil {
				return nil, status, fmt.Errorf("%s: %w", c.Container.Name, err)
			}
		}
		found, status, missing = nil, Changed, replicas
	}
	if len(missing) == 0 { // only the copy was needed
		return found, status, saveRows(ctx, job, c, found, false)
	}
	fresh = fresh.only(missing)
	if err := saveRows(ctx, job, c, fresh, true); err != nil || found == nil {
		return fresh, status, err
	}
	return fresh, Extended, fresh.merge(found)
}

// compute reads a chunk once and finds the peaks of its images in the given replicas. Only one that turns out to be
// damaged where its entries were read already is read twice.
func compute(ctx context.Context, job *Job, c source.Chunk, replicas []int) (r *rows, err error) {
	copies, err := newSpool(ctx, job, c)
	if err != nil {
		return nil, err
	}
	ext, err := openExternal(ctx, job)
	if err != nil {
		return nil, copies.finish(err)
	}
	old, err := inherit(ctx, job, c, replicas)
	if err != nil {
		return nil, copies.finish(err)
	}
	t := &chunkTask{
		job: job, pool: poolFor(job.Workers, job.MaxMemory), mode: spoolMode(job, c.Seekable()),
		container: c.Container.Name, copies: copies, replicas: replicas, external: ext, good: old.good,
	}
	var gctx context.Context
	t.g, gctx = errgroup.WithContext(ctx)
	readErr := source.Read(gctx, c, job.Source, job.Decode.MaxBytes, func(e source.Entry) error { return t.entry(gctx, e) })
	if err := errors.Join(t.g.Wait(), readErr); err != nil {
		err = copies.finish(asRefusal(c.Container.Name, err))
		if c.Doubt = source.DoubtOf(err); c.Doubt != nil {
			uncountImages(t.counted.Load(), t.countedSize.Load(), t.countedBad.Load())
			return compute(ctx, job, c, replicas)
		}
		return nil, err
	}
	if err := copies.finish(nil); err != nil {
		return nil, err
	}
	chunk := &cache.Chunk{Ignored: t.ignored}
	for _, e := range t.rows {
		chunk.Rows = append(chunk.Rows, e...)
	}
	meta := metaOf(c, replicas, int64(len(t.rows))+t.ignored, t.ignored)
	meta.Outside = t.outside
	content := cache.ContentOf(chunk)
	return &rows{content: content, meta: meta, chunk: chunk, files: old.files[content], kept: t.kept}, nil
}

// A chunkTask is the work on one chunk: entries arrive one after the other, and the pool works on
// them.
type chunkTask struct {
	job       *Job
	pool      *pool
	g         *errgroup.Group
	container string // its name
	copies    *spool
	mode      string
	replicas  []int
	external  *external                  // nil: peaks are found in pixels
	good      map[string][]premix.Sample // rows to keep, beside failures of an earlier reader
	kept      int64                      // how many were
	rows      [][]premix.Sample          // of each entry
	ignored   int64
	outside   map[string]int64

	counted, countedSize, countedBad atomic.Int64 // images of the progress
}

// entry takes the next entry of the chunk. It waits until the memory for its image is free.
func (t *chunkTask) entry(ctx context.Context, e source.Entry) error {
	if e.Ignored {
		t.ignored++
		t.outside = countOutside(t.outside, t.container, &e)
		return nil
	}
	index := len(t.rows)
	sized(&e.Sample, e.Data)
	out := make([]premix.Sample, len(t.replicas))
	for i, r := range t.replicas {
		out[i] = e.Sample
		out[i].Replica = r
	}
	t.rows = append(t.rows, out)
	if t.stays(out) {
		return nil
	}
	if e.Sample.Fault != nil {
		return t.done(index, out, nil, func() {})
	}
	cfg, err := imaging.DecodeConfig(e.Data, t.job.Decode)
	if err != nil {
		if err := markFaulty(out, premix.StageDecode, err); err != nil {
			return err
		}
		return t.done(index, out, nil, func() {})
	}
	if err := t.pool.fits(e.Sample.Name, &cfg, e.Data, false); err != nil {
		return err
	}
	memory := cfg.Memory + int64(len(e.Data)) + spoolSize(t.job, t.mode, &out[0])
	if t.external != nil {
		memory += cfg.Memory // a map has the size of its image at most
	}
	release, err := t.pool.reserve(ctx, memory)
	if err != nil {
		return err
	}
	buf := append(getBuffer(len(e.Data)), e.Data...)
	t.g.Go(func() error { return t.image(ctx, index, out, buf, release) })
	return nil
}

// stays fills the rows of an entry with those that the cache has of the same bytes. Where pixels are copied, the
// image must be decoded in any case.
func (t *chunkTask) stays(out []premix.Sample) bool {
	rows := t.good[out[0].Name]
	if t.copies != nil || rows == nil || out[0].Fault != nil || !sameEntry(&rows[0], &out[0]) {
		return false
	}
	for i := range out {
		at := out[i].Location
		out[i] = rows[i]
		out[i].Location = at
	}
	t.kept++
	return true
}

// image finds the peaks of the image in data, which it takes over, for the rows of its entry.
func (t *chunkTask) image(ctx context.Context, index int, out []premix.Sample, data []byte, release func()) error {
	var pixels []byte
	ext, err := t.external.forEntry(ctx, out[0].Name)
	if err == nil {
		err = t.pool.do(ctx, &t.job.Params, func(w *worker) (err error) {
			pixels, err = t.peaks(ctx, w, data, out, ext)
			return err
		})
		ext.done()
	}
	if err != nil {
		release()
		return err
	}
	if t.copies != nil && t.mode == SpoolBytes {
		return t.done(index, out, data, release)
	}
	putBuffer(data)
	return t.done(index, out, pixels, release)
}

// done counts an entry and hands over what is to be copied of it.
func (t *chunkTask) done(index int, out []premix.Sample, data []byte, release func()) error {
	bad := slices.ContainsFunc(out, func(s premix.Sample) bool { return s.Fault != nil })
	size := max(0, out[0].Location.Length)
	countImage(size, bad)
	t.counted.Add(1)
	t.countedSize.Add(size)
	if bad {
		t.countedBad.Add(1)
	}
	if t.copies == nil {
		release()
		return nil
	}
	if bad {
		data = nil
	}
	return t.copies.put(index, data, release)
}

// markFaulty gives all rows of an entry a fault. It returns an error that is not a fault.
func markFaulty(out []premix.Sample, stage premix.Stage, err error) error {
	f := premix.AsFault(err)
	if f == nil {
		return err
	}
	for i := range out {
		out[i].Fault, out[i].FaultStage = f, stage
	}
	return nil
}

// peaks decodes an image once and finds its peak on the crop of each replica. It returns the pixels
// of the crops, one after the other, if they are to be copied. Peaks of ext replace those in pixels.
func (t *chunkTask) peaks(ctx context.Context, w *worker, data []byte, out []premix.Sample, ext *external) (pixels []byte, err error) {
	if err := w.DecodeFor(ctx, &w.half, data, out); err != nil {
		return nil, markFaulty(out, premix.StageDecode, err)
	}
	if ext != nil {
		if err := ext.decode(ctx, w); err != nil {
			return nil, markFaulty(out, premix.StagePeak, err)
		}
	}
	copyPixels := t.copies != nil && t.mode == SpoolPixels
	if copyPixels {
		pixels = getBuffer(len(out) * t.job.cropBytes())
	}
	for i := range out {
		s := &out[i]
		p, err := w.Crop(&w.half, s)
		if premix.AsFault(err) != nil {
			return nil, markFaulty(out, premix.StageDecode, err)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if ext == nil {
			err = w.Peak(&w.half, s, false)
		} else if err = ext.find(w, t.job, s, &p); err != nil {
			err = markFaulty(out[i:i+1], premix.StagePeak, err)
		}
		if err != nil {
			return nil, err
		}
		if copyPixels {
			pixels = append(pixels, w.half.Crop.Pix...)
		}
	}
	return pixels, nil
}
