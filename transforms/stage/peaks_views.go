package stage

import (
	"context"
	"fmt"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// A finding is what the cache has of the peaks of a chunk that one detector of the job finds.
type finding struct {
	job    *Job  // as that detector sees it
	rows   *rows // nil: none
	status Status
}

// findingsOf looks for a chunk in the cache of each detector.
func findingsOf(ctx context.Context, job *Job, c source.Chunk) (all []finding, err error) {
	for _, v := range job.Views() {
		f := finding{job: v}
		if f.rows, f.status, err = lookUp(ctx, v, c); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// lacks reports whether rows of some replica are missing.
func (f finding) lacks() bool { return len(missingReplicas(f.job, f.rows)) > 0 }

// sameContent reports whether all rows that were found are of one content. Those of a file that was replaced with size
// and time kept may be of another one in the cache of each detector.
func sameContent(all []finding) bool {
	content := ""
	for _, f := range all {
		if f.rows == nil {
			continue
		}
		if content != "" && f.rows.content != content {
			return false
		}
		content = f.rows.content
	}
	return true
}

// forget drops all rows, which are not those of the input.
func forget(all []finding) {
	for i := range all {
		if all[i].rows != nil {
			all[i].rows, all[i].status = nil, Changed
		}
	}
}

// missingOf are the replicas that some detector lacks, ascending.
func missingOf(all []finding) []int {
	var list []int
	for _, f := range all {
		list = append(list, missingReplicas(f.job, f.rows)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// saveAll marks that the place of rows that were adopted has their content.
func saveAll(ctx context.Context, all []finding, c source.Chunk) error {
	for _, f := range all {
		if err := saveRows(ctx, f.job, c, f.rows, false); err != nil {
			return err
		}
	}
	return nil
}

// add saves what was computed of the missing replicas, and adds the rows that were found.
func (f *finding) add(ctx context.Context, c source.Chunk, fresh *rows) error {
	missing := missingReplicas(f.job, f.rows)
	if len(missing) == 0 { // only the copy was needed, or another detector
		return saveRows(ctx, f.job, c, f.rows, false)
	}
	fresh = fresh.only(missing)
	err := saveRows(ctx, f.job, c, fresh, true)
	found := f.rows
	if f.rows = fresh; err != nil || found == nil {
		return err
	}
	f.status = Extended
	return fresh.merge(found)
}

// statusOf is the answer of the caches for a chunk: of several, the first that asks for work.
func statusOf(all []finding) Status {
	for _, f := range all {
		if f.status != Valid {
			return f.status
		}
	}
	return Valid
}

// A view is the work on a chunk for one detector.
type view struct {
	job      *Job
	external *external                  // nil: peaks are found in pixels
	good     map[string][]premix.Sample // rows to keep, beside failures of an earlier reader
	idle     bool                       // all rows are there; those here have no peaks
	rows     [][]premix.Sample          // of each entry
}

// newView prepares for the entries of a chunk. judges says that a copy is made of the images that are good for it.
func newView(ctx context.Context, f *finding, c source.Chunk, replicas []int, judges bool) (*view, *heritage, error) {
	v := &view{job: f.job}
	v.idle = !f.lacks() && !(judges && f.job.External != nil) // without a file, what is bad is seen without peaks
	if v.idle {
		return v, &heritage{}, nil
	}
	var err error
	if v.external, err = openExternal(ctx, f.job); err != nil {
		return nil, nil, err
	}
	old, err := inherit(ctx, f.job, c, replicas)
	if err != nil {
		return nil, nil, err
	}
	v.good = old.good
	return v, old, nil
}

// group sets the views that share crops: all detectors of pixels, and each file of peaks alone, since its faults come
// before those of the crop. No crop is made where nothing is to be found in it, nor to be copied.
func (t *chunkTask) group() {
	var pixels []int
	wanted := false
	for i, v := range t.views {
		switch {
		case v.external != nil:
			t.groups = append(t.groups, []int{i})
		case v.job.External == nil:
			pixels = append(pixels, i)
			wanted = wanted || !v.idle || i == 0 && t.copies != nil
		}
	}
	if wanted {
		t.groups = append(t.groups, pixels)
	}
}

// stays fills the rows of an entry with those that the cache has of the same bytes, if it has those of each detector.
// Where pixels are copied, the image must be decoded in any case.
func (t *chunkTask) stays(outs [][]premix.Sample) bool {
	if t.copies != nil || t.crops != nil {
		return false
	}
	for k, v := range t.views {
		rows := v.good[outs[k][0].Name]
		if !v.idle && (rows == nil || outs[k][0].Fault != nil || !sameEntry(&rows[0], &outs[k][0])) {
			return false
		}
	}
	for k, v := range t.views {
		if v.idle {
			continue
		}
		rows := v.good[outs[k][0].Name]
		for i := range outs[k] {
			at := outs[k][i].Location
			outs[k][i] = rows[i]
			outs[k][i].Location = at
		}
	}
	t.kept++
	return true
}

// externals prepares the files of peaks for one entry.
func (t *chunkTask) externals(ctx context.Context, name string) ([]*external, error) {
	exts := make([]*external, len(t.views))
	for k, v := range t.views {
		var err error
		if exts[k], err = v.external.forEntry(ctx, name); err != nil {
			for _, ext := range exts[:k] {
				ext.done()
			}
			return nil, err
		}
	}
	return exts, nil
}

// rowsFor are the rows of some views.
func rowsFor(views []int, outs [][]premix.Sample) [][]premix.Sample {
	mine := make([][]premix.Sample, len(views))
	for k, v := range views {
		mine[k] = outs[v]
	}
	return mine
}

// groupPeaks crops the image that was decoded, in each replica once, and finds the peaks of views that share the crop.
// Peaks of ext replace those in pixels; then there is one view.
func (t *chunkTask) groupPeaks(ctx context.Context, w *worker, views []int, outs [][]premix.Sample, ext *external) (pixels []byte, err error) {
	mine := rowsFor(views, outs)
	if ext != nil {
		if err := ext.decode(ctx, w); err != nil {
			return nil, markAll(mine, premix.StagePeak, err)
		}
	}
	copyPixels := t.copies != nil && (t.mode == SpoolPixels || t.mode == SpoolCrops && ext == nil) && views[0] == 0
	if copyPixels {
		pixels = getBuffer(len(mine[0]) * t.job.cropBytes())
	}
	for i := range mine[0] {
		s := &mine[0][i]
		p, err := w.Crop(&w.half, s)
		if premix.AsFault(err) != nil {
			return nil, markAll(mine, premix.StageDecode, err)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if err := t.find(w, views, mine, i, ext, &p); err != nil {
			return nil, err
		}
		if copyPixels {
			pixels = append(pixels, w.half.Crop.Pix...)
		}
	}
	return pixels, nil
}
