package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// A launch is one start of a job: what the launcher does before and after the pipeline runs.
type launch struct {
	app       *app
	flags     *jobFlags
	config    *pipeline.Config
	beamArgs  []string
	peaksOnly bool
	start     time.Time
	catalog   *source.Catalog
	job       *stage.Job
	scan      *scanResult
	cluster   runners.Cluster
	classesOf string // the split whose class list is used
}

// run does the whole job.
func (l *launch) run(ctx context.Context) error {
	l.start = time.Now()
	if err := l.prepare(ctx); err != nil {
		return err
	}
	if l.flags.dryRun {
		return l.describe()
	}
	if l.cluster.DryRun {
		_, err := runners.Run(ctx, l.pipeline(), l.runnerOptions())
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !l.peaksOnly {
		// Each folder of an output has its own lock, whether it is one of several formats or alone.
		for _, dir := range l.config.OutputDirs() {
			unlock, err := l.lock(ctx, dir, cancel)
			if err != nil {
				return err
			}
			defer unlock()
			if err := checkJobs(ctx, dir, l.flags.breakLock); err != nil {
				return err
			}
		}
		if err := l.sweep(ctx); err != nil {
			return err
		}
	}
	stage.ResetProgress()
	if l.onCluster() {
		l.reach()
	}
	report := startProgress(l)
	p, o := l.pipeline(), l.runnerOptions()
	o.Progress = report.cluster
	run := runners.Run
	if l.onCluster() {
		run = l.runOnCluster
	}
	finished, err := run(ctx, p, o)
	report.stop()
	if lost := (*codeError)(nil); err != nil && errors.As(context.Cause(ctx), &lost) {
		return lost
	}
	if r := stage.FindRefusal(err); r != nil && !errors.Is(err, runners.ErrGoesOn) {
		return r
	}
	if err != nil || !finished {
		return err
	}
	if l.job.Cache.Temporary {
		if err := blob.RemoveAll(ctx, l.job.Cache.URI); err != nil {
			return err
		}
	}
	if len(l.config.Formats) > 1 && blob.IsLocal(l.config.Out) {
		os.Remove(blob.Join(l.config.Out, dataset.MetaDir)) // held copies only; Remove spares what is not empty
	}
	return l.summary(ctx)
}

// lock locks a folder of the output. A job in this process ends when its lock is lost; one on a cluster
// has a record of its own there.
func (l *launch) lock(ctx context.Context, dir string, lost func(error)) (unlock func(), err error) {
	if blob.IsLocal(dir) || l.onCluster() {
		return lockOutput(ctx, dir, l.job.RunID, l.flags.breakLock)
	}
	return lockStore(ctx, dir, l.job.RunID, l.flags.breakLock, lost)
}

// pipeline builds the stages of the job.
func (l *launch) pipeline() *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	build := pipeline.Build
	switch {
	case l.peaksOnly:
		build = pipeline.BuildPeaks
	case l.config.Plan != "":
		build = pipeline.BuildReplay
	}
	build(s, l.job, l.catalog.Containers)
	return p
}

// runnerOptions are those of the runner that the configuration names.
func (l *launch) runnerOptions() runners.Options {
	c := l.config
	o := runners.Options{
		Runner: c.Runner, JobName: l.jobName(), Args: l.beamArgs, Async: c.Async,
		Say:  func(format string, args ...any) { fmt.Fprintf(l.app.stderr, "premix: "+format+"\n", args...) },
		Warn: func(format string, args ...any) { fmt.Fprintf(l.app.stderr, "premix: warning: "+format+"\n", args...) },
		Out:  l.app.stdout, Final: func(text string) bool { return stage.FindRefusal(errors.New(text)) != nil },
	}
	o.Flink.JobServer, o.Flink.REST, o.Flink.Parallelism, o.Flink.SDKWorkers = c.FlinkJobServer, c.FlinkREST, c.Parallelism, c.FlinkSDKWorkers
	if l.cluster.Slots > 0 {
		o.Flink.Parallelism = l.cluster.Slots
	}
	for _, in := range c.In {
		_, uri := pipeline.SplitInput(in)
		o.Remote = append(o.Remote, uri)
	}
	if !l.peaksOnly {
		o.Remote = append(o.Remote, c.Out)
	}
	if c.Cache != "" && c.Cache != pipeline.NoCache {
		o.Remote = append(o.Remote, c.Cache)
	}
	if c.External != nil {
		o.Remote = append(o.Remote, c.External.URI)
	}
	if c.Plan != "" {
		o.Remote = append(o.Remote, c.Plan)
	}
	return o
}

