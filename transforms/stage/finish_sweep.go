package stage

import (
	"context"
	"path"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// SweepOutput removes the temporaries that nothing was written to for olderThan from the folders that
// the job itself writes to in one of its outputs. It goes into no others: a user may keep a cache or
// another output there, which another run is writing.
func SweepOutput(ctx context.Context, job *Job, output int, olderThan time.Duration) error {
	o := &job.Outputs[output]
	f, err := formats.ByName(o.Format)
	if err != nil {
		return err
	}
	spec := o.Spec
	spec.Shards = 1
	folders := []string{
		o.Dir, blob.Join(o.Dir, path.Dir(f.ShardPath(spec, 0))), blob.Join(o.Dir, dataset.MetaDir),
		dataset.Meta(o.Dir, spec.Split), dataset.Meta(o.Dir, spec.Split, dataset.ShardsDir), dataset.Meta(o.Dir, spec.Split, dataset.PlanDir),
	}
	if index := f.IndexPath(spec, 0); index != "" {
		folders = append(folders, blob.Join(o.Dir, path.Dir(index)))
	}
	if job.Spool.URI != "" {
		folders = append(folders, job.Spool.URI)
	}
	for _, dir := range folders {
		if _, err := blob.SweepDir(ctx, dir, olderThan); err != nil {
			return err
		}
	}
	return nil
}
