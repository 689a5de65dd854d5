// Package launch starts jobs. [Run] takes a configuration to finished outputs; [Prepare] and [Job.Run]
// are its two halves, for callers that look at the job in between.
//
// A start goes through steps, each of which takes what the one before it returned:
//
//	settle → checkOutputs → findInputs → describe → lookAtCache → Job.Run
//
// All steps but the last only read. The mistakes that they find are a *[UsageError], an *[OutputError],
// or errors of the same two kinds from the packages below: *[pipeline.ConfigError], *[source.UsageError]
// and *[runners.UsageError]; *[dataset.MismatchError] and *[dataset.SchemaError]. A job that refuses its
// input or its output while it runs ends with a *[stage.Refusal].
//
// The caller's program is the worker of its jobs on clusters, so its main calls [runners.Worker] first.
package launch

import (
	"context"
	"io"
	"time"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// Options say how a job is started. The zero value starts one that says nothing.
type Options struct {
	// PeaksOnly fills the peaks cache and makes no output.
	PeaksOnly bool
	// BreakLock starts the job although another one seems to hold the output.
	BreakLock bool
	// BeamArgs are flags of the Beam runner.
	BeamArgs []string
	// Command is the command line that run.json records.
	Command []string
	// Reporter hears of the job; nil: nobody.
	Reporter Reporter
	// Out is where a dry run of Dataflow (--dry_run in BeamArgs) prints the job; nil: nowhere.
	Out io.Writer
}

// A Reporter hears how a job is prepared and how far it is.
type Reporter interface {
	// Say and Warn take a line about the job for people.
	Say(format string, args ...any)
	Warn(format string, args ...any)
	// Classes is told what a class list leaves out of the input, and what it names in vain.
	Classes(Choice)
	// Cache is told what the peaks cache has for the input.
	Cache(*CacheLook)
	// Began is told of the job when its pipeline starts, Ended when that ends. Status, in between, is
	// told what a cluster says of it.
	Began(*Job)
	Status(runners.Status)
	Ended()
}

// A Job is prepared and may run.
type Job struct {
	// Config is the configuration with absolute places and, of a replay, the options of the plan.
	Config *pipeline.Config
	// Catalog is what was found in the inputs.
	Catalog *source.Catalog
	// Description is what the workers get.
	Description *stage.Job
	// Cache is what the peaks cache has for the input; nil for a replay, which needs no peaks.
	Cache *CacheLook
	// Start is when the preparation began.
	Start time.Time

	options Options
	cluster runners.Cluster
}

// Expected is the number of images of the input, about; 0 if unknown.
func (j *Job) Expected() int64 {
	if j.Cache == nil {
		return 0
	}
	return j.Cache.Images
}

// PeaksOnly says that the job fills the cache and makes no output.
func (j *Job) PeaksOnly() bool { return j.options.PeaksOnly }

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
	checked, err := checkOutputs(ctx, settled)
	if err != nil {
		return nil, err
	}
	found, err := findInputs(ctx, checked)
	if err != nil {
		return nil, err
	}
	described, err := describe(ctx, found)
	if err != nil {
		return nil, err
	}
	return lookAtCache(ctx, described)
}

// silent is the reporter of a job that nobody watches.
type silent struct{}

func (silent) Say(string, ...any)    {}
func (silent) Warn(string, ...any)   {}
func (silent) Classes(Choice)        {}
func (silent) Cache(*CacheLook)      {}
func (silent) Began(*Job)            {}
func (silent) Status(runners.Status) {}
func (silent) Ended()                {}
