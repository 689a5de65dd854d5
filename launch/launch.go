// Package launch starts jobs. [Run] takes a configuration to finished outputs; [Prepare] and [Job.Run]
// are its two halves, for callers that look at the job in between.
//
// A start is a sequence of steps. Each needs what those before it found:
//
//	settle → checkOutputs → findInputs → describe → lookAtCache → Job.Run
//
// All steps but the last only read. Mistakes of the user are a *[UsageError], *[pipeline.ConfigError],
// *[source.UsageError] or *[runners.UsageError]. An output of another recipe or input is an *[OutputError],
// *[dataset.MismatchError] or *[dataset.SchemaError]. A job that finds out while it runs that it must not
// go on ends with a *[stage.Refusal], and one whose lock another run took with a *[LostLockError].
//
// A cluster starts the caller's program as the worker of a job, so its main calls [runners.Worker] first.
package launch

import (
	"context"
	"io"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// Options say how a job is started. The zero value starts one that says nothing.
type Options struct {
	// PeaksOnly fills the peaks cache and makes no output.
	PeaksOnly bool
	// DryRun says that the job is prepared only to be described: nothing is written, also not what later starts could use.
	DryRun bool
	// BreakLock starts the job although another one seems to hold the output.
	BreakLock bool
	// BeamArgs are flags of the Beam runner.
	BeamArgs []string
	// Command is the command line that run.json records.
	Command []string
	// Reporter receives what happens to the job; nil: nothing is reported.
	Reporter Reporter
	// Out is where a dry run of Dataflow (--dry_run in BeamArgs) prints the job; nil: nowhere.
	Out io.Writer
}

// A Reporter receives what happens while a job is prepared and while it runs.
type Reporter interface {
	// Say and Warn get a line about the job for people.
	Say(format string, args ...any)
	Warn(format string, args ...any)
	// Understood gets how the inputs are understood, in lines for people.
	Understood(lines []string)
	// Classes gets what a class list leaves out of the input, and which of its classes the input lacks.
	Classes(Choice)
	// Cache gets what the peaks cache has for the input.
	Cache(*CacheLook)
	// Began is called when the pipeline starts, and Ended when it ends. Between them Status gets the
	// reports of a cluster.
	Began(*Job)
	Status(runners.Status)
	Ended()
	// Complete is called instead of Began and Finished if the outputs were complete before. Its error ends the job.
	Complete(context.Context, *Job) error
	// Finished is called when the outputs are complete and still locked. Its error ends the job.
	Finished(context.Context, *Job) error
}

// A Job is prepared and may run.
type Job struct {
	// Config is the configuration with absolute places and, of a replay, the options of the plan.
	Config *pipeline.Config
	// Catalog is what was found in the inputs.
	Catalog *source.Catalog
	// Description is what the workers get.
	Description *stage.Job
	// Complete has the manifests of the outputs if an earlier run has made all that this one is to make: Run has
	// nothing to do then. Otherwise it is nil.
	Complete []*dataset.Manifest
	// Kept are the outputs of variants that an earlier run has completed, where others are to be made: the job leaves
	// them alone, and Config and Description have the others only.
	Kept []Kept
	// Cache is what the peaks cache has for the input; nil for a replay, which needs no peaks, and where the
	// outputs are complete.
	Cache *CacheLook
	// Crops is what --keep-crops will keep; nil without it.
	Crops *CropsLook
	// Start is when the preparation began.
	Start time.Time
	// Options are those of Prepare.
	Options Options

	begin   pipeline.Start // that Description was made with
	chunks  []source.Chunk // of the input, if the launcher lists it
	cluster runners.Cluster
	held    []stage.HeldLock // the locks of this process, while it runs
}

// A Kept is an output that was complete before.
type Kept struct {
	Dir, Format string
	Manifest    *dataset.Manifest
}

// Expected is the number of images of the input, about; 0 if unknown.
func (j *Job) Expected() int64 {
	if j.Cache == nil {
		return 0
	}
	return j.Cache.Images
}

// Run prepares a job and runs it to its end. See [Job.Run] for finished.
func Run(ctx context.Context, c pipeline.Config, o Options) (job *Job, finished bool, err error) {
	job, err = Prepare(ctx, c, o)
	if err != nil {
		return nil, false, err
	}
	finished, err = job.Run(ctx)
	return job, finished, err
}

// Prepare checks a configuration, the places of its outputs, its inputs and the cache. It refuses
// what cannot go well, and writes nothing.
func Prepare(ctx context.Context, c pipeline.Config, o Options) (*Job, error) {
	if o.Reporter == nil {
		o.Reporter = silent{}
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	settled, err := settle(ctx, c, o)
	if err != nil {
		return nil, err
	}
	goesOn := false
	if !o.PeaksOnly {
		if goesOn, err = checkOutputs(ctx, &settled.config); err != nil {
			return nil, err
		}
	}
	if !goesOn { // whoever began the output was warned
		for _, w := range settled.config.Warnings() { // a refusal above stands alone
			o.Reporter.Warn("%s", w)
		}
	}
	found, err := findInputs(ctx, settled)
	if err != nil {
		return nil, err
	}
	job, err := describe(ctx, found)
	if err != nil {
		return nil, err
	}
	return job, job.lookAtCache(ctx)
}

// silent is the reporter of a job that nobody watches.
type silent struct{}

func (silent) Say(string, ...any)                   {}
func (silent) Warn(string, ...any)                  {}
func (silent) Understood([]string)                  {}
func (silent) Classes(Choice)                       {}
func (silent) Cache(*CacheLook)                     {}
func (silent) Began(*Job)                           {}
func (silent) Status(runners.Status)                {}
func (silent) Ended()                               {}
func (silent) Complete(context.Context, *Job) error { return nil }
func (silent) Finished(context.Context, *Job) error { return nil }
