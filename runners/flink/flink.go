// Package flink submits a pipeline to a Flink cluster through Beam's job server, watches it, and
// cancels it.
//
// It speaks the job service itself, since the flags of Beam's Go SDK cannot say what Flink needs:
// the parallelism, batch exchanges (with them a lost worker costs its own part only), and how
// long worker processes are kept between stages. The workers are this very binary, started by the
// TaskManagers (environment PROCESS); it must lie at the same path on each of their hosts.
//
// Two things are asked of Flink's REST interface because the job service does not do them in
// batch jobs: cancelling, and the state of the job while it runs.
package flink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"
)

// Options say where the cluster is and how much of it to use.
type Options struct {
	JobName string
	// JobServer is host:port of Beam's job server.
	JobServer string
	// REST is the base URL of Flink's REST interface.
	REST string
	// Parallelism is the number of slots to use; 0 takes all that the cluster has.
	Parallelism int
	// SDKWorkers is the number of worker processes of a TaskManager; 0 is Beam's default, one.
	SDKWorkers int
	// Async returns as soon as the job is submitted.
	Async bool
	// Say prints a line about the job; Warn one about the cluster.
	Say, Warn func(format string, args ...any)
	// Every is called now and then while the job runs, with the state of its vertices.
	Every func(JobStatus)
}

// ErrCancelled says that the job was cancelled because the context ended.
var ErrCancelled = errors.New("flink: the job was cancelled")

// Versions of the Flink cluster that the job server's runner was built for.
const supported = "1.19"

// Run submits a pipeline and waits for its end. When ctx ends, the Flink job is cancelled.
func Run(ctx context.Context, p *beam.Pipeline, o Options) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("flink: this binary is for %s, and the workers must be this very binary: build it for linux (CGO_ENABLED=0 GOOS=linux go build ./cmd/premix) and start the job from a Linux host", runtime.GOOS)
	}
	cluster := &rest{base: strings.TrimRight(o.REST, "/")}
	slots, err := cluster.check(ctx, o)
	if err != nil {
		return err
	}
	if o.Parallelism == 0 {
		o.Parallelism = slots
	}
	conn, err := dial(ctx, o.JobServer)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := jobpb.NewJobServiceClient(conn)
	id, err := submit(ctx, client, p, o)
	if err != nil {
		return err
	}
	// The Flink job has the name of the Beam job up to the last underscore.
	name := id
	if i := strings.LastIndexByte(id, '_'); i > 0 {
		name = id[:i]
	}
	o.Say("flink job %s; %s/#/overview shows it", id, cluster.base)
	if o.Async {
		o.Say("cancel it with: curl -X PATCH '%s/jobs/JOB?mode=cancel' (%s/jobs/overview lists JOB for %s)", cluster.base, cluster.base, name)
		return nil
	}
	return watch(ctx, client, cluster, id, name, o)
}

func dial(ctx context.Context, endpoint string) (*grpc.ClientConn, error) {
	conn, err := grpcx.Dial(ctx, endpoint, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("flink: no Beam job server at %s (%v): start it (docs/flink.md), or give its address with --flink-job-server", endpoint, err)
	}
	return conn, nil
}

