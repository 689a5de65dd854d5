package launch

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// Run runs the job to its end. If finished is true, the outputs are complete; it is false after Async and
// after a dry run of Dataflow. The job ends with ctx, unless it is on a cluster that does not need its
// launcher; then the error is [runners.ErrGoesOn].
func (j *Job) Run(ctx context.Context) (finished bool, err error) {
	if j.Complete != nil {
		return true, j.reportComplete(ctx)
	}
	options := runnerOptions(j.Config, j.Options, j.cluster)
	if j.cluster.DryRun {
		_, err := j.runPipeline(ctx, options)
		return false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	unlock, err := j.lockOutputs(ctx, cancel)
	if err != nil {
		return false, err
	}
	defer unlock()
	if err := j.noteBegun(j.guarded(ctx)); err != nil {
		return false, err
	}
	defer func() {
		within := removeWithin
		if ctx.Err() != nil {
			within = removeInterrupted
		}
		alive, stop := context.WithTimeout(context.WithoutCancel(ctx), within)
		defer stop()
		if e := j.removeBegun(j.guarded(alive)); err == nil {
			err = e
		}
	}()
	stage.ResetProgress()
	if j.OnCluster() {
		j.reach()
	}
	j.Options.Reporter.Began(j)
	run := j.runPipeline
	if j.OnCluster() {
		run = j.runOnCluster
	}
	finished, err = run(ctx, options)
	stage.ForgetCopies(j.Description)
	j.Options.Reporter.Ended()
	if err != nil && !errors.Is(err, runners.ErrGoesOn) {
		j.removeOwn(context.WithoutCancel(ctx))
	}
	if lost := (*LostLockError)(nil); err != nil && (errors.As(context.Cause(ctx), &lost) || errors.As(err, &lost)) {
		return false, lost
	}
	if r := stage.FindRefusal(err); r != nil && !errors.Is(err, runners.ErrGoesOn) {
		j.removeCopies(j.guarded(context.WithoutCancel(ctx)), r)
		return false, j.truthful(context.WithoutCancel(ctx), r)
	}
	if err != nil || !finished {
		return false, err
	}
	if err := j.removeScratch(ctx); err != nil {
		return false, err
	}
	return true, j.Options.Reporter.Finished(ctx, j)
}

// removeScratch removes what finished outputs do not need: a cache that no other run uses, and above several outputs
// the folder that held copies only.
func (j *Job) removeScratch(ctx context.Context) error {
	if j.Description.Cache.Temporary {
		if err := blob.RemoveAll(j.guarded(ctx), j.Description.Cache.URI); err != nil {
			return err
		}
	}
	if j.Config.Above() {
		blob.RemoveEmpty(j.guarded(ctx), blob.Join(j.Config.Out, dataset.MetaDir))
	}
	return j.removeBegun(j.guarded(ctx))
}

// removeOwn removes the folders of [scratch] that no later run finds, since their names are of this run alone.
// It needs no lock for that.
func (j *Job) removeOwn(ctx context.Context) {
	for _, uri := range []string{j.Description.Spool.URI, j.Description.Cache.URI} {
		if isOwn(uri, j.Description.RunID) {
			if err := blob.RemoveAll(ctx, uri); err != nil {
				j.Options.Reporter.Warn("%s could not be removed (%v): no run uses it; remove it yourself", uri, err)
			}
		}
	}
}

// removeCopies removes the copies of pixels that a job made before it was refused as one of another recipe or
// input, where the split is finished: it is left as it was. After other refusals, and where a run was
// interrupted, the copies are of use to the next run.
func (j *Job) removeCopies(ctx context.Context, r *stage.Refusal) {
	if r.Code != stage.CodeOther || j.Description.Spool.URI == "" {
		return
	}
	for _, dir := range j.Config.OutputDirs() {
		if !dataset.IsFinished(ctx, dir, j.Config.Split) {
			return
		}
	}
	err := blob.RemoveAll(ctx, j.Description.Spool.URI)
	if err == nil && j.Config.Above() {
		blob.RemoveEmpty(ctx, blob.Join(j.Config.Out, dataset.MetaDir))
	}
	if err != nil {
		j.Options.Reporter.Warn("%s could not be removed (%v): remove it, or let the next run do so", j.Description.Spool.URI, err)
	}
}

// guarded returns a context under which this process changes the outputs only as long as it holds their
// locks. The records of a job on a cluster are gone when the job has ended.
func (j *Job) guarded(ctx context.Context) context.Context {
	for _, l := range j.held {
		ctx = l.Guard(ctx)
	}
	return ctx
}

// runPipeline builds the stages of the job and runs them.
func (j *Job) runPipeline(ctx context.Context, o runners.Options) (finished bool, err error) {
	build := pipeline.Build
	switch {
	case j.Options.PeaksOnly:
		build = pipeline.BuildPeaks
	case j.Config.Plan != "":
		build = pipeline.BuildReplay
	}
	finished, err = runners.Run(ctx, pipeline.New(build, j.Description, j.Catalog.Containers), o)
	if err != nil && !j.OnCluster() {
		for _, l := range j.held {
			blob.DiscardOpen(l.Dir) // a runner may return before all of its work has ended
		}
		// Not after an interruption: a store that is busy would keep the run from its end. Whoever cancels ctx for
		// a lost lock says so in its cause.
		short, stop := context.WithTimeout(ctx, removeWithin)
		defer stop()
		if lost := j.Description.LostLock(short); ctx.Err() == nil && lost != nil {
			err = lost
		}
	}
	return finished, err
}

// lockOutputs locks the outputs, and removes what earlier runs left in them. A job in this process ends
// when its lock is lost. A job on a cluster does not: its record keeps other runs out.
func (j *Job) lockOutputs(ctx context.Context, lost func(error)) (unlock func(), err error) {
	var locks []func()
	releaseAll := func() {
		for _, release := range slices.Backward(locks) {
			release()
		}
	}
	if j.Options.PeaksOnly {
		return releaseAll, nil
	}
	defer func() {
		if err != nil {
			releaseAll()
		}
	}()
	l := Lock{RunID: j.Description.RunID, Break: j.Options.BreakLock, Warn: j.Options.Reporter.Warn}
	if !j.OnCluster() {
		l.Lost = lost
	}
	// Each folder of an output has its own lock, whether it is one of several formats or alone.
	for _, dir := range j.lockDirs() {
		held, release, err := l.Take(ctx, dir)
		if err != nil {
			return nil, err
		}
		locks = append(locks, release)
		j.held = append(j.held, *held)
		if err := checkJobs(ctx, dir, l.Break); err != nil {
			return nil, err
		}
	}
	if j.Config.Above() { // copies for all of them lie above them
		above := j.held[len(j.held)-1]
		above.Dir = blob.Join(j.Config.Out, dataset.MetaDir)
		j.held = append(j.held, above)
	}
	if !j.OnCluster() {
		j.Description.Locks = j.held
	}
	return releaseAll, j.sweep(j.guarded(ctx))
}

// lockDirs are the folders that the job locks: its outputs, and last, where they are variants, the one above them, whose
// copies serve all. Runs that make other variants there would remove these.
func (j *Job) lockDirs() []string {
	dirs := j.Config.OutputDirs()
	if len(j.Config.Variants) > 0 {
		dirs = append(dirs, j.Config.Out)
	}
	return dirs
}

// sweep removes temporary files that a killed run left in the outputs, and copies that this run does not
// need. If a lock was broken, another run may still be about to remove its own, and only old files are
// removed.
func (j *Job) sweep(ctx context.Context) error {
	age := time.Duration(0)
	if j.Options.BreakLock {
		age = time.Hour
	}
	for i := range j.Description.Outputs {
		if err := stage.SweepOutput(ctx, j.Description, i, age); err != nil {
			return err
		}
	}
	if j.Options.BreakLock {
		return nil
	}
	if !j.Description.Cache.Temporary { // an interrupted run with --cache none
		own := blob.Join(j.Config.Out, dataset.MetaDir, ownCacheName(j.Config))
		if link, err := blob.LinkBelow(j.Config.Out, own); err != nil || link != "" {
			return err // what is behind a link is not removed
		}
		if err := blob.RemoveAll(ctx, own); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return stage.SweepSpool(ctx, j.Description)
}
