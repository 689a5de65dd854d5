package stage

import (
	"context"
	"errors"
	"io/fs"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/formats"
)

// kept returns the record of the shard in an output if an earlier run made the shard and its record is
// right: it says what the plan says, and the files have its sizes. If the job rechecks, the files also
// have the right content. Else the record is nil; anew says that there was one, which is not right.
func (t *shardTask) kept(ctx context.Context, o *Output, recipes []premix.Recipe) (r *dataset.ShardRecord, anew bool, err error) {
	r, err = dataset.LoadRecord(ctx, o.Dir, t.job.Split, t.replica, t.shard)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case dataset.Damaged(err):
		return nil, true, nil
	case err != nil:
		return nil, false, err
	}
	format, err := formats.ByName(o.Format)
	if err != nil {
		return nil, false, err
	}
	want := t.record(o, format, recipes)
	if !r.Fits(&want) {
		return nil, true, nil
	}
	right, err := r.Intact(ctx, o.Dir, t.job.Split)
	if err == nil && right && t.job.Recheck {
		var plan []byte
		if plan, err = dataset.EncodePlan(recipes); err != nil {
			return nil, false, err
		}
		var differs error
		differs, err = r.Recheck(ctx, o.Dir, format, t.spec(o), plan)
		right = differs == nil
	}
	if err != nil {
		return nil, false, err
	}
	if !right {
		return nil, true, nil
	}
	return r, false, nil
}
