package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// A Result is what was measured.
type Result struct {
	Setup setup
	Steps []Step
	// Worker and Java are the most memory of a worker, and of a TaskManager, of a cluster.
	Worker, Java int64
	Samples      int64
}

// release gives memory back that nothing needs.
func release() { debug.FreeOSMemory() }

// describe makes the job that is measured.
func describe(s *setup, st *store, list []source.Container) (*stage.Job, error) {
	c := pipeline.Default()
	c.In, c.Out, c.Cache = []string{"synth:1"}, st.uri("out"), st.uri("cache")
	c.Replicas, c.Shards, c.MaxBad = int(s.Replicas), s.Shards, 0.5
	if err := c.Validate(); err != nil {
		return nil, err
	}
	slots := 0
	if s.Runner == runners.Flink {
		slots = s.Slots
	}
	job, err := c.Job(pipeline.Start{
		Catalog: &source.Catalog{Containers: list, Layout: "synth"}, RunID: "scale", CacheURI: c.Cache,
		SpoolMode: stage.SpoolRef, Run: json.RawMessage(`{}`), Slots: slots,
	})
	if err != nil {
		return nil, err
	}
	if s.Runner == runners.Flink {
		job.Build, err = buildid.Own()
	}
	return job, err
}

// measureJob measures a whole job.
func measureJob(s *setup) (*Result, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	st, err := startStore(s)
	if err != nil {
		return nil, err
	}
	defer st.stop()
	list := containers(s.Images)
	job, err := describe(s, st, list)
	if err != nil {
		return nil, err
	}
	r := &Result{Setup: *s}
	add := func(name string, work func(*Step) error) error {
		step, err := step(name, st, work)
		r.Steps = append(r.Steps, step)
		return err
	}
	if err := add("fill", func(*Step) error { return fillCache(ctx, s, job, list) }); err != nil {
		return nil, err
	}
	if s.Runner == "stages" {
		return r, measureStages(ctx, job, list, add, r)
	}
	o := runners.Options{
		Runner: s.Runner, JobName: "scale", PrismOpenPort: true,
		Say:  func(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...) },
		Warn: func(f string, a ...any) { fmt.Fprintf(os.Stderr, f+"\n", a...) },
	}
	o.Flink.JobServer, o.Flink.REST, o.Flink.Parallelism = s.JobServer, s.Rest, s.Slots
	w := watchCluster(ctx)
	err = add("job", func(step *Step) error {
		_, err := runners.Run(ctx, pipeline.New(pipeline.Build, job, list), o)
		return err
	})
	var cpu float64
	r.Worker, r.Java, cpu = w.most()
	r.Steps[len(r.Steps)-1].CPU += cpu
	r.Samples = s.Images * s.Replicas
	return r, err
}
