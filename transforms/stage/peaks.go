package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"

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
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	store := job.store()
	replicas := job.cropReplicas()
	have, status, err := lookUp(ctx, job, store, c)
	if err != nil {
		return nil, err
	}
	var missing []int
	for _, r := range replicas {
		if have == nil || !slices.Contains(have.meta.Replicas, r) {
			missing = append(missing, r)
		}
	}
	spooled, err := spoolReady(ctx, job, c)
	if err != nil {
		return nil, err
	}
	if len(missing) == 0 && spooled {
		sum := summarize(job, c, have)
		if status == Adopted {
			err := store.Save(ctx, c.ID, have.meta, have.chunk)
			if sum.Kept, err = unsaved(have, err); err != nil {
				return nil, err
			}
		}
		countPeaks(status, sum.Entries)
		countBad(sum)
		return sum, nil
	}
	want := missing
	if have == nil || !spooled {
		want = replicas
	}
	fresh, err := compute(ctx, job, c, want)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Container.Name, err)
	}
	if have != nil && !fresh.sameInput(have) {
		// Replaced with size and time kept: nothing of what the cache had is of use.
		have, status, missing = nil, Changed, replicas
		if len(want) < len(replicas) {
			if fresh, err = compute(ctx, job, c, replicas); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Container.Name, err)
			}
		}
	}
	if have != nil {
		fresh.merge(have)
	}
	var kept *Kept
	if len(missing) > 0 || status == Adopted {
		if have != nil && len(missing) > 0 {
			status = Extended
		}
		// Another run may have added other replicas meanwhile.
		if latest, meta, err := store.Load(ctx, c.ID); err == nil && meta.Stamp == c.Stamp && meta.URI == c.Container.URI {
			if other := (&rows{meta: meta, chunk: latest}); fresh.sameInput(other) {
				fresh.merge(other)
			}
		}
		err := store.Save(ctx, c.ID, fresh.meta, fresh.chunk)
		if status == Adopted {
			kept, err = unsaved(have, err)
		}
		if err != nil {
			return nil, err
		}
	}
	countPeaks(status, 0)
	sum := summarize(job, c, fresh)
	sum.Kept = kept
	return sum, nil
}

// unsaved takes the error of saving adopted rows. Where the cache may be read but not written, as one
// that is shared, what it has will do as it is: the later stages find the rows there, and where the
// images are now in what is returned.
func unsaved(adopted *rows, err error) (*Kept, error) {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return adopted.kept, nil
	}
	return nil, err
}

// compute reads a chunk once and finds the peaks of its images in the given replicas.
func compute(ctx context.Context, job *Job, c source.Chunk, replicas []int) (r *rows, err error) {
	copies, err := newSpool(ctx, job, c)
	if err != nil {
		return nil, err
	}
	ext, err := openExternal(ctx, job)
	if err != nil {
		return nil, copies.finish(err)
	}
	t := &chunkTask{job: job, pool: poolFor(job.Workers, job.MaxMemory), mode: spoolMode(job, c.Seekable()), copies: copies, replicas: replicas, external: ext}
	var gctx context.Context
	t.g, gctx = errgroup.WithContext(ctx)
	readErr := source.Read(gctx, c, job.Source, job.Decode.MaxBytes, func(e source.Entry) error { return t.entry(gctx, e) })
	if err := errors.Join(t.g.Wait(), readErr); err != nil {
		return nil, copies.finish(asRefusal(c.Container.Name, err))
	}
	if err := copies.finish(nil); err != nil {
		return nil, err
	}
	chunk := &cache.Chunk{Ignored: t.ignored}
	for _, e := range t.rows {
		chunk.Rows = append(chunk.Rows, e...)
	}
	meta := cache.Meta{
		Container: c.Container.Name, First: c.First, Last: c.Last, Stamp: c.Stamp, URI: c.Container.URI,
		Replicas: replicas, Entries: int64(len(t.rows)) + t.ignored, Ignored: t.ignored, Schema: cache.Schema,
	}
	return &rows{meta: meta, chunk: chunk}, nil
}

