package flink

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/util/hooks"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/premix/premix/runners/internal/graphsize"
)

// submit starts the job and returns Beam's id of it.
func submit(ctx context.Context, client jobpb.JobServiceClient, p *beam.Pipeline, o Options) (id string, err error) {
	proto, err := marshal(ctx, p, o.Environment)
	if err != nil {
		return "", err
	}
	if err := graphsize.Check(proto, newREST(o.REST).maxGraph(ctx), "the cluster, by its rest.server.max-content-length,"); err != nil {
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
	// Nothing is staged, but the job server waits for a message that says so.
	token, err := runnerlib.Stage(ctx, prepared.GetPreparationId(), prepared.GetArtifactStagingEndpoint().GetUrl(), "", prepared.GetStagingSessionToken())
	if err != nil {
		return "", fmt.Errorf("flink: the artifact service of the job server, %s, cannot be reached: %w", prepared.GetArtifactStagingEndpoint().GetUrl(), err)
	}
	// An interrupt must not hide whether the job was started: it is cancelled afterwards.
	start, stop := context.WithTimeout(context.WithoutCancel(ctx), arriveWithin)
	defer stop()
	id, err = runnerlib.Submit(start, client, prepared.GetPreparationId(), token)
	if err != nil {
		return "", fmt.Errorf("flink: the job server at %s did not start the job: %w", o.JobServer, err)
	}
	return id, nil
}

// marshal translates the pipeline. The command of its workers is on every host, so the environment
// has no artifact that would have to be copied.
func marshal(ctx context.Context, p *beam.Pipeline, environment string) (*pipepb.Pipeline, error) {
	if environment == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, err
		}
		if exe, err = filepath.EvalSymlinks(exe); err != nil {
			return nil, fmt.Errorf("flink: this binary was moved or replaced since it was started: %w", err)
		}
		text, err := json.Marshal(map[string]string{"command": exe})
		if err != nil {
			return nil, err
		}
		environment = string(text)
	}
	env, err := graphx.CreateEnvironment(ctx, graphx.URNEnvProcess, func(context.Context) string { return environment })
	if err != nil {
		return nil, fmt.Errorf("flink: %w", err)
	}
	env.Dependencies = nil
	edges, _, err := p.Build()
	if err != nil {
		return nil, err
	}
	return graphx.Marshal(edges, &graphx.Options{Environment: env})
}

// environmentCache is how long, in milliseconds, a TaskManager keeps the worker process of a job
// between two stages that overlap, or where Beam is on Flink's own class path. Elsewhere Flink drops the
// job's classes between two batch stages, and each stage starts workers of its own.
const environmentCache = 60_000

// pipelineOptions are the options that Beam's flags cannot set. BATCH_FORCED makes every exchange
// a stored one: a lost worker costs its own part and what it alone had produced, and a job may
// have more parts than the cluster has slots.
func pipelineOptions(o Options) (*structpb.Struct, error) {
	hooks.SerializeHooksToOptions()
	// Flink shows the options of a job to everybody. The environment of the workers, which may hold secrets, is
	// no use to them as an option.
	beam.PipelineOptions.LoadOptionsFromFlags(map[string]bool{"environment_config": true})
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
		"beam:option:environment_cache_millis:v1": environmentCache,
	}
	if o.SDKWorkers > 0 {
		m["beam:option:sdk_worker_parallelism:v1"] = o.SDKWorkers
	}
	return structpb.NewStruct(m)
}
