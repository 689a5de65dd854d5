// Package dataflow submits a pipeline to Google Cloud Dataflow and follows the job. Its options are
// Beam's own flags, given after --; this package checks them before anything is done, so that a
// missing one costs a line and not a failed job.
package dataflow

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	beamdataflow "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow/dataflowlib"
	df "google.golang.org/api/dataflow/v1b3"

	"github.com/premix/premix/runners/internal/goeson"
	"github.com/premix/premix/runners/internal/graphsize"
	"github.com/premix/premix/runners/internal/workererr"
)

// Options say how the job is started.
type Options struct {
	JobName string
	// Remote are the URIs that workers must reach: inputs, cache and output.
	Remote []string
	// Async returns as soon as the job is submitted.
	Async bool
	// Say prints a line about the job; Warn one about its place.
	Say, Warn func(format string, args ...any)
	// Out is where a dry run (--dry_run) prints what would be submitted.
	Out io.Writer
	// Progress, if not nil, is called after each look at the job, with its state.
	Progress func(state string)
}

// Run submits a pipeline, and waits for its end unless told otherwise. When ctx ends it detaches:
// the job goes on, and the error, which is goeson.Err, says how to cancel it.
//
// The error of a job that failed holds the texts of the errors that Dataflow recorded. finished
// says that there was a job and that it has ended.
func Run(ctx context.Context, p *beam.Pipeline, o Options) (finished bool, err error) {
	quiet := o
	quiet.Warn = nil // the launcher has looked before
	if err := Check(quiet); err != nil {
		return false, err
	}
	name := value("job_name")
	if name == "" {
		name = o.JobName
	}
	// Beam would wait with a loop that no context ends; this package waits itself.
	for flagName, v := range map[string]string{"job_name": name, "execute_async": "true"} {
		if err := flag.Set(flagName, v); err != nil {
			return false, err
		}
	}
	if DryRun() {
		return false, dryRun(ctx, p, o)
	}
	if err := checkSize(ctx, p); err != nil {
		return false, err
	}
	j := &job{o: o, project: value("project"), region: value("region")}
	if j.client, err = dataflowlib.NewClient(ctx, value("dataflow_endpoint")); err != nil {
		return false, fmt.Errorf("dataflow: no credentials (%v): run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to a key file", err)
	}
	// Beam would take a running job of the same name for the one that it submits.
	running, err := active(ctx, j.client, j.project, j.region, name)
	if err != nil {
		return false, fmt.Errorf("dataflow: the jobs of project %s in %s cannot be listed: %w", j.project, j.region, err)
	}
	if running != "" {
		return false, fmt.Errorf("dataflow: job %s works on this output already: wait for it, or cancel it with: %s", running, j.cancelCommand(running))
	}
	result, err := beamdataflow.Execute(ctx, p)
	if err != nil {
		return false, fmt.Errorf("dataflow: the job was not submitted: %w", err)
	}
	j.id = result.JobID()
	o.Say("dataflow job %s; cancel it with: %s", j.id, j.cancelCommand(j.id))
	if o.Async {
		return false, nil
	}
	err = j.wait(ctx)
	return err == nil, err
}

// maxGraph is the size of the job graph that Dataflow takes, in bytes. A larger one is refused minutes after it
// was submitted.
const maxGraph = 10 << 20

// checkSize refuses a job that is larger than Dataflow takes.
func checkSize(ctx context.Context, p *beam.Pipeline) error {
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvDocker, func(context.Context) string { return "" })
	if err != nil {
		return fmt.Errorf("dataflow: %w", err)
	}
	edges, _, err := p.Build()
	if err != nil {
		return fmt.Errorf("dataflow: %w", err)
	}
	proto, err := graphx.Marshal(edges, &graphx.Options{Environment: env})
	if err != nil {
		return fmt.Errorf("dataflow: %w", err)
	}
	return graphsize.Check(proto, maxGraph, "Dataflow")
}

// DryRun says whether the flags ask to print the job instead of submitting it.
func DryRun() bool { return value("dry_run") == "true" }

// dryRun prints the pipeline and the job. Beam does that, through the logger.
func dryRun(ctx context.Context, p *beam.Pipeline, o Options) error {
	before := slog.Default()
	slog.SetDefault(slog.New(&printer{w: o.Out}))
	defer slog.SetDefault(before)
	_, err := beamdataflow.Execute(ctx, p)
	if err == nil {
		o.Say("nothing was submitted (--dry_run)")
	}
	return err
}

// A printer is a log handler that prints messages as they are.
type printer struct {
	slog.Handler
	w io.Writer
}