// A chunkTask is the work on one chunk: entries come in one after the other, and are worked on by
// the pool.
type chunkTask struct {
	job      *Job
	pool     *pool
	g        *errgroup.Group
	copies   *spool
	mode     string
	replicas []int
	external *external // nil: peaks are found in pixels
	rows     [][]premix.Sample
	ignored  int64
}

// entry takes the next entry of the chunk. It waits until its memory is to be had.
func (t *chunkTask) entry(ctx context.Context, e source.Entry) error {
	if e.Ignored {
		t.ignored++
		return nil
	}
	index := len(t.rows)
	out := make([]premix.Sample, len(t.replicas))
	for i, r := range t.replicas {
		out[i] = e.Sample
		out[i].Replica = r
		if e.Data != nil && e.Sample.Location.Length < 0 {
			// The whole object: its length tells where the copies of later entries begin.
			out[i].Location.Length = int64(len(e.Data))
		}
	}
	t.rows = append(t.rows, out)
	if e.Sample.Fault != nil {
		return t.done(index, out, nil, func() {})
	}
	cfg, err := imaging.DecodeConfig(e.Data, t.job.Decode)
	if err != nil {
		if err := fail(out, premix.StageDecode, err); err != nil {
			return err
		}
		return t.done(index, out, nil, func() {})
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
	t.g.Go(func() error {
		var keep []byte
		ext, err := t.external.of(ctx, out[0].Name)
		if err == nil {
			err = t.pool.do(ctx, &t.job.Params, func(w *worker) (err error) {
				keep, err = w.peaks(t.job, buf, out, t.copies != nil && t.mode == SpoolPixels, ext)
				return err
			})
			ext.done()
		}
		if err != nil {
			release()
			return err
		}
		if t.copies != nil && t.mode == SpoolBytes {
			keep = buf
		} else {
			putBuffer(buf)
		}
		return t.done(index, out, keep, release)
	})
	return nil
}

// done counts an entry and hands over what is to be kept of it.
func (t *chunkTask) done(index int, out []premix.Sample, keep []byte, release func()) error {
	bad := slices.ContainsFunc(out, func(s premix.Sample) bool { return s.Fault != nil })
	countImage(bad)
	if t.copies == nil {
		release()
		return nil
	}
	if bad {
		keep = nil
	}
	return t.copies.put(index, keep, release)
}

// fail marks every replica of an entry with a fault. Errors that are none are returned.
func fail(out []premix.Sample, stage premix.Stage, err error) error {
	f := premix.AsFault(err)
	if f == nil {
		return err
	}
	for i := range out {
		out[i].Fault, out[i].FaultStage = f, stage
	}
	return nil
}

// peaks decodes an image once and finds its peak on the crop of each replica. It returns the
// pixels of the crops, one after the other, if they are to be kept. Peaks of ext replace those in
// pixels.
func (w *worker) peaks(job *Job, data []byte, out []premix.Sample, keepPixels bool, ext *external) (pixels []byte, err error) {
	if err := w.Decode(&w.half, data); err != nil {
		return nil, fail(out, premix.StageDecode, err)
	}
	if ext != nil {
		if err := ext.decode(w); err != nil {
			return nil, fail(out, premix.StagePeak, err)
		}
	}
	if keepPixels {
		pixels = getBuffer(len(out) * job.cropBytes())
	}
	for i := range out {
		s := &out[i]
		p, err := w.Crop(&w.half, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if ext == nil {
			err = w.Peak(&w.half, s, false)
		} else if err = ext.find(w, job, s, &p); err != nil {
			err = fail(out[i:i+1], premix.StagePeak, err)
		}
		if err != nil {
			return nil, err
		}
		if keepPixels {
			pixels = append(pixels, w.half.Crop.Pix...)
		}
	}
	return pixels, nil
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func getBuffer(n int) []byte {
	b := *buffers.Get().(*[]byte)
	if cap(b) < n {
		b = make([]byte, 0, n)
	}
	return b[:0]
}

// putBuffer gives a buffer back. One of a huge entry is left to the garbage collector.
func putBuffer(b []byte) {
	if cap(b) <= keep {
		buffers.Put(&b)
	}
}
