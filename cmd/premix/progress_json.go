package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// progressSchema is that of the lines of --progress json. It changes where a field goes or gets another meaning, not
// where one is added.
const progressSchema = 1

// The lines of --progress json. docs/cli.md has the tags called doc.
type startEvent struct {
	Event    string   `json:"event" doc:"start"`
	Schema   int      `json:"schema" doc:"1; it changes where a field goes or gets another meaning, not where one is added"`
	Version  string   `json:"version" doc:"of premix"`
	Run      string   `json:"run" doc:"what tells this run from others, as in run.json"`
	Runner   string   `json:"runner" doc:"direct, prism, flink or dataflow"`
	Stages   []string `json:"stages" doc:"the stages that follow, in their order: peaks, and mix or (with --plan-only) plan; none where the outputs are complete"`
	ElapsedS float64  `json:"elapsed_s" doc:"seconds since the start of the command"`
}

type stageEvent struct {
	Event    string    `json:"event" doc:"stage"`
	Stage    string    `json:"stage" doc:"one of the stages"`
	Unit     string    `json:"unit" doc:"what is counted: images (peaks), samples (mix, plan); on a cluster chunks and shards"`
	Done     int64     `json:"done" doc:"units that are done, those found in the cache or the output included"`
	Before   int64     `json:"before" doc:"of done, what was there before: peaks in the cache, samples of shards that are kept; on a cluster, what the first look found"`
	Total    *int64    `json:"total" doc:"all units; of the images of an input an estimate until the stage has ended; null: unknown"`
	Rate     *float64  `json:"rate" doc:"units a second, without those that were there before, of the last 30 seconds, or of the whole stage when it has ended; null: unknown"`
	ByteRate *float64  `json:"bytes_per_s" doc:"bytes of images that are read (peaks) or written (mix), likewise; null on a cluster"`
	ETA      *float64  `json:"eta_s" doc:"seconds until the stage ends, at this rate; null: unknown, as where done has reached total and the stage goes on"`
	Failed   *int64    `json:"failed" doc:"images of the input that cannot be used, so far; null on a cluster"`
	StageS   float64   `json:"stage_s" doc:"seconds that the stage has taken"`
	ElapsedS float64   `json:"elapsed_s" doc:"seconds since the start of the command"`
	Ended    bool      `json:"ended" doc:"whether this is the last line of the stage"`
	Repeated int64     `json:"store_repeated" doc:"requests to stores that were repeated, so far"`
	WaitedS  float64   `json:"store_waited_s" doc:"seconds that were waited before them, so far"`
	About    *bool     `json:"about" doc:"whether done is an estimate, from a part of the names in a store: large jobs on a cluster; null of a local job"`
	State    *string   `json:"state" doc:"the cluster's word for the state of the job; null of a local job"`
	Running  *[]string `json:"running" doc:"the parts of the job that a cluster works on now; null of a local job"`
	Faults   *int      `json:"faults" doc:"failures of workers that the job went on after; null of a local job"`
}

type endEvent struct {
	Event    string        `json:"event" doc:"end"`
	Status   string        `json:"status" doc:"done, failed, interrupted, or running: the job goes on on the cluster"`
	Complete bool          `json:"already_complete" doc:"whether the outputs were complete before: nothing was done then, and start had no stages"`
	Error    *string       `json:"error" doc:"the message that the command ends with; null if it is done"`
	ElapsedS float64       `json:"elapsed_s" doc:"seconds since the start of the command"`
	Summary  summaryFields `json:"summary" doc:"below"`
}

type summaryFields struct {
	Images        *int64         `json:"images" doc:"whose peaks were found; null on a cluster, as are all fields but faults and outputs"`
	Cached        *int64         `json:"cached" doc:"images whose peaks were in the cache"`
	Failed        *int64         `json:"failed" doc:"images that cannot be used"`
	Planned       *int64         `json:"planned" doc:"samples of this run"`
	Mixed         *int64         `json:"mixed" doc:"samples that are done, those that were there included"`
	Shards        *int64         `json:"shards" doc:"shards that are done, likewise"`
	PlannedShards *int64         `json:"planned_shards" doc:"shards of this run"`
	Bytes         *int64         `json:"bytes" doc:"of the shards that were written"`
	Repeated      *int64         `json:"store_repeated" doc:"requests to stores that were repeated"`
	WaitedS       *float64       `json:"store_waited_s" doc:"seconds that were waited before them"`
	Faults        *int           `json:"faults" doc:"failures of workers that the job went on after; null of a local job"`
	Outputs       []outputFields `json:"outputs" doc:"the finished outputs, of all runs together; none of peaks, of --plan-only, and where the job is not done"`
}

type outputFields struct {
	Output   string `json:"output" doc:"the folder"`
	Format   string `json:"format" doc:"webdataset, tfrecord, tfds, array_record, parquet or mds"`
	Split    string `json:"split" doc:"name of the split"`
	Replicas int    `json:"replicas" doc:"number of replicas"`
	Samples  int64  `json:"samples" doc:"in all shards"`
	Shards   int64  `json:"shards" doc:"of all replicas"`
	Bytes    int64  `json:"bytes" doc:"of all shards"`
	Classes  int    `json:"classes" doc:"number of classes"`
	Entries  int64  `json:"entries" doc:"of the input; the next four add up to it"`
	Good     int64  `json:"good" doc:"images that are in the output"`
	Ignored  int64  `json:"ignored" doc:"files beside the images"`
	Excluded int64  `json:"excluded" doc:"images that were left out on purpose"`
	Failed   int64  `json:"failed" doc:"images that cannot be used: failures.jsonl"`
}