// submit stages nothing, since the binary is on every host, and starts the job.
func submit(ctx context.Context, client jobpb.JobServiceClient, p *beam.Pipeline, o Options) (string, error) {
	proto, err := marshal(ctx, p)
	if err != nil {
		return "", err
	}
	empty, err := os.CreateTemp("", "premix-flink-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(empty.Name())
	if err := empty.Close(); err != nil {
		return "", err
	}
	if err := runnerlib.UpdateGoEnvironmentWorker(empty.Name(), proto); err != nil {
		return "", err
	}
	options, err := pipelineOptions(o)
	if err != nil {
		return "", err
	}
	prepared, err := client.Prepare(ctx, &jobpb.PrepareJobRequest{Pipeline: proto, PipelineOptions: options, JobName: o.JobName})
	if err != nil {
		return "", fmt.Errorf("flink: the job server at %s refused the pipeline: %w", o.JobServer, err)
	}
	token, err := runnerlib.Stage(ctx, prepared.GetPreparationId(), prepared.GetArtifactStagingEndpoint().GetUrl(), empty.Name(), prepared.GetStagingSessionToken())
	if err != nil {
		return "", fmt.Errorf("flink: staging: %w", err)
	}
	id, err := runnerlib.Submit(ctx, client, prepared.GetPreparationId(), token)
	if err != nil {
		return "", fmt.Errorf("flink: submitting: %w", err)
	}
	return id, nil
}

// marshal translates the pipeline, with this executable as the command of its workers.
func marshal(ctx context.Context, p *beam.Pipeline) (*pipepb.Pipeline, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return nil, err
	}
	command, err := json.Marshal(map[string]string{"command": exe})
	if err != nil {
		return nil, err
	}
	edges, _, err := p.Build()
	if err != nil {
		return nil, err
	}
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvProcess, func(context.Context) string { return string(command) })
	if err != nil {
		return nil, err
	}
	return graphx.Marshal(edges, &graphx.Options{Environment: env})
}

// pipelineOptions are the options that Beam's flags cannot set.
func pipelineOptions(o Options) (*structpb.Struct, error) {
	beam.PipelineOptions.LoadOptionsFromFlags(nil)
	goOptions := map[string]any{}
	for k, v := range beam.PipelineOptions.Export().Options {
		goOptions[k] = v
	}
	m := map[string]any{
		"beam:option:go_options:v1":               map[string]any{"options": goOptions},
		"beam:option:app_name:v1":                 o.JobName,
		"beam:option:experiments:v1":              []any{"beam_fn_api"},
		"beam:option:parallelism:v1":              o.Parallelism,
		"beam:option:execution_mode_for_batch:v1": "BATCH_FORCED",
		"beam:option:environment_cache_millis:v1": 60000,
	}
	if o.SDKWorkers > 0 {
		m["beam:option:sdk_worker_parallelism:v1"] = o.SDKWorkers
	}
	return structpb.NewStruct(m)
}

// watch waits for the end of the job, and cancels it when ctx ends.
func watch(ctx context.Context, client jobpb.JobServiceClient, cluster *rest, id, name string, o Options) error {
	alive := context.WithoutCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- runnerlib.WaitForCompletion(alive, client, id) }()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return outcome(alive, client, cluster, id, name, err)
		case <-tick.C:
			if o.Every != nil {
				if s, err := cluster.status(alive, name); err == nil {
					o.Every(s)
				}
			}
		case <-ctx.Done():
			if err := cluster.cancel(alive, name); err != nil {
				return fmt.Errorf("flink: job %s could not be cancelled: %w; cancel it in %s", id, err, cluster.base)
			}
			// So that the job service forgets it too; the Flink job itself has ended.
			if _, err := client.Cancel(alive, &jobpb.CancelJobRequest{JobId: id}); err != nil {
				o.Warn("flink: the job server still lists the cancelled job: %v", err)
			}
			return ErrCancelled
		}
	}
}

// outcome is the error of a finished job: that of the worker, where there is one.
func outcome(ctx context.Context, client jobpb.JobServiceClient, cluster *rest, id, name string, err error) error {
	state, stateErr := client.GetState(ctx, &jobpb.GetJobStateRequest{JobId: id})
	if err == nil && stateErr == nil && state.GetState() == jobpb.JobState_DONE {
		return nil
	}
	if cause := cluster.rootCause(ctx, name); cause != "" {
		return fmt.Errorf("flink: job %s failed: %s", id, cause)
	}
	if err == nil {
		err = errors.Join(stateErr, fmt.Errorf("it ended as %v", state.GetState()))
	}
	return fmt.Errorf("flink: job %s failed: %w", id, err)
}
