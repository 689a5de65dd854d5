package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// TestTracker follows a job that is made up through two stages.
func TestTracker(t *testing.T) {
	var k tracker
	for _, test := range []struct {
		stage          string
		at             int // seconds
		done, total    int64
		bytes          int64
		rate, byteRate float64
		eta            time.Duration // −1: unknown
		line           string
	}{
		{"peaks", 2, 0, 0, 0, -1, -1, -1, "peaks  0 images  0s"},
		{"peaks", 3, 0, 0, 0, 0, 0, -1, "peaks  0 images  1s"},
		{"peaks", 12, 100, 0, 5e6, 10, 5e5, -1, "peaks  100 images  10 images/s  500 kB/s  10s"},
		{"peaks", 22, 200, 1000, 1e7, 10, 5e5, 80 * time.Second, "peaks  20%  200 of 1000 images  10 images/s  500 kB/s  1m20s left  20s"},
		{"peaks", 42, 800, 1000, 1e7, 700 / 30.0, 5e6 / 30.0, 8571428571, "peaks  80%  800 of 1000 images  23 images/s  167 kB/s  9s left  40s"},
		{"peaks", 80, 1010, 1000, 1e7, 210 / 38.0, 0, -1, "peaks 100%  1010 of 1000 images  5.5 images/s  1m18s"}, // the total was an estimate
		{"mix", 90, 500, 1009, 1e6, 50, 1e5, 10180 * time.Millisecond, "mix    49%  500 of 1009 samples  50 samples/s  100 kB/s  10s left  10s"},
		{"mix", 100, 400, 1009, 1e6, 20, 5e4, 30450 * time.Millisecond, "mix    39%  400 of 1009 samples  20 samples/s  50 kB/s  30s left  20s"}, // a part is made again
	} {
		unit := map[string]string{"peaks": "images", "mix": "samples"}[test.stage]
		f, ended := k.look(test.stage, unit, count{at: time.Duration(test.at) * time.Second, done: test.done, total: test.total, bytes: test.bytes})
		if begins := test.at == 90; begins != (ended != nil) {
			t.Fatalf("at %d s: %v has ended", test.at, ended)
		}
		if ended != nil {
			if left, ok := ended.eta(); !ok || left != 0 {
				t.Errorf("%v left (%v) of a stage that has ended", left, ok)
			}
			if want := "peaks: 1010 images in 1m18s, 13 images/s, 128 kB/s"; ended.sentence() != want || ended.total != 1010 {
				t.Errorf("%q of %d, want %q", ended.sentence(), ended.total, want)
			}
		}
		left, ok := f.eta()
		if ok != (test.eta >= 0) || ok && left.Round(time.Millisecond) != test.eta.Round(time.Millisecond) || f.rate != test.rate || f.byteRate != test.byteRate {
			t.Errorf("%s at %d s: rate %v, %v bytes/s, %v left (%v); want %v, %v, %v", test.stage, test.at, f.rate, f.byteRate, left, ok, test.rate, test.byteRate, test.eta)
		}
		rest, whole := f.fit(1000)
		if got := f.head() + rest; got != test.line || !whole {
			t.Errorf("%s at %d s: %q, want %q", test.stage, test.at, got, test.line)
		}
	}
}

// TestRateOfResume wants rates and the time left to go by what a run does, and not by what it found.
func TestRateOfResume(t *testing.T) {
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	var k tracker
	k.look("mix", "samples", count{total: 1000})
	for _, test := range []struct {
		at, done, before, found int
		line                    string
	}{
		{5, 500, 500, 0, "mix    50%  500 of 1000 samples  5s"}, // nothing was made yet
		{10, 600, 500, 0, "mix    60%  600 of 1000 samples  10 samples/s  40s left  10s"},
		{40, 900, 700, 0, "mix    90%  900 of 1000 samples  3.3 samples/s  30s left  40s"}, // 200 more were found
		{40, 900, 700, 790, "mix    90%  900 of 1000 samples  3.3 samples/s  3s left  40s"},
		{40, 900, 700, 900, "mix    90%  900 of 1000 samples  3.3 samples/s  0s left  40s"},
	} {
		now, _ := k.look("mix", "samples", count{at: at(test.at), done: int64(test.done), before: int64(test.before), found: int64(test.found), total: 1000})
		if got := now.line(); got != test.line {
			t.Errorf("%q, want %q", got, test.line)
		}
	}
	if got, want := k.end(at(50)).sentence(), "mix: 900 samples (700 were there before) in 50s, 4.0 samples/s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}

	// A local job takes the counts of its stages.
	p := &progress{job: &launch.Job{Start: time.Unix(1e9, 0), Config: &pipeline.Config{Runner: "direct"}}}
	p.lookHere(stage.Progress{}, 0)
	if now, _ := p.lookHere(stage.Progress{Images: 20, CachedImages: 400}, at(10)); now.rate != 2 || now.done != 420 {
		t.Errorf("%+v, want 420 images at 2 a second", now)
	}
	planned := p.job.Start.Add(at(10))
	p.lookHere(stage.Progress{Images: 20, CachedImages: 400, Planned: 420, PlannedAt: planned}, at(10))
	if now, _ := p.lookHere(stage.Progress{Planned: 420, PlannedAt: planned, Mixed: 220, KeptSamples: 200}, at(20)); now.rate != 2 || now.done != 220 {
		t.Errorf("%+v, want 220 samples at 2 a second", now)
	}

	// On a cluster the first look at a stage finds what was there.
	c := &progress{job: p.job}
	for i, look := range []struct{ done, before int64 }{{30, 30}, {36, 30}, {20, 20}, {25, 20}} {
		if before := c.before("peaks", look.done); before != look.before {
			t.Errorf("look %d: %d of %d were there before, want %d", i, before, look.done, look.before)
		}
		c.track.look("peaks", "chunks", count{at: at(i), done: look.done, before: c.before("peaks", look.done)})
	}
}

