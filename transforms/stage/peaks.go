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
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// Peaks makes sure that the cache holds the peaks of a chunk in every replica of the job, those of each of its
// detectors in a cache of its own, and returns the chunk's summary. Rows that are there and agree with the input are
// kept; a chunk whose place or times changed is adopted when its sizes and some digests agree; everything else
// is computed.
func Peaks(ctx context.Context, job *Job, c source.Chunk) (*Summary, error) {
	ctx = job.Guarded(ctx)
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	all, err := findingsOf(ctx, job, c)
	if err != nil {
		return nil, err
	}
	spooled, err := spoolReady(ctx, job, c)
	if err != nil {
		return nil, err
	}
	lacking, err := lackingCopies(ctx, job, c, all[0].rows, spooled)
	if err != nil {
		return nil, err
	}
	computed := len(lacking) > 0 || slices.ContainsFunc(all, finding.lacks) || !sameContent(all)
	if computed {
		err = complete(ctx, all, c, lacking)
	} else {
		err = saveAll(ctx, all, c)
	}
	if err != nil {
		return nil, err
	}
	sum := summarize(job, c, all[0].rows)
	sum.addOthers(all)
	if computed {
		countPeaks(statusOf(all), all[0].rows.kept)
		return sum, nil
	}
	countPeaks(statusOf(all), sum.Entries)
	countBad(sum)
	return sum, nil
}

// complete computes the rows of the missing replicas, saves them, and adds the found ones. It computes replicas whose
// copies are lacking too, since these are made on the way. The status of each detector becomes what follows from what the
// input turned out to be.
func complete(ctx context.Context, all []finding, c source.Chunk, lacking []int) error {
	replicas, copied := all[0].job.cropReplicas(), len(lacking) > 0
	if !sameContent(all) {
		forget(all)
	}
	wanted := slices.Compact(slices.Sorted(slices.Values(slices.Concat(missingOf(all), lacking))))
	fresh, err := compute(ctx, all, c, wanted, copied)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Container.Name, err)
	}
	if slices.ContainsFunc(all, func(f finding) bool { return f.rows != nil && f.rows.content != fresh[0].content }) {
		// Replaced with size and time kept: nothing that was found can be used.
		whole := len(wanted) == len(replicas) && !slices.ContainsFunc(all, func(f finding) bool { return f.rows != nil && len(missingReplicas(f.job, f.rows)) == 0 })
		forget(all)
		if !whole {
			if fresh, err = compute(ctx, all, c, replicas, copied); err != nil {
				return fmt.Errorf("%s: %w", c.Container.Name, err)
			}
		}
	}
	for i := range all {
		if err := all[i].add(ctx, c, fresh[i]); err != nil {
			return err
		}
	}
	return nil
}

// compute reads a chunk once and finds the peaks of its images in the given replicas, by each detector that lacks
// some. copied says that it makes the copy of the chunk. Only a chunk that turns out to be damaged where its entries
// were read already is read twice.
func compute(ctx context.Context, all []finding, c source.Chunk, replicas []int, copied bool) ([]*rows, error) {
	job := all[0].job
	if spoolMode(job, c.Seekable()) != SpoolCrops {
		return computeWith(ctx, all, c, replicas, copied, nil)
	}
	replicas = consecutive(replicas)
	kept, err := openKept(ctx, job, c.ID, replicas)
	if err != nil {
		return nil, err
	}
	fresh, err := computeWith(ctx, all, c, replicas, kept == nil, kept)
	if kept != nil && errors.Is(err, errNoCrop) { // the input was changed, or a crop is damaged
		return computeWith(ctx, all, c, replicas, true, nil)
	}
	return fresh, err
}

