package launch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// listing is a hash of what the launcher sees of the inputs, names, sizes and times, and of what it was asked
// about them beside the recipe. Two jobs with equal recipes and listings make the same output, unless somebody
// has changed a file and set back its time.
func (j *Job) listing(chunks []source.Chunk, peaks string) (string, error) {
	h := sha256.New()
	c, catalog := j.Config, j.Description.Catalog
	catalog.Classes, catalog.ListOf = nil, "" // they may come from another split by now; complete compares the lists
	asked := []any{
		source.Reader, Version, peaks, catalog, j.Catalog.Layout,
		c.ClassList, c.LabelSums, slices.Sorted(slices.Values(c.Accept)), j.Description.Indexes,
		j.Description.Inputs, j.Description.Source.Labels, // inputs.json says where they are
	}
	enc := json.NewEncoder(h)
	if err := enc.Encode(asked); err != nil {
		return "", fmt.Errorf("launch: %w", err)
	}
	for _, k := range chunks {
		if err := enc.Encode([]any{k.Container.Name, k.Container.URI, k.Container.Class, k.Container.Label, k.ID, k.Stamp}); err != nil {
			return "", fmt.Errorf("launch: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// setListings gives each output the hash of the listing.
func (j *Job) setListings(chunks []source.Chunk) (err error) {
	of := map[string]string{} // by the fingerprint of the peaks
	for i := range j.Description.Outputs {
		o := &j.Description.Outputs[i]
		peaks := j.Description.CacheOf(o).Fingerprint
		if of[peaks] == "" {
			if of[peaks], err = j.listing(chunks, peaks); err != nil {
				return err
			}
		}
		o.Listing = of[peaks]
	}
	return nil
}

// complete returns the manifests of the outputs if a job like this one has finished all of them, from the same
// inputs, and nothing of them is missing: there is nothing to do. Of variants, those that are complete are taken out of the
// job where others are not. Only a job whose inputs the launcher lists can
// know that before any work. It is nil where something is to be done.
func (j *Job) complete(ctx context.Context) ([]*dataset.Manifest, error) {
	all := make([]*dataset.Manifest, len(j.Description.Outputs))
	done := true
	for i := range all {
		m, err := j.completeOutput(ctx, i)
		if err != nil {
			return nil, err
		}
		all[i], done = m, done && m != nil
	}
	if done {
		return all, nil
	}
	return nil, j.leaveOut(all)
}

// leaveOut takes the variants out of the job whose outputs all have a manifest here, since they are complete.
func (j *Job) leaveOut(complete []*dataset.Manifest) error {
	c := j.Config
	if len(c.Parts) < 2 {
		return nil
	}
	left := map[int]bool{} // parts that are not complete
	places := c.Places()
	for i, p := range places {
		left[p.Index] = left[p.Index] || complete[i] == nil
	}
	if len(left) == 0 || !slices.Contains(slices.Collect(maps.Values(left)), false) {
		return nil
	}
	for i, p := range places {
		if !left[p.Index] {
			j.Kept = append(j.Kept, Kept{p.Dir, p.Format, complete[i]})
		}
	}
	var parts []*pipeline.Config
	var runs []json.RawMessage
	for i, p := range c.Parts {
		if left[i] {
			parts, runs = append(parts, p), append(runs, j.begin.Runs[i])
		}
	}
	c.Parts, j.begin.Runs = parts, runs
	d, err := c.Job(j.begin)
	if err != nil {
		return err
	}
	d.Build = j.Description.Build
	j.Description = d
	return j.setListings(j.chunks)
}

// completeOutput is complete for one output.
func (j *Job) completeOutput(ctx context.Context, output int) (*dataset.Manifest, error) {
	c, o := j.Config, &j.Description.Outputs[output]
	if j.Options.PeaksOnly || c.PlanOnly || c.Plan != "" || c.Overwrite || c.Recheck || o.Listing == "" {
		return nil, nil
	}
	in, err := dataset.LoadInputs(ctx, o.Dir, c.Split)
	if err != nil || in.Listing != o.Listing {
		return nil, nil // the job itself says what is wrong
	}
	m, err := dataset.Complete(ctx, o.Dir, c.Split)
	if err != nil || m == nil || !j.accepts(m) {
		return nil, err
	}
	if list := j.Catalog.Classes; list != nil {
		if have, err := dataset.LoadClasses(ctx, o.Dir, c.Split); err != nil || !slices.Equal(list, have) {
			return nil, nil
		}
	}
	for _, replica := range j.Description.Replicas {
		if !slices.ContainsFunc(m.Replicas, func(r dataset.Replica) bool { return r.Replica == replica }) {
			return nil, nil
		}
	}
	return m, nil
}

// accepts reports whether --on-bad and --max-bad surely allow the bad images of an output.
func (j *Job) accepts(m *dataset.Manifest) bool {
	bad := m.Counts.Failed
	if l := m.Counts.Lost; l != nil {
		bad += l.Images - l.Rows
	}
	return bad == 0 || j.Config.OnBad != "fail" && !stage.OverMaxBad(bad, bad+m.Counts.Good, j.Config.MaxBad)
}

// reportComplete reports a job that has nothing to do, under the lock: no other run is changing the output. It
// removes what killed runs left, as a run does that has something to do.
func (j *Job) reportComplete(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	unlock, err := j.lockOutputs(ctx, cancel)
	if err != nil {
		return err
	}
	defer unlock()
	for i, dir := range j.Config.OutputDirs() { // what Prepare looked at may have been replaced, or been added to
		m, err := dataset.LoadManifest(ctx, dir, j.Config.Split)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !dataset.Damaged(err) {
			return err
		}
		if err != nil || m.SHA256 != j.Complete[i].SHA256 || !dataset.IsFinished(ctx, dir, j.Config.Split) {
			return fmt.Errorf("%s was changed by another run while this one began: run the command again", dir)
		}
	}
	if err := blob.RemoveAll(j.guarded(ctx), j.Description.Spool.URI); err != nil {
		return err
	}
	if err := j.removeScratch(ctx); err != nil {
		return err
	}
	return j.Options.Reporter.Complete(ctx, j)
}