// TestStageChange wants a local stage to end, and the next one to begin, when the gate has planned, and not at a look.
func TestStageChange(t *testing.T) {
	start := time.Unix(1e9, 0)
	at := func(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
	for _, test := range []struct {
		planned, looked float64 // seconds since the start
		began, rate     float64 // of mix
		ended, peaks    float64 // when the peaks did, and their rate
	}{
		{6, 8, 6, 15, 6, 4}, // 20 new images in 5 s, 30 samples in 2 s
		{8.5, 8, 8.5, -1, 8.5, 20 / 7.5},
		{0.5, 8, 1, 30 / 7.0, 1, -1}, // a clock that was set back
	} {
		p := &progress{job: &launch.Job{Start: start, Config: &pipeline.Config{Runner: "direct"}}}
		if now, ended := p.lookHere(stage.Progress{}, at(1)); now.stage != "peaks" || ended != nil {
			t.Fatalf("%v, and %v has ended", now, ended)
		}
		counts := stage.Progress{Images: 20, CachedImages: 40, Planned: 60, PlannedShards: 2, Mixed: 30, PlannedAt: start.Add(at(test.planned))}
		now, ended := p.lookHere(counts, at(test.looked))
		if ended == nil || !ended.ended || ended.stage != "peaks" || ended.done != 60 || ended.at != at(test.ended) || ended.rate != test.peaks {
			t.Errorf("planned at %v s: %+v has ended, want at %v s with the rate %v", test.planned, ended, test.ended, test.peaks)
		}
		if now.stage != "mix" || now.began != at(test.began) || now.rate != test.rate || now.elapsed() < 0 {
			t.Errorf("planned at %v s: %+v, want from %v s with the rate %v", test.planned, now, test.began, test.rate)
		}
	}
}

// TestFit wants that a line has what fits, and what matters most in any case.
func TestFit(t *testing.T) {
	f := figures{stage: "peaks", unit: "images", count: count{at: time.Hour, done: 576000, total: 1281167, bytes: 1, failed: 12}, rate: 345.4, byteRate: 38.2e6}
	for _, test := range []struct {
		columns int
		want    string
	}{
		{110, "  576000 of 1281167 images  345 images/s  38 MB/s  12 failed  34m2s left  1h0m0s"},
		{60, "  345 images/s  38 MB/s  12 failed  34m2s left  1h0m0s"},
		{53, "  345 images/s  38 MB/s  12 failed  34m2s left"},
		{40, "  345 images/s  12 failed  34m2s left"},
		{29, "  345 images/s  34m2s left"},
		{13, "  34m2s left"},
		{11, ""},
	} {
		if got, _ := f.fit(test.columns); got != test.want {
			t.Errorf("%d columns: %q, want %q", test.columns, got, test.want)
		}
	}
	slow := figures{stage: "peaks", unit: "chunks", count: count{at: time.Minute, done: 1}, rate: 1 / 60.0, byteRate: -1, note: "(scan, peaks, 2 repeated after a fault)"}
	if got, want := slow.sentence(), "peaks: 1 chunk in 1m0s, 1.0 chunks/min"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, _ := slow.fit(80); got != "  1 chunk  1.0 chunks/min  1m0s  (scan, peaks, 2 repeated after a fault)" {
		t.Errorf("%q", got)
	}
	sampled := figures{stage: "mix", unit: "shards", count: count{at: time.Minute, done: 24000, total: 40000}, rate: -1, byteRate: -1, about: true, note: "(mix)"}
	if got, _ := sampled.fit(80); got != "  about 24000 of 40000 shards  1m0s  (mix)" {
		t.Errorf("%q", got)
	}
	sampled.ended = true
	if got := sampled.sentence(); got != "mix: about 24000 shards in 1m0s" {
		t.Errorf("%q", got)
	}
	for columns := range 120 {
		if got, _ := f.fit(columns); utf8.RuneCountInString(got) > columns {
			t.Errorf("%d columns: %q has %d", columns, got, len(got))
		}
	}
}

// TestProgressSchema holds what programs read: a change here is one of docs/cli.md, and perhaps of progressSchema.
func TestProgressSchema(t *testing.T) {
	var b bytes.Buffer
	line := func(event any) {
		text, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(text, '\n'))
	}
	line(startEvent{Event: "start", Schema: progressSchema, Version: "1.2.3", Run: "0123456789abcdef", Runner: "direct", Stages: []string{"peaks", "mix"}, ElapsedS: 0.25})
	peaks := figures{stage: "peaks", unit: "images", count: count{at: 10250 * time.Millisecond, done: 300, bytes: 2e6, failed: 3}, began: 250 * time.Millisecond, rate: 30, byteRate: 2e5}
	line(newStageEvent(&peaks, nil))
	peaks.total = 1200
	line(newStageEvent(&peaks, nil))
	peaks.done, peaks.ended = 1200, true
	line(newStageEvent(&peaks, nil))
	cluster := clusterProgress{}
	line(newStageEvent(&figures{stage: "peaks", unit: "chunks", rate: -1, byteRate: -1, count: count{at: time.Second, failed: -1}}, &cluster))
	cluster.status = runners.Status{State: "RUNNING", Steps: []runners.Step{{Name: "transforms.Mix/x", Status: "RUNNING"}}, Faults: 2}
	line(newStageEvent(&figures{stage: "mix", unit: "shards", rate: 0.5, count: count{at: time.Minute, done: 8, total: 64, failed: -1}, about: true}, &cluster))
	n, f, faults := int64(1), 0.5, 2
	line(endEvent{Event: "end", Status: "done", ElapsedS: 60, Summary: summaryFields{
		Images: &n, Cached: &n, Failed: &n, Planned: &n, Mixed: &n, Shards: &n, PlannedShards: &n, Bytes: &n, Repeated: &n, WaitedS: &f,
		Outputs: []outputFields{{Output: "/out", Format: "webdataset", Split: "train", Replicas: 1, Samples: 1, Shards: 1, Bytes: 1, Classes: 1, Entries: 4, Good: 1, Ignored: 1, Excluded: 1, Failed: 1}},
	}})
	message := "what went wrong"
	line(endEvent{Event: "end", Status: "failed", Error: &message, ElapsedS: 60, Summary: summaryFields{Faults: &faults, Outputs: []outputFields{}}})
	golden.Equal(t, "progress.jsonl", b.Bytes())
}

