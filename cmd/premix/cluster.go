package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// onCluster says whether the job runs in other processes than this one.
func (l *launch) onCluster() bool { return !runners.Local(l.config.Runner) }

// reach says what the workers of a cluster must see before they begin. The pipeline carries it.
func (l *launch) reach() {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	r := &l.job.Reach
	// Dataflow's jobs outlive a launcher that is interrupted.
	r.Host, r.Detached = host, l.config.Async || l.config.Runner == runners.Dataflow
	for _, in := range l.config.In {
		_, uri := pipeline.SplitInput(in)
		if blob.IsLocal(uri) && !strings.HasPrefix(uri, "synth:") && !strings.ContainsAny(uri, "*?[{") {
			r.Inputs = append(r.Inputs, uri)
		}
	}
	if !l.job.Cache.Temporary {
		r.AddMarker("--cache", l.job.Cache.URI, l.job.Cache.URI, l.job.RunID)
	}
	if l.peaksOnly {
		return
	}
	for _, dir := range l.config.OutputDirs() {
		r.AddMarker("--out", dir, dataset.Meta(dir, l.config.Split), l.job.RunID)
	}
	r.Records = l.jobRecords()
}

// settle is how long workers that a cluster gave up have to notice it.
const settle = time.Second

// runOnCluster runs the job, and leaves nothing behind but what a next run can use, and, of a job that
// goes on without this process, the record that keeps other runs out.
func (l *launch) runOnCluster(ctx context.Context, p *beam.Pipeline, o runners.Options) (finished bool, err error) {
	alive := context.WithoutCancel(ctx)
	if err := errors.Join(l.recordJob(ctx), stage.PlaceMarkers(ctx, l.job)); err != nil {
		return false, errors.Join(err, stage.RemoveMarkers(alive, l.job))
	}
	finished, err = runners.Run(ctx, p, o)
	if err == nil && !finished || errors.Is(err, runners.ErrGoesOn) {
		return finished, err
	}
	if err != nil && !l.peaksOnly {
		time.Sleep(settle)
		err = errors.Join(err, stage.Sweep(alive, l.job))
	}
	return finished, errors.Join(err, stage.RemoveMarkers(alive, l.job))
}

// A clusterCount says how far a job on a cluster is, by what it has written and what the cluster
// tells: the counters of its workers are not seen until it ends.
type clusterCount struct {
	status                        runners.Status
	chunks, shards, plannedShards int64
}

// count looks at the cache and the output.
func (l *launch) count(ctx context.Context, status runners.Status) clusterCount {
	c := clusterCount{status: status}
	// What cannot be listed now is listed next time.
	if list, err := blob.List(ctx, blob.Join(l.job.Cache.URI, l.job.Cache.Fingerprint)); err == nil {
		for _, o := range list {
			if strings.HasSuffix(o.URI, ".parquet") {
				c.chunks++
			}
		}
	}
	if l.peaksOnly {
		return c
	}
	dir := l.config.OutputDirs()[0]
	if id, err := stage.RunOf(ctx, dir, l.config.Split); err != nil || id != l.job.RunID {
		return c // not planned yet
	}
	config, err := dataset.LoadConfig(ctx, dir, l.config.Split)
	if err != nil {
		return c
	}
	c.plannedShards = config.Shape.Shards * int64(len(l.job.Replicas))
	if list, err := blob.List(ctx, dataset.Meta(dir, l.config.Split, dataset.ShardsDir)); err == nil {
		c.shards = min(int64(len(list)), c.plannedShards)
	}
	return c
}

// running names the stages that work now.
func (c clusterCount) running() []string {
	var names []string
	for _, s := range c.status.Steps {
		if s.Status != "RUNNING" {
			continue
		}
		for _, n := range stageNames {
			if strings.Contains(s.Name, "transforms."+n+"/") && (len(names) == 0 || names[len(names)-1] != strings.ToLower(n)) {
				names = append(names, strings.ToLower(n))
			}
		}
	}
	return names
}

// stageNames are the scopes of the transforms, in their order.
var stageNames = []string{"Scan", "Peaks", "Gate", "Distribute", "Collect", "Mix", "Finish"}

// line says in one line how far the job is.
func (c clusterCount) line(elapsed time.Duration) string {
	what := strings.ToLower(c.status.State)
	if names := c.running(); len(names) > 0 {
		what = strings.Join(names, ", ")
	} else if what == "" {
		what = "starting"
	}
	faults := ""
	if c.status.Faults > 0 {
		faults = fmt.Sprintf(", %d repeated after a fault", c.status.Faults)
	}
	if c.plannedShards == 0 {
		return fmt.Sprintf("%s  %d chunks have peaks%s  %.0f s", what, c.chunks, faults, elapsed.Seconds())
	}
	return fmt.Sprintf("%s  %d of %d shards%s  %3.0f %%  %.0f s", what, c.shards, c.plannedShards, faults, 100*float64(c.shards)/float64(c.plannedShards), elapsed.Seconds())
}

// fields are those of a line of --progress json.
func (c clusterCount) fields(elapsed time.Duration) map[string]any {
	return map[string]any{
		"elapsed_s": elapsed.Seconds(), "state": c.status.State, "running": c.running(), "chunks": c.chunks,
		"shards": c.shards, "planned_shards": c.plannedShards, "faults": c.status.Faults,
	}
}
