package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// The values of --progress.
const (
	progressAuto  = "auto"
	progressBar   = "bar"
	progressPlain = "plain"
	progressJSON  = "json"
	progressNone  = "none"
)

var progressModes = []string{progressAuto, progressBar, progressPlain, progressJSON, progressNone}

// progress prints how far a job is: a line for each stage that is redrawn on a terminal, a line every few
// seconds elsewhere, JSON lines for programs.
type progress struct {
	app    *app
	job    *launch.Job
	mode   string
	done   chan struct{}
	wg     sync.WaitGroup
	status atomic.Pointer[runners.Status] // of a cluster
	track  tracker
	bar    *bar
	// What the last look at a cluster found; nothing of a local job.
	cluster clusterProgress
	counter *launch.Counter
	next    time.Time       // when the cluster is looked at again
	looking context.Context // of looks at the cluster
	stop    func()          // ends it
	outputs []outputFields  // of a job that is finished
}

// Began starts the printing.
func (p *progress) Began(j *launch.Job) {
	p.job, p.done = j, make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	p.looking, p.stop = ctx, stop
	switch {
	case p.mode != progressAuto && p.mode != progressBar:
	case p.app.screen != nil:
		p.mode = progressBar
	default:
		p.mode = progressPlain
	}
	every := 10 * time.Second
	switch p.mode {
	case progressBar:
		every = 200 * time.Millisecond
	case progressJSON:
		every = time.Second
		p.print(p.start())
	case progressNone:
		return
	}
	if p.mode != progressPlain {
		p.tell()
	}
	if j.OnCluster() {
		// Every look lists the output, perhaps in a store.
		every = max(every, clusterEvery)
	}
	p.wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.tell()
			case <-p.done:
				return
			}
		}
	})
}

// clusterEvery is the least time between two looks at a job on a cluster.
const clusterEvery = 3 * time.Second

// Status takes what a cluster says of the job.
func (p *progress) Status(s runners.Status) { p.status.Store(&s) }

// Ended stops the printing and clears the line.
func (p *progress) Ended() {
	close(p.done)
	p.stop()
	p.wg.Wait()
	ctx, stop := context.WithTimeout(context.Background(), 2*clusterEvery)
	defer stop()
	p.looking, p.next = ctx, time.Time{}
	if p.mode == progressBar || p.mode == progressJSON {
		p.tell() // a stage may have ended since
	}
	if p.bar != nil {
		p.bar.stop()
	}
}

// Finished says what the last stage came to.
func (p *progress) Finished(ctx context.Context, j *launch.Job) (err error) {
	if p.mode == progressBar || p.mode == progressJSON {
		f := p.track.end(time.Since(p.job.Start))
		f.about = p.job.OnCluster() && p.cluster.About
		p.tellEnd(f)
	}
	if p.mode == progressJSON {
		p.outputs, err = describeOutputs(ctx, j)
	}
	return err
}

// tell looks at the job and prints how far it is.
func (p *progress) tell() {
	elapsed := time.Since(p.job.Start)
	now, ended := p.look(elapsed)
	if ended != nil {
		p.tellEnd(ended)
	}
	switch p.mode {
	case progressPlain:
		fmt.Fprintln(p.app.stderr, "premix: "+printable.Line(now.line()))
	case progressJSON:
		p.print(p.stage(&now))
	case progressBar:
		if p.bar == nil {
			p.bar = newBar(p.app.screen, now)
		}
		p.bar.set(now)
	}
}

// tellEnd says what a stage came to.
func (p *progress) tellEnd(f *figures) {
	switch p.mode {
	case progressJSON:
		p.print(p.stage(f))
	case progressBar:
		if p.bar != nil {
			p.bar.stop()
			p.bar = nil
		}
		p.app.say("%s", f.sentence())
	}
}

// look counts what the job has done.
func (p *progress) look(elapsed time.Duration) (now figures, ended *figures) {
	if p.job.OnCluster() {
		second, about := p.secondStage(), p.cluster.About
		p.lookAtCluster()
		if c := p.cluster.Count; c.PlannedShards > 0 {
			now, ended = p.track.look(second, "shards", count{at: elapsed, done: c.Shards, before: p.before(second, c.Shards), total: c.PlannedShards, failed: -1})
		} else {
			now, ended = p.track.look("peaks", "chunks", count{at: elapsed, done: c.Chunks, before: p.before("peaks", c.Chunks), failed: -1})
		}
		what, faults := p.cluster.what()
		now.note, now.about = "("+what+faults+")", p.cluster.About
		if ended != nil {
			ended.about = about // of the last look at that stage
		}
		return now, ended
	}
	return p.lookHere(stage.ReadProgress(), elapsed)
}

// before is what a cluster had of a stage at the first look at it.
func (p *progress) before(stage string, now int64) int64 {
	if p.track.stage != stage {
		return now
	}
	return min(p.track.last.before, now) // a damaged shard loses its record
}

// lookHere takes the counts of a local job. Its peaks end, and what follows begins, when the gate has planned.
func (p *progress) lookHere(c stage.Progress, elapsed time.Duration) (now figures, ended *figures) {
	peaks := count{at: elapsed, done: c.Images + c.CachedImages, before: c.CachedImages, total: p.job.Expected(), bytes: c.ReadBytes, failed: c.Bad}
	if look := p.job.Cache; look != nil && look.By[stage.Valid] != nil {
		peaks.found = look.By[stage.Valid].Images
	}
	if c.Planned == 0 && p.job.Config.Plan == "" {
		return p.track.look("peaks", "images", peaks)
	}
	if p.track.stage == "peaks" {
		peaks.at = max(c.PlannedAt.Sub(p.job.Start), p.track.last.at)
		p.track.last = peaks // what it came to
		elapsed = max(elapsed, peaks.at)
	}
	now, ended = p.track.look(p.secondStage(), "samples", count{at: elapsed, done: c.Mixed, before: c.KeptSamples, total: c.Planned, bytes: c.MixedBytes, failed: c.Bad})
	if c.Rounds > 1 {
		now.note = fmt.Sprintf("(round %d of %d)", max(1, c.Round), c.Rounds)
	}
	return now, ended
}

// secondStage is the name of the stage that follows the peaks.
func (p *progress) secondStage() string {
	if p.job.Config.PlanOnly {
		return "plan"
	}
	return "mix"
}

func (p *progress) lookAtCluster() {
	var status runners.Status
	if s := p.status.Load(); s != nil {
		status = *s
	}
	count, start := p.cluster.Count, time.Now()
	if !start.Before(p.next) {
		ctx, stop := context.WithTimeout(p.looking, time.Minute)
		defer stop()
		if p.counter == nil {
			p.counter = p.job.Counter()
		}
		count = p.counter.Count(ctx)
		// A look asks a store for much, and may be one of many that do.
		p.next = time.Now().Add(20 * time.Since(start))
	}
	p.cluster = clusterProgress{status, count}
}