func (p *printer) Enabled(_ context.Context, level slog.Level) bool { return level == slog.LevelInfo }

func (p *printer) Handle(_ context.Context, r slog.Record) error {
	_, err := fmt.Fprintln(p.w, r.Message)
	return err
}

// active returns the id of the running job of a name, or "".
func active(ctx context.Context, client *df.Service, project, region, name string) (id string, err error) {
	err = client.Projects.Locations.Jobs.List(project, region).Filter("ACTIVE").Pages(ctx, func(r *df.ListJobsResponse) error {
		for _, j := range r.Jobs {
			if j.Name == name {
				id = j.Id
			}
		}
		return nil
	})
	return id, err
}

// A job is one that was submitted.
type job struct {
	o               Options
	client          *df.Service
	project, region string
	id              string
}

func (j *job) cancelCommand(id string) string {
	return fmt.Sprintf("gcloud dataflow jobs cancel %s --project=%s --region=%s", id, j.project, j.region)
}

const (
	pollEvery = 5 * time.Second
	// lostAfter is how long Dataflow's API may stay silent.
	lostAfter = 10 * time.Minute
)

// wait follows the job to its end.
func (j *job) wait(ctx context.Context) error {
	answered := time.Now()
	for {
		got, err := j.client.Projects.Locations.Jobs.Get(j.project, j.region, j.id).Context(ctx).Do()
		switch {
		case ctx.Err() != nil:
			return j.detached()
		case err != nil && time.Since(answered) > lostAfter:
			return fmt.Errorf("dataflow: nothing was heard of job %s for %v (%v), but %w; cancel it with: %s", j.id, lostAfter, err, goeson.Err, j.cancelCommand(j.id))
		case err == nil:
			answered = time.Now()
			if done, err := j.ended(ctx, got.CurrentState); done {
				return err
			}
			if j.o.Progress != nil {
				j.o.Progress(trimState(got.CurrentState))
			}
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return j.detached()
		}
	}
}

func (j *job) detached() error {
	return fmt.Errorf("dataflow: detached, %w; cancel it with: %s", goeson.Err, j.cancelCommand(j.id))
}

// ended says whether a state is the last, and what error it means.
func (j *job) ended(ctx context.Context, state string) (bool, error) {
	switch state {
	case "JOB_STATE_DONE", "JOB_STATE_DRAINED", "JOB_STATE_UPDATED":
		return true, nil
	case "JOB_STATE_CANCELLED":
		return true, fmt.Errorf("dataflow: job %s was cancelled; run again to continue", j.id)
	case "JOB_STATE_FAILED":
		return true, fmt.Errorf("dataflow: job %s failed: %s", j.id, j.reason(ctx))
	}
	return false, nil
}

// reason returns, on one line, the errors that Dataflow recorded of a failed job: those of its
// workers, or else all. Dataflow tries each piece of work four times, and records each of them.
func (j *job) reason(ctx context.Context) string {
	var all, own []string
	add := func(list *[]string, text string) {
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	err := j.client.Projects.Locations.Jobs.Messages.List(j.project, j.region, j.id).MinimumImportance("JOB_MESSAGE_ERROR").Pages(ctx, func(r *df.ListJobMessagesResponse) error {
		for _, m := range r.JobMessages {
			add(&all, workererr.Line(m.MessageText))
			add(&own, workererr.Line(workererr.Find(m.MessageText)))
		}
		return nil
	})
	if len(own) > 0 {
		all = own
	}
	if len(all) > 0 {
		return strings.Join(all, "; ")
	}
	text := fmt.Sprintf("see https://console.cloud.google.com/dataflow/jobs/%s/%s?project=%s", j.region, j.id, j.project)
	if err != nil {
		text += fmt.Sprintf(" (%v)", err)
	}
	return text
}

// trimState shortens a state of Dataflow to the word that it is.
func trimState(s string) string {
	const prefix = "JOB_STATE_"
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):]
	}
	return s
}

// Slots is a guess at the number of places that will work at once: eight a worker, of as many
// workers as the flags allow. It decides how finely the work is cut.
func Slots() int {
	n := 16
	for _, name := range []string{"num_workers", "max_num_workers"} {
		if v, err := strconv.Atoi(value(name)); err == nil && v > 0 {
			n = v
		}
	}
	return 8 * n
}

// value is the value of one of Beam's flags.
func value(name string) string {
	f := flag.Lookup(name)
	if f == nil {
		return ""
	}
	return f.Value.String()
}

// region is the flag, or what gcloud reads from the environment.
func region() string {
	if v := value("region"); v != "" {
		return v
	}
	return os.Getenv("CLOUDSDK_COMPUTE_REGION")
}
