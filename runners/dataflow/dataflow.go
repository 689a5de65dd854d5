// Package dataflow submits a pipeline to Google Cloud Dataflow. Its options are Beam's own flags,
// given after --; this package checks them before anything is done, so that a missing one costs a
// line and not a failed job.
package dataflow

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamdataflow "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow"
)

// Options say how the job is started.
type Options struct {
	JobName string
	// Remote are the URIs that workers must reach: inputs, cache and output.
	Remote []string
	// Async returns as soon as the job is submitted.
	Async bool
	// DryRun prints what would be submitted.
	DryRun bool
	Say    func(format string, args ...any)
}

// Check reports every problem with the flags and the binary, as one error of several lines.
func Check(o Options) error {
	var problems []error
	need := func(name, what string) string {
		v := value(name)
		if v == "" {
			problems = append(problems, fmt.Errorf("--%s is missing: %s (Beam's flags come after --)", name, what))
		}
		return v
	}
	need("project", "the Google Cloud project that pays, such as -- --project=my-project")
	need("region", "the region that the workers run in, such as -- --region=europe-west4; it should be that of the buckets")
	for _, name := range []string{"staging_location", "temp_location"} {
		v := value(name)
		if v == "" && name == "temp_location" {
			continue
		}
		if v == "" {
			need(name, "a folder of a bucket for the binary, such as -- --staging_location=gs://my-bucket/staging")
		} else if !strings.HasPrefix(v, "gs://") {
			problems = append(problems, fmt.Errorf("--%s=%s: must be a folder of a bucket, gs://…", name, v))
		}
	}
	for _, uri := range o.Remote {
		if !strings.Contains(uri, "://") && !strings.HasPrefix(uri, "synth:") {
			problems = append(problems, fmt.Errorf("%s is a local path: Dataflow's workers cannot reach it; copy it to a bucket (gcloud storage cp -r) and give its gs:// address", uri))
		}
	}
	if value("worker_binary") == "" {
		if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
			problems = append(problems, fmt.Errorf("this binary is for %s/%s and Dataflow's workers are linux/amd64: build one with CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o premix-linux ./cmd/premix, and add -- --worker_binary=premix-linux", runtime.GOOS, runtime.GOARCH))
		} else if cgo() {
			problems = append(problems, errors.New("this binary is linked with cgo and may not start in Dataflow's container: build it with CGO_ENABLED=0 go build ./cmd/premix"))
		}
	}
	return errors.Join(problems...)
}

func value(name string) string {
	f := flag.Lookup(name)
	if f == nil {
		return ""
	}
	return f.Value.String()
}

func cgo() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "CGO_ENABLED" {
			return s.Value == "1"
		}
	}
	return false
}

// Run submits a pipeline, and waits for its end unless told otherwise. When ctx ends it detaches:
// the job goes on, and Run says how to cancel it.
func Run(ctx context.Context, p *beam.Pipeline, o Options) error {
	if err := Check(o); err != nil {
		return err
	}
	if err := flag.Set("job_name", o.JobName); err != nil {
		return err
	}
	if o.Async {
		if err := flag.Set("execute_async", "true"); err != nil {
			return err
		}
	}
	if o.DryRun {
		if err := flag.Set("dry_run", "true"); err != nil {
			return err
		}
	}
	done := make(chan error, 1)
	var result beam.PipelineResult
	go func() {
		var err error
		result, err = beamdataflow.Execute(context.WithoutCancel(ctx), p)
		done <- err
	}()
	hint := fmt.Sprintf("gcloud dataflow jobs list --project=%s --region=%s --filter=name=%s, then gcloud dataflow jobs cancel JOB_ID --region=%s", value("project"), value("region"), o.JobName, value("region"))
	select {
	case err := <-done:
		if err == nil && result != nil {
			o.Say("dataflow job %s; cancel it with: gcloud dataflow jobs cancel %s --project=%s --region=%s", result.JobID(), result.JobID(), value("project"), value("region"))
		}
		return err
	case <-ctx.Done():
		o.Say("detached: the job goes on. To cancel it: %s", hint)
		return context.Cause(ctx)
	}
}
