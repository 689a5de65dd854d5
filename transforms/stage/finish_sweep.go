package stage

import (
	"context"
	"errors"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// SweepOutput removes the temporaries that nothing was written to for olderThan, or all where that is 0,
// from the folders that the job itself writes to in one of its outputs.
func SweepOutput(ctx context.Context, job *Job, output int, olderThan time.Duration) error {
	o := &job.Outputs[output]
	f, err := formats.ByName(o.Format)
	if err != nil {
		return err
	}
	link := ""
	if job.Above != "" { // each format and variant has a folder below the output
		if link, err = blob.LinkBelow(job.Above, o.Dir); err != nil {
			return err
		}
	}
	if link == "" {
		err = dataset.Sweep(ctx, o.Dir, f, o.Spec, olderThan)
	}
	if err != nil || job.Spool.URI == "" {
		return err
	}
	if link, err := blob.LinkBelow(o.Dir, job.Spool.URI); err != nil || link != "" {
		return err // what is behind a link may belong to someone else
	}
	_, err = blob.SweepDir(ctx, job.Spool.URI, olderThan)
	return err
}

// Sweep removes the temporaries that killed workers left in the outputs. A worker that the cluster gave
// up, but that still writes, then fails; its work is done elsewhere.
func Sweep(ctx context.Context, job *Job) error {
	var errs []error
	for i := range job.Outputs {
		errs = append(errs, SweepOutput(ctx, job, i, 0))
	}
	age := cacheTempAge
	if job.Cache.Temporary {
		age = 0
	}
	folders := []string{}
	for _, v := range job.Views() {
		folders = append(folders, cacheHint(v))
	}
	if job.Crops.Fingerprint != "" {
		folders = append(folders, blob.Join(job.Cache.URI, job.Crops.Fingerprint))
	}
	for _, folder := range folders {
		_, err := blob.SweepTemp(ctx, folder, age)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// cacheTempAge is the age from which a temporary in the cache, which jobs share, belongs to no running
// job.
const cacheTempAge = time.Hour

// cleanUp removes what only the work needed.
func cleanUp(ctx context.Context, job *Job) error {
	if job.Slots > 0 {
		if err := Sweep(ctx, job); err != nil {
			return err
		}
	}
	if err := removeSpool(ctx, job); err != nil {
		return err
	}
	if job.Reach.Detached && job.Cache.Temporary {
		return blob.RemoveAll(ctx, job.Cache.URI)
	}
	return nil
}