// TestEndStatus tells the ends of a job apart.
func TestEndStatus(t *testing.T) {
	for _, test := range []struct {
		code     int
		err      error
		finished bool
		want     string
	}{
		{exitDone, nil, true, "done"},
		{exitDone, nil, false, "running"}, // --async
		{exitInterrupted, fmt.Errorf("%w", runners.ErrGoesOn), false, "running"},
		{exitInterrupted, errors.New("cancelled"), false, "interrupted"},
		{exitOther, errors.New("another recipe"), false, "failed"},
	} {
		if got := endStatus(test.code, test.err, test.finished); got != test.want {
			t.Errorf("code %d, %v, finished %v: %s, want %s", test.code, test.err, test.finished, got, test.want)
		}
	}
}

// TestProgressJSON reads the lines of jobs as a program does.
func TestProgressJSON(t *testing.T) {
	dir := t.TempDir()
	job := func(args ...string) []string {
		return append(args, "--cache", filepath.Join(dir, "c"), "--progress", "json")
	}
	mix := func(more ...string) []string {
		return job(append([]string{"mix", "--in", "synth:60", "--size", "32", "--shards", "2"}, more...)...)
	}
	out, plan := filepath.Join(dir, "out"), filepath.Join(dir, "plan")
	for _, test := range []struct {
		args   []string
		code   int
		stages string // with units, and what was done of all
		end    string // status, images found, images cached, outputs
	}{
		{job("peaks", "--in", "synth:60", "--size", "32"), exitDone, "peaks images 60/60", "done 60 0 0"},
		{mix("--out", plan, "--plan-only"), exitDone, "peaks images 60/60, plan samples 60/60", "done 0 60 0"},
		{job("mix", "--plan", plan, "--out", filepath.Join(dir, "replay")), exitDone, "mix samples 60/60", "done 0 0 1"},
		{mix("--out", out, "--format", "webdataset,parquet"), exitDone, "peaks images 60/60, mix samples 60/60", "done 0 60 2"},
		{mix("--out", filepath.Join(out, "webdataset"), "--seed", "1", "--replicas", "0"), exitUsage, "", ""},
		{mix("--out", filepath.Join(dir, "bad"), "--max-bad", "0", "--truncated", "fail", "--size", "4000", "--resize", "none", "--geometry", "center"), exitBad, "", "failed 60 0 0"},
	} {
		cmd := exec.Command("premix", test.args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		cmd.Run() // its error is the exit code
		if code := cmd.ProcessState.ExitCode(); code != test.code {
			t.Errorf("premix %v: exit code %d, want %d\n%s", test.args, code, test.code, stderr.String())
			continue
		}
		stages, end := readProgress(t, stderr.String())
		if stages != test.stages || end != test.end {
			t.Errorf("premix %v: stages %q, end %q; want %q, %q", test.args, stages, end, test.stages, test.end)
		}
	}
}

// TestProgressLocked wants no line of JSON from a run that finds the lock of its output held.
func TestProgressLocked(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	args := []string{"mix", "--in", "synth:24", "--out", out, "--size", "32", "--shards", "2", "--cache", "none", "--progress", "json"}
	first := holdRun(t, "create", "train-000001.tar", args...)
	var stderr bytes.Buffer
	second := exec.Command("premix", args...)
	second.Stderr = &stderr
	if second.Run() == nil {
		t.Error("it did not end with an error")
	}
	lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, "lock") {
		t.Errorf("the last line is %s", last)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "premix: ") {
			t.Errorf("it prints %s", line)
		}
	}
	first.allow()
	if code, text := first.end(); code != exitDone {
		t.Errorf("the first run ends with %d\n%s", code, text)
	}
}