// prepare checks the configuration, lists the inputs, and refuses what cannot go well, before
// anything is written.
func (l *launch) prepare(ctx context.Context) error {
	c := l.config
	if err := l.makeAbsolute(); err != nil {
		return err
	}
	if c.ClassFile != "" {
		list, err := readClasses(ctx, c.ClassFile)
		if err != nil {
			return err
		}
		c.ClassList = list
	}
	if l.peaksOnly && c.Out == "" {
		c.Out = "-"
	}
	if err := l.externalPeaks(ctx); err != nil {
		return err
	}
	if c.Plan != "" {
		if err := l.readPlan(ctx); err != nil {
			return err
		}
	}
	if err := c.Validate(); err != nil {
		return err
	}
	var err error
	if l.cluster, err = runners.Check(ctx, l.runnerOptions()); err != nil {
		return err
	}
	if !l.peaksOnly {
		if err := l.checkOutputs(ctx); err != nil {
			return err
		}
	}
	if l.catalog, err = source.Discover(ctx, pipeline.Inputs(c.In), c.SourceOptions()); err != nil {
		return err
	}
	if err := l.classesOfOutput(ctx); err != nil {
		return err
	}
	if l.catalog.Cut != "" && !l.peaksOnly {
		return usagef("%s", l.catalog.Cut)
	}
	cacheURI, temporary, err := l.cachePlace()
	if err != nil {
		return err
	}
	run, err := l.runInfo()
	if err != nil {
		return err
	}
	l.job, err = c.Job(pipeline.Launch{
		Catalog: l.catalog, ClassesOf: l.classesOf, Versions: map[string]string{"premix": Version}, RunID: randomID(), Run: run,
		CacheURI: cacheURI, SpoolURI: l.spoolPlace(), SpoolMode: stage.SpoolRef,
	})
	if err != nil {
		return err
	}
	l.job.Cache.Temporary = temporary
	l.job.Slots = l.cluster.Slots
	if err := l.checkSplits(ctx); err != nil {
		return err
	}
	if c.Plan != "" {
		return nil // no peaks are needed
	}
	if err := l.tellChoice(ctx); err != nil {
		return err
	}
	if err := l.look(ctx); err != nil {
		return err
	}
	return l.chooseSpool(ctx)
}

// makeAbsolute makes local paths absolute: workers may run elsewhere.
func (l *launch) makeAbsolute() error {
	c := l.config
	for i, in := range c.In {
		name, uri := pipeline.SplitInput(in)
		if !blob.IsLocal(uri) || strings.HasPrefix(uri, "synth:") {
			continue
		}
		abs, err := blob.Abs(uri)
		if err != nil {
			return err
		}
		if name != "" {
			abs = name + "=" + abs
		}
		c.In[i] = abs
	}
	for _, p := range []*string{&c.Out, &c.Cache} {
		if *p == "" || *p == pipeline.NoCache || !blob.IsLocal(*p) {
			continue
		}
		abs, err := blob.Abs(*p)
		if err != nil {
			return err
		}
		*p = abs
	}
	return nil
}

// cachePlace is where peaks are kept.
func (l *launch) cachePlace() (uri string, temporary bool, err error) {
	place := l.config.Cache
	if l.config.Plan != "" {
		place = pipeline.NoCache
	}
	switch place {
	case pipeline.NoCache:
		if l.peaksOnly {
			return "", false, usagef("premix peaks fills a cache; --cache none makes no sense")
		}
		return l.ownCache(), true, nil
	case "":
		dir, err := cache.DefaultDir()
		if err != nil {
			return "", false, usagef("%v, or --cache none", err)
		}
		return dir, false, nil
	}
	return l.config.Cache, false, nil
}

// ownCache is the cache of an output whose peaks are kept nowhere else.
func (l *launch) ownCache() string {
	return blob.Join(l.config.Out, dataset.MetaDir, ".peaks-"+l.config.Split)
}

// spoolPlace is where copies for the mix stage are kept; there is none where only peaks are wanted.
func (l *launch) spoolPlace() string {
	if l.peaksOnly {
		return ""
	}
	return blob.Join(l.config.Out, dataset.MetaDir, ".spool-"+l.config.Split)
}

// runInfo is run.json: when, where and how this run was started.
func (l *launch) runInfo() (json.RawMessage, error) {
	host, _ := os.Hostname()
	execution := map[string]any{}
	for _, o := range pipeline.Options(l.config) {
		if o.Scope == pipeline.Execution {
			execution[o.Name] = o.Value.String()
		}
	}
	return json.MarshalIndent(map[string]any{
		"started": l.start.UTC().Format(time.RFC3339), "host": host, "command": os.Args, "version": versionText(),
		"cpus": runtime.NumCPU(), "execution": execution,
	}, "", "  ")
}

func randomID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// jobName is the name of the job on a cluster: the same for every start on one output, so that
// Dataflow, which takes one job of a name at a time, refuses a second one.
func (l *launch) jobName() string {
	place := sha256.Sum256([]byte(l.config.Out + "\n" + l.config.Cache + "\n" + l.config.Split))
	return "premix-" + strings.ReplaceAll(l.config.Name+"-"+l.config.Split, "_", "-") + "-" + hex.EncodeToString(place[:4])
}
