package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// progress prints how far a job is: one line that is rewritten on a terminal, a line every few seconds
// elsewhere, JSON lines for programs.
type progress struct {
	app    *app
	job    *launch.Job
	mode   string
	done   chan struct{}
	wg     sync.WaitGroup
	width  int                            // of the line on the terminal
	status atomic.Pointer[runners.Status] // of a cluster
}

// Began starts the printing.
func (p *progress) Began(j *launch.Job) {
	p.job, p.done = j, make(chan struct{})
	if p.mode == "auto" {
		p.mode = "plain"
		if isTerminal(p.app.terminal) {
			p.mode = "terminal"
		}
	}
	every := 10 * time.Second
	switch p.mode {
	case "terminal":
		every = 200 * time.Millisecond
	case "json":
		every = time.Second
	case "none":
		return
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
	p.wg.Wait()
	if p.mode == "terminal" && p.width > 0 {
		fmt.Fprintf(p.app.terminal, "\r%s\r", strings.Repeat(" ", p.width))
	}
	if p.mode == "json" {
		p.tell()
	}
}

func (p *progress) tell() {
	now := stage.ReadProgress()
	w := p.app.stderr
	elapsed := time.Since(p.job.Start)
	line := progressLine(now, p.job.Expected(), elapsed)
	fields := map[string]any{
		"elapsed_s": elapsed.Seconds(), "images": now.Images, "cached": now.CachedImages, "bad": now.Bad,
		"planned": now.Planned, "mixed": now.Mixed, "shards": now.Shards, "planned_shards": now.PlannedShards, "bytes": now.Bytes,
		"store_repeated": now.Waits.Repeated(), "store_waited_s": now.Waits.Waited.Seconds(),
	}
	if p.job.OnCluster() {
		var status runners.Status
		if s := p.status.Load(); s != nil {
			status = *s
		}
		ctx, stop := context.WithTimeout(context.Background(), 2*clusterEvery)
		defer stop()
		c := clusterProgress{status, p.job.Count(ctx)}
		line, fields = c.line(elapsed), c.fields(elapsed)
	}
	switch p.mode {
	case "json":
		text, _ := json.Marshal(fields)
		fmt.Fprintln(w, printable.JSON(string(text)))
	case "terminal":
		line = printable.Line(line)
		pad := max(0, p.width-len([]rune(line)))
		fmt.Fprintf(p.app.terminal, "\r%s%s", line, strings.Repeat(" ", pad))
		p.width = len([]rune(line))
	default:
		fmt.Fprintln(w, "premix: "+printable.Line(line))
	}
}

// progressLine says in one line how far the job is.
func progressLine(p stage.Progress, expected int64, elapsed time.Duration) string {
	bad := ""
	if p.Bad > 0 {
		bad = fmt.Sprintf(", %d bad", p.Bad)
	}
	seconds := max(elapsed.Seconds(), 0.001)
	if p.Planned == 0 {
		done := p.Images + p.CachedImages
		of := ""
		if expected > 0 {
			of = fmt.Sprintf(" of %d", expected)
		}
		return fmt.Sprintf("peaks  %d%s images%s  %.0f images/s", done, of, bad, float64(done)/seconds)
	}
	return fmt.Sprintf("mix  %d of %d samples, %d of %d shards%s  %3.0f %%", p.Mixed, p.Planned, p.Shards, p.PlannedShards, bad, 100*float64(p.Mixed)/float64(p.Planned))
}