// computeWith is compute with the crops that are kept of the chunk: then none are made. The error is errNoCrop if they do not fit.
func computeWith(ctx context.Context, all []finding, c source.Chunk, replicas []int, copied bool, kept *keptCrops) (fresh []*rows, err error) {
	job := all[0].job
	var copies *spool
	if kept == nil {
		if copies, err = newSpool(ctx, job, c, replicas); err != nil {
			return nil, err
		}
	}
	t := &chunkTask{
		crops: kept,
		job:   job, pool: poolFor(job.Workers, job.MaxMemory), mode: spoolMode(job, c.Seekable()),
		container: c.Container.Name, copies: copies, replicas: replicas,
	}
	var old []*heritage
	for i := range all {
		v, h, err := newView(ctx, &all[i], c, replicas, i == 0 && copied)
		if err != nil {
			return nil, copies.finish(ctx, err)
		}
		t.views, old = append(t.views, v), append(old, h)
	}
	t.group()
	g, gctx := errgroup.WithContext(ctx)
	t.crew = newCrew(g, t.ahead())
	readErr := source.Read(gctx, c, job.Source, job.Decode.MaxBytes, func(e source.Entry) error { return t.entry(gctx, e) })
	t.crew.end()
	if err := errors.Join(g.Wait(), readErr); err != nil {
		err = copies.finish(ctx, asRefusal(c.Container.Name, err))
		c.Doubt = source.DoubtOf(err)
		if c.Doubt != nil || errors.Is(err, errNoCrop) {
			uncountImages(t.counted.Load(), t.countedSize.Load(), t.countedBad.Load())
		}
		if c.Doubt != nil {
			return compute(ctx, all, c, replicas, copied)
		}
		return nil, err
	}
	for i, v := range t.views {
		chunk := &cache.Chunk{Ignored: t.ignored}
		for _, e := range v.rows {
			chunk.Rows = append(chunk.Rows, e...)
		}
		meta := metaOf(c, replicas, int64(len(v.rows))+t.ignored, t.ignored)
		meta.Outside = t.outside
		content := cache.ContentOf(chunk)
		fresh = append(fresh, &rows{content: content, meta: meta, chunk: chunk, files: old[i].files[content], kept: t.kept})
	}
	if copies != nil {
		copies.content = fresh[0].content
	}
	return fresh, copies.finish(ctx, nil)
}

// A chunkTask is the work on one chunk: entries arrive one after the other, and the pool works on
// them.
type chunkTask struct {
	job       *Job
	pool      *pool
	crew      *crew
	container string // its name
	copies    *spool
	crops     *keptCrops // to be read; nil: crops are made
	mode      string
	replicas  []int
	views     []*view // of each detector
	groups    [][]int // views that share their crops
	kept      int64   // entries whose rows were kept
	ignored   int64
	outside   map[string]int64

	counted, countedSize, countedBad atomic.Int64 // images of the progress
}

// ahead is how many entries are read before they are worked on: more would take memory, and new pages of it, for nothing.
// A map may have to come from a store first.
func (t *chunkTask) ahead() int {
	if t.mapped() {
		return 256
	}
	return 4*t.pool.workers() + 4
}

// mapped reports whether some detector is a file of peaks or maps.
func (t *chunkTask) mapped() bool {
	return slices.ContainsFunc(t.views, func(v *view) bool { return v.external != nil })
}

// entry takes the next entry of the chunk. It waits until the memory for its image is free.
func (t *chunkTask) entry(ctx context.Context, e source.Entry) error {
	if e.Ignored {
		t.ignored++
		t.outside = countOutside(t.outside, t.container, &e)
		return nil
	}
	index := len(t.views[0].rows)
	sized(&e.Sample, e.Data)
	outs := make([][]premix.Sample, len(t.views))
	for k, v := range t.views {
		out := make([]premix.Sample, len(t.replicas))
		for i, r := range t.replicas {
			out[i] = e.Sample
			out[i].Replica = r
		}
		v.rows, outs[k] = append(v.rows, out), out
	}
	if t.stays(outs) {
		return nil
	}
	if e.Sample.Fault != nil {
		return t.done(index, outs[0], nil, func() {})
	}
	cfg, err := imaging.DecodeConfig(e.Data, t.job.Decode)
	if err != nil {
		if err := markAll(outs, premix.StageDecode, err); err != nil {
			return err
		}
		return t.done(index, outs[0], nil, func() {})
	}
	if err := t.pool.fits(e.Sample.Name, &cfg, e.Data, false); err != nil {
		return err
	}
	memory := cfg.Memory + int64(len(e.Data)) + spoolSize(t.job, t.mode, &outs[0][0])
	if t.mapped() {
		memory += cfg.Memory // a map has the size of its image at most
	}
	release, err := t.pool.reserve(ctx, memory)
	if err != nil {
		return err
	}
	buf := append(getBuffer(len(e.Data)), e.Data...)
	t.crew.do(func() error { return t.image(ctx, index, outs, buf, release) })
	return nil
}