// complete prints the first line of --progress json for a job that has nothing to do.
func (p *progress) complete(ctx context.Context, j *launch.Job) (err error) {
	if p.mode == progressJSON {
		p.job = j
		p.print(p.start())
		p.outputs, err = describeOutputs(ctx, j)
	}
	return err
}

// print prints a line of --progress json.
func (p *progress) print(event any) {
	text, err := json.Marshal(event)
	if err != nil {
		p.app.say("--progress json: %v", err)
		return
	}
	fmt.Fprintln(p.app.stderr, printable.JSON(string(text)))
}

func (p *progress) start() startEvent {
	stages := []string{"peaks", "mix"}
	switch {
	case p.job.Complete != nil:
		stages = stages[:0]
	case p.job.Options.PeaksOnly:
		stages = stages[:1]
	case p.job.Config.PlanOnly:
		stages[1] = "plan"
	case p.job.Config.Plan != "":
		stages = stages[1:]
	}
	return startEvent{
		Event: "start", Schema: progressSchema, Version: launch.Version, Run: p.job.Description.RunID, Runner: p.job.Config.Runner,
		Stages: stages, ElapsedS: seconds(time.Since(p.job.Start)),
	}
}

// stage makes the line of a stage.
func (p *progress) stage(f *figures) stageEvent {
	var c *clusterProgress
	if p.job.OnCluster() {
		c = &p.cluster
	}
	waits := stage.ReadProgress().Waits
	e := newStageEvent(f, c)
	e.Repeated, e.WaitedS = waits.Repeated(), seconds(waits.Waited)
	return e
}

// newStageEvent makes the line of a stage; c is nil of a local job.
func newStageEvent(f *figures, c *clusterProgress) stageEvent {
	e := stageEvent{Event: "stage", Stage: f.stage, Unit: f.unit, Done: f.done, Before: f.before, StageS: seconds(f.elapsed()), ElapsedS: seconds(f.at), Ended: f.ended}
	if f.total > 0 || f.ended {
		e.Total = &f.total
	}
	if f.rate >= 0 {
		e.Rate = new(round(f.rate))
	}
	if left, ok := f.eta(); ok {
		e.ETA = new(seconds(left))
	}
	if c != nil {
		state, faults := c.status.State, c.status.Faults
		running := append([]string{}, c.running()...)
		e.State, e.Faults, e.Running, e.About = &state, &faults, &running, &f.about
		return e
	}
	e.Failed = &f.failed
	if f.byteRate >= 0 {
		e.ByteRate = new(round(f.byteRate))
	}
	return e
}

// end prints the last line of --progress json, if there was a first one. err is what the job ended with.
func (p *progress) end(ctx context.Context, err error, finished bool) {
	if p.mode != progressJSON || p.job == nil {
		return
	}
	code, message := explain(ctx, err)
	e := endEvent{Event: "end", Status: endStatus(code, err, finished), ElapsedS: seconds(time.Since(p.job.Start)), Summary: p.summary(), Complete: p.job.Complete != nil}
	if message != "" {
		e.Error = &message
	}
	p.print(e)
}

func (p *progress) summary() summaryFields {
	s := summaryFields{Outputs: append([]outputFields{}, p.outputs...)}
	if p.job.OnCluster() {
		s.Faults = &p.cluster.status.Faults
		return s
	}
	c := stage.ReadProgress()
	s.Images, s.Cached, s.Failed, s.Planned, s.Mixed = &c.Images, &c.CachedImages, &c.Bad, &c.Planned, &c.Mixed
	s.Shards, s.PlannedShards, s.Bytes = &c.Shards, &c.PlannedShards, &c.Bytes
	s.Repeated, s.WaitedS = new(c.Waits.Repeated()), new(seconds(c.Waits.Waited))
	return s
}

// describeOutputs reads what is in the finished outputs of a job.
func describeOutputs(ctx context.Context, j *launch.Job) (list []outputFields, err error) {
	if j.Options.PeaksOnly || j.Config.PlanOnly {
		return nil, nil
	}
	for _, k := range j.Kept {
		list = append(list, describeOutput(k.Dir, k.Format, k.Manifest))
	}
	for _, place := range j.Config.Places() {
		m, err := dataset.LoadManifest(ctx, place.Dir, j.Config.Split)
		if err != nil {
			return nil, err
		}
		list = append(list, describeOutput(place.Dir, place.Format, m))
	}
	return list, nil
}

// describeOutput says what a finished output holds, by its manifest.
func describeOutput(dir, format string, m *dataset.Manifest) outputFields {
	o := outputFields{
		Output: dir, Format: format, Split: m.Shape.Split, Replicas: len(m.Replicas), Classes: m.Shape.Classes.Count,
		Entries: m.Counts.Entries, Good: m.Counts.Good, Ignored: m.Counts.Ignored, Excluded: m.Counts.Excluded, Failed: m.Counts.Failed,
	}
	for _, r := range m.Replicas {
		o.Samples, o.Shards, o.Bytes = o.Samples+r.Samples, o.Shards+int64(len(r.Shards)), o.Bytes+r.Bytes
	}
	return o
}

// seconds is a duration to the millisecond.
func seconds(d time.Duration) float64 { return round(d.Seconds()) }

func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// endStatus says how a job ended.
func endStatus(code int, err error, finished bool) string {
	switch {
	case errors.Is(err, runners.ErrGoesOn) || err == nil && !finished:
		return "running"
	case code == exitInterrupted:
		return "interrupted"
	case err != nil:
		return "failed"
	}
	return "done"
}