// readProgress reads the lines of a job, whose fields and order must be those of the schema.
func readProgress(t *testing.T, text string) (stages, end string) {
	t.Helper()
	var list, promised []string
	var at, endedAt float64
	events := ""
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var kind struct{ Event string }
		if err := json.Unmarshal([]byte(line), &kind); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		read := func(to any) {
			d := json.NewDecoder(strings.NewReader(line))
			d.DisallowUnknownFields()
			if err := d.Decode(to); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
		}
		events += kind.Event[:1]
		before := at
		switch kind.Event {
		case "start":
			var e startEvent
			read(&e)
			at, promised = e.ElapsedS, e.Stages
		case "stage":
			var e stageEvent
			read(&e)
			at = e.ElapsedS
			if began := at - e.StageS; len(list) > 0 && math.Abs(began-endedAt) > 0.002 {
				t.Errorf("the stage before ended at %v s, and this one began at %v s: %s", endedAt, began, line)
			}
			if reached := e.Total != nil && e.Done >= *e.Total; !e.Ended && reached && e.ETA != nil {
				t.Errorf("a stage with nothing left goes on, and says when it ends: %s", line)
			}
			if e.Ended {
				if e.Rate == nil || math.Abs(*e.Rate*e.StageS-float64(e.Done-e.Before)) > (*e.Rate+e.StageS)*0.001 {
					t.Errorf("the rate is not that of the whole stage: %s", line)
				}
				endedAt = at
				list = append(list, fmt.Sprintf("%s %s %d/%d", e.Stage, e.Unit, e.Done, *e.Total))
			}
			if !slices.Contains(promised, e.Stage) {
				t.Errorf("no such stage: %s", line)
			}
		case "end":
			var e endEvent
			read(&e)
			at = e.ElapsedS
			end = fmt.Sprintf("%s %d %d %d", e.Status, *e.Summary.Images, *e.Summary.Cached, len(e.Summary.Outputs))
			if (e.Status == "done") != (e.Error == nil) {
				t.Errorf("it is %s: %s", e.Status, line)
			}
		default:
			t.Errorf("no such event: %s", line)
		}
		if at < before {
			t.Errorf("the time goes back from %v s: %s", before, line)
		}
	}
	if middle := strings.Trim(events, "s"); events != "" && (middle != "e" || !strings.HasSuffix(events, "e") || len(events) < 3) {
		t.Errorf("the events are %s", events)
	}
	return strings.Join(list, ", "), end
}
