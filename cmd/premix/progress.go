package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// A progress reporter tells how far the job is: one line that is rewritten on a terminal, plain
// lines now and then elsewhere, JSON lines for programs.
type progress struct {
	l      *launch
	mode   string
	every  time.Duration
	done   chan struct{}
	wg     sync.WaitGroup
	width  int                            // of the line on the terminal
	status atomic.Pointer[runners.Status] // of a cluster
}

func startProgress(l *launch) *progress {
	p := &progress{l: l, mode: l.flags.progress, done: make(chan struct{})}
	if p.mode == "auto" {
		p.mode = "plain"
		if f, ok := l.app.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			p.mode = "terminal"
		}
	}
	p.every = 10 * time.Second
	switch p.mode {
	case "terminal":
		p.every = 200 * time.Millisecond
	case "json":
		p.every = time.Second
	case "none":
		return p
	}
	if l.onCluster() {
		// Every look lists the output, perhaps in a store.
		p.every = max(p.every, clusterEvery)
	}
	p.wg.Go(func() {
		tick := time.NewTicker(p.every)
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
	return p
}

// clusterEvery is the least time between two looks at a job on a cluster.
const clusterEvery = 3 * time.Second

// cluster takes what a cluster tells of the job.
func (p *progress) cluster(s runners.Status) { p.status.Store(&s) }

// stop ends the reporter and clears its line.
func (p *progress) stop() {
	close(p.done)
	p.wg.Wait()
	if p.mode == "terminal" && p.width > 0 {
		fmt.Fprintf(p.l.app.stderr, "\r%s\r", strings.Repeat(" ", p.width))
	}
	if p.mode == "json" {
		p.tell()
	}
}

func (p *progress) tell() {
	now := stage.ReadProgress()
	w := p.l.app.stderr
	elapsed := time.Since(p.l.start)
	line := progressLine(now, p.l.expected(), elapsed)
	fields := map[string]any{
		"elapsed_s": elapsed.Seconds(), "images": now.Images, "cached": now.CachedImages, "bad": now.Bad,
		"planned": now.Planned, "mixed": now.Mixed, "shards": now.Shards, "planned_shards": now.PlannedShards, "bytes": now.Bytes,
	}
	if p.l.onCluster() {
		var status runners.Status
		if s := p.status.Load(); s != nil {
			status = *s
		}
		ctx, stop := context.WithTimeout(context.Background(), 2*clusterEvery)
		defer stop()
		c := p.l.count(ctx, status)
		line, fields = c.line(elapsed), c.fields(elapsed)
	}
	switch p.mode {
	case "json":
		text, _ := json.Marshal(fields)
		fmt.Fprintf(w, "%s\n", text)
	case "terminal":
		pad := max(0, p.width-len([]rune(line)))
		fmt.Fprintf(w, "\r%s%s", line, strings.Repeat(" ", pad))
		p.width = len([]rune(line))
	default:
		fmt.Fprintln(w, "premix: "+line)
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

// summary prints what the job did.
func (l *launch) summary(ctx context.Context) error {
	w := l.app.stdout
	now := stage.ReadProgress()
	if l.peaksOnly && l.onCluster() {
		_, err := fmt.Fprintf(w, "cache    %s\ntime     %.1f s\n", l.job.Cache.URI, time.Since(l.start).Seconds())
		return err
	}
	if l.peaksOnly {
		fmt.Fprintf(w, "peaks    %d images, %d of them from the cache, %d bad\ncache    %s\n", now.Images+now.CachedImages, now.CachedImages, now.Bad, l.job.Cache.URI)
		return nil
	}
	if runners.Local(l.config.Runner) {
		fmt.Fprintf(w, "peaks    %d computed, %d from the cache", now.Images, now.CachedImages)
		if n := now.ByStatus[stage.Adopted]; n > 0 {
			fmt.Fprintf(w, " (%s moved or touched, and the same)", plural(n, "chunk"))
		}
		fmt.Fprintln(w)
	}
	for i, dir := range l.config.OutputDirs() {
		summarize := l.summarizeOutput
		if l.config.PlanOnly {
			summarize = l.summarizePlan
		}
		if err := summarize(ctx, w, dir, l.config.Formats[i]); err != nil {
			return err
		}
	}
	if err := l.tellCounts(ctx, l.config.OutputDirs()[0]); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "time     %.1f s\nlook     premix inspect %s\n", time.Since(l.start).Seconds(), shortPath(l.config.Out))
	return err
}

// plural counts things.
func plural(n int64, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return fmt.Sprintf("%d %ses", n, thing)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