// image finds the peaks of the image in data, which it takes over, for the rows of its entry.
func (t *chunkTask) image(ctx context.Context, index int, outs [][]premix.Sample, data []byte, release func()) error {
	var pixels []byte
	of := outs[0][0]
	of.Width, of.Height = 0, 0
	exts, err := t.externals(ctx, of.Name)
	if err == nil {
		err = t.pool.do(ctx, &t.job.Params, func(w *worker) (err error) {
			pixels, err = t.peaks(ctx, w, data, outs, exts, &of)
			return err
		})
		for _, ext := range exts {
			ext.done()
		}
	}
	if err != nil {
		release()
		return err
	}
	if t.copies != nil && t.mode == SpoolBytes {
		return t.done(index, outs[0], data, release)
	}
	putBuffer(data)
	if of.Width > 0 { // its crops are kept, whatever became of its peaks
		t.countDone(outs[0])
		return t.copies.put(index, &of, pixels, release)
	}
	return t.done(index, outs[0], pixels, release)
}

// countDone counts an entry, whose rows are those of the job's own detector, and reports whether it is bad.
func (t *chunkTask) countDone(out []premix.Sample) (bad bool) {
	bad = slices.ContainsFunc(out, func(s premix.Sample) bool { return s.Fault != nil })
	size := max(0, out[0].Location.Length)
	countImage(size, bad)
	t.counted.Add(1)
	t.countedSize.Add(size)
	if bad {
		t.countedBad.Add(1)
	}
	return bad
}

// done counts an entry, and hands over what is to be copied of it.
func (t *chunkTask) done(index int, out []premix.Sample, data []byte, release func()) error {
	bad := t.countDone(out)
	if t.copies == nil {
		release()
		return nil
	}
	if bad {
		data = nil
	}
	return t.copies.put(index, &out[0], data, release)
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

// markAll is markFaulty for the rows of each detector.
func markAll(outs [][]premix.Sample, stage premix.Stage, err error) error {
	for _, out := range outs {
		if err := markFaulty(out, stage, err); err != nil {
			return err
		}
	}
	return nil
}

// peaks decodes an image once and finds its peaks on the crop of each replica. It returns the pixels
// of the crops, one after the other, if they are to be copied; of gets the size of the image where they are kept for other detectors than files too.
func (t *chunkTask) peaks(ctx context.Context, w *worker, data []byte, outs [][]premix.Sample, exts []*external, of *premix.Sample) (pixels []byte, err error) {
	has := true
	if t.crops != nil {
		if has, err = t.crops.has(of.Digest, t.replicas); err != nil {
			return nil, err
		}
		if has && !slices.ContainsFunc(exts, func(e *external) bool { return e != nil && e.table == nil }) {
			return nil, t.keptPeaks(ctx, w, outs, exts)
		}
	}
	if err := w.DecodeFor(ctx, &w.half, data, outs[0]); err != nil {
		return nil, markAll(outs, premix.StageDecode, err)
	}
	if !has {
		return nil, errNoCrop // it could not be decoded when the others were kept
	}
	if t.copies != nil && t.mode == SpoolCrops && exts[0] != nil {
		if pixels, err = t.cropsToKeep(w, outs[0], of); err != nil {
			return nil, err
		}
	}
	for _, views := range t.groups {
		p, err := t.groupPeaks(ctx, w, views, outs, exts[views[0]])
		if err != nil {
			return nil, err
		}
		if p != nil {
			pixels = p
		}
	}
	return pixels, nil
}

// find finds the peaks of a crop, which p made, for the replica at place i of each view: those in pixels, or those of ext.
func (t *chunkTask) find(w *worker, views []int, rows [][]premix.Sample, i int, ext *external, p *crop.Plan) error {
	if ext == nil {
		return t.detect(w, views, rows, i)
	}
	if err := ext.find(w, t.job, &rows[0][i], p); err != nil {
		return markFaulty(rows[0][i:i+1], premix.StagePeak, err)
	}
	return nil
}

// detect finds the peaks of a crop for the replica at place i of each view.
func (t *chunkTask) detect(w *worker, views []int, rows [][]premix.Sample, i int) error {
	of := &rows[0][i]
	defer w.Reset(&t.job.Params)
	for k, v := range views {
		s := &rows[k][i]
		s.Width, s.Height, s.Crop, s.Flip = of.Width, of.Height, of.Crop, of.Flip
		if t.views[v].idle {
			continue
		}
		w.Reset(&t.views[v].job.Params)
		if err := w.Peak(&w.half, s, false); err != nil {
			return err
		}
	}
	return nil
}
