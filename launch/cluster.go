package launch

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// OnCluster says whether the job runs in other processes than this one.
func (j *Job) OnCluster() bool { return !runners.Local(j.Config.Runner) }

// reach says what the workers of a cluster must see before they begin. The pipeline carries it.
func (j *Job) reach() {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	r := &j.Description.Reach
	r.Host, r.Detached = host, j.Config.Async || runners.Outlives(j.Config.Runner)
	for _, in := range j.Config.In {
		_, uri := pipeline.SplitInput(in)
		if blob.IsLocal(uri) && !strings.HasPrefix(uri, "synth:") && !strings.ContainsAny(uri, "*?[{") {
			r.Inputs = append(r.Inputs, uri)
		}
	}
	if !j.Description.Cache.Temporary {
		r.AddMarker("--cache", j.Description.Cache.URI, j.Description.Cache.URI, j.Description.RunID)
	}
	if j.Options.PeaksOnly {
		return
	}
	for _, dir := range j.Config.OutputDirs() {
		r.AddMarker("--out", dir, dataset.Meta(dir, j.Config.Split), j.Description.RunID)
	}
	j.Description.Locks = j.jobRecords()
	for _, l := range j.Description.Locks {
		r.Records = append(r.Records, l.URI)
	}
}

// noticeTime is how long workers have to notice that their cluster gave them up.
const noticeTime = time.Second

// runOnCluster runs the job. When the job ends, only what a next run can use is left. A job that goes on
// without this process keeps its record, which keeps other runs out.
func (j *Job) runOnCluster(ctx context.Context, o runners.Options) (finished bool, err error) {
	alive := context.WithoutCancel(ctx)
	if err := errors.Join(j.recordJob(ctx), stage.PlaceMarkers(ctx, j.Description)); err != nil {
		return false, errors.Join(err, stage.RemoveMarkers(alive, j.Description))
	}
	finished, err = j.runPipeline(ctx, o)
	if err == nil && !finished || errors.Is(err, runners.ErrGoesOn) {
		return finished, err
	}
	if err != nil && !j.Options.PeaksOnly {
		time.Sleep(noticeTime)
		if lost := j.Description.LostLock(alive); lost != nil {
			err = lost // what lies there may be that of another run
		} else {
			err = errors.Join(err, stage.Sweep(j.Description.Guarded(alive), j.Description))
		}
	}
	return finished, errors.Join(err, stage.RemoveMarkers(alive, j.Description))
}

// truthful returns a refusal of the job with a code that tells the truth. A worker that joins late, and is of another
// build or does not see the input, refuses as one that is there from the beginning; but [stage.CodeUsage] promises
// that no shard was written. Where the output cannot be looked at now, that cannot be promised.
func (j *Job) truthful(ctx context.Context, r *stage.Refusal) *stage.Refusal {
	if r.Code != stage.CodeUsage || j.Options.PeaksOnly {
		return r
	}
	for _, dir := range j.Config.OutputDirs() {
		id, err := stage.RunOf(ctx, dir, j.Config.Split)
		if err == nil && id != j.Description.RunID {
			continue // it has planned nothing there
		}
		there := false
		if err == nil {
			there, err = j.hasShard(ctx, dir)
		}
		if there || err != nil {
			return &stage.Refusal{Code: stage.CodeFailed, Message: r.Message}
		}
	}
	return r
}

// hasShard reports whether an output has a shard of the job, by the name of its record.
func (j *Job) hasShard(ctx context.Context, dir string) (bool, error) {
	names := make([]string, len(j.Description.Replicas))
	for i, replica := range j.Description.Replicas {
		names[i] = dataset.RecordName(replica, 0)
	}
	first, _, _ := strings.Cut(blob.CommonPrefix(names...), "-")
	for name, err := range blob.NamesWith(ctx, dataset.Meta(dir, j.Config.Split, dataset.ShardsDir), first) {
		if err != nil {
			return false, err
		}
		if replica, ok := dataset.RecordReplica(name); ok && slices.Contains(j.Description.Replicas, replica) {
			return true, nil
		}
	}
	return false, nil
}
