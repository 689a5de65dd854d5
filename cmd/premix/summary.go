package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// completeLine says of a finished output which run made it.
func completeLine(ctx context.Context, dir, format string, m *dataset.Manifest) string {
	made := ""
	if run, err := dataset.LoadRun(ctx, dir, m.Shape.Split); err == nil && !run.Started.IsZero() {
		made = printable.Sprintf("; the last run began %s on %s", run.Began(), run.Host)
	}
	return printable.Sprintf("already complete: %s (%s, split %s)%s", shortPath(dir), format, m.Shape.Split, made)
}

// summarizeComplete prints what is in outputs that an earlier run has completed.
func summarizeComplete(ctx context.Context, a *app, j *launch.Job) error {
	w := a.stdout
	for i, place := range j.Config.Places() {
		dir, format := place.Dir, place.Format
		printable.Fprintf(w, "%s\n", completeLine(ctx, dir, format, j.Complete[i]))
		tellSize(w, j, j.Complete[i], format)
		tellSamples(w, j, j.Complete[i], dir, format)
	}
	if err := tellLabels(ctx, a, j, j.Config.OutputDirs()[0]); err != nil {
		return err
	}
	if err := tellCounts(ctx, a, j, j.Config.OutputDirs()[0]); err != nil {
		return err
	}
	_, err := printable.Fprintf(w, "nothing was done: the files of the input have the same names, sizes and times as then\nlook     premix inspect %s\n", shortPath(j.Config.Out))
	return err
}

// summarize prints what a job did.
func summarize(ctx context.Context, a *app, j *launch.Job) error {
	w := a.stdout
	now := stage.ReadProgress()
	waits := describeWaits(now.Waits)
	if j.Options.PeaksOnly && j.OnCluster() {
		_, err := printable.Fprintf(w, "cache    %s\n%stime     %.1f s\n", j.Description.Cache.URI, printable.Made(waits), time.Since(j.Start).Seconds())
		return err
	}
	if j.Options.PeaksOnly {
		printable.Fprintf(w, "peaks    %d images, %d of them from the cache, %d failed\ncache    %s\n%s", now.Images+now.CachedImages, now.CachedImages, now.Bad, j.Description.Cache.URI, printable.Made(waits))
		return nil
	}
	if !j.OnCluster() {
		printable.Fprintf(w, "peaks    %d computed, %d from the cache", now.Images, now.CachedImages)
		if n := now.ByStatus[stage.Adopted]; n > 0 {
			printable.Fprintf(w, " (%s moved or touched, and the same)", printable.Count(n, "chunk"))
		}
		fmt.Fprintln(w)
	}
	if j.Config.KeepCrops {
		printable.Fprintf(w, "crops    %d read from the cache\n", now.KeptCrops)
	}
	for _, uri := range now.DamagedCrops {
		a.say("warning: %s was damaged: it was removed, and its images were decoded again", uri)
	}
	for _, k := range j.Kept {
		printable.Fprintf(w, "%s\n", completeLine(ctx, k.Dir, k.Format, k.Manifest))
	}
	for _, place := range j.Config.Places() {
		summary := summarizeOutput
		if j.Config.PlanOnly {
			summary = summarizePlan
		}
		if err := summary(ctx, w, j, place.Dir, place.Format); err != nil {
			return err
		}
	}
	if err := tellLabels(ctx, a, j, j.Config.OutputDirs()[0]); err != nil {
		return err
	}
	if err := tellCounts(ctx, a, j, j.Config.OutputDirs()[0]); err != nil {
		return err
	}
	_, err := printable.Fprintf(w, "%stime     %.1f s\nlook     premix inspect %s\n", printable.Made(waits), time.Since(j.Start).Seconds(), shortPath(j.Config.Out))
	return err
}

// summarizeOutput prints what is in a finished output.
func summarizeOutput(ctx context.Context, w io.Writer, j *launch.Job, dir, format string) error {
	m, err := dataset.LoadManifest(ctx, dir, j.Config.Split)
	if err != nil {
		return err
	}
	printable.Fprintf(w, "output   %s (%s, split %s)\n", shortPath(dir), format, j.Config.Split)
	tellSize(w, j, m, format)
	if err := summarizeShards(ctx, w, j, dir); err != nil {
		return err
	}
	tellSamples(w, j, m, dir, format)
	return nil
}

// tellSize prints how much an output holds.
func tellSize(w io.Writer, j *launch.Job, m *dataset.Manifest, format string) {
	var shards, samples, bytes int64
	for _, r := range m.Replicas {
		shards += int64(len(r.Shards))
		samples += r.Samples
		bytes += r.Bytes
	}
	printable.Fprintf(w, "samples  %d in %s, %s, %s\n", samples, printable.Count(shards, "shard"), dataset.Bytes(bytes), printable.Count(int64(m.Shape.Classes.Count), "class"))
	tellStream(w, j.Config, m, format)
}

// tellSamples prints how the samples of an output were made, and from what.
func tellSamples(w io.Writer, j *launch.Job, m *dataset.Manifest, dir, format string) {
	tellReplicas(w, j, m, format)
	for _, s := range m.Statistics {
		if s.Mixed > 0 {
			printable.Fprintf(w, "mixed    %d by %s, mean λ %.4f drawn, %.4f final\n", s.Mixed, s.Method, float64(s.LamDrawn.Mean), float64(s.Lam.Mean))
		}
	}
	if j.Config.Pair == string(mix.DifferentClass) {
		summarizePairs(w, m)
	}
	c := m.Counts
	printable.Fprintf(w, "input    %s: %d good, %d ignored, %d excluded, %d failed", printable.Count(c.Entries, "entry"), c.Good, c.Ignored, c.Excluded, c.Failed)
	if c.Failed > 0 {
		printable.Fprintf(w, " (%s)", shortPath(dataset.Meta(dir, j.Config.Split, dataset.FailuresFile)))
		if text := c.Lost.Text(); text != "" {
			printable.Fprintf(w, ", %s among them", text)
		}
	}
	if n := int64(len(j.Catalog.NotChosen)); n > 0 {
		printable.Fprintf(w, "; %s of other classes not opened (--classes)", printable.Count(n, "container"))
	}
	if flag := limited(j, m); flag != "" {
		fmt.Fprintf(w, "; the rest was not read (%s)", flag)
	}
	fmt.Fprintln(w)
}

// limited names the limit by which images of the input were not read; empty if all were, as far as is known.
func limited(j *launch.Job, m *dataset.Manifest) string {
	d := j.Description
	if d.Limit > 0 && m.Counts.Good >= d.Limit {
		return "--limit"
	}
	full := len(j.Catalog.Images) == 0
	for _, n := range j.Catalog.Images {
		full = full || n > d.LimitPerClass
	}
	if d.LimitPerClass > 0 && d.StopsEarly() && full {
		return "--limit-per-class"
	}
	return ""
}

// tellStream says for how many readers there are shards where a stream gives whole shards to them. That is news
// where something is trained on, or premix has chosen the number.
func tellStream(w io.Writer, c *pipeline.Config, m *dataset.Manifest, format string) {
	chosen := c.Shards == 0 && c.SamplesPerShard == 0
	if n := m.Shape.Shards; format == "webdataset" && (chosen && n > 1 || mixes(c)) {
		printable.Fprintf(w, "stream   %s per replica: enough for %s (ranks × loader workers)\n", printable.Count(n, "shard"), printable.Count(n, "reader"))
	}
}

// mixes reports whether a method of the job, in any variant, is another one than none.
func mixes(c *pipeline.Config) bool {
	return slices.ContainsFunc(c.EachPart(), func(p *pipeline.Config) bool { return p.Method != mix.None })
}

// summarizeShards says what became of the shards that were there before, if they were rechecked or some
// were damaged.
func summarizeShards(ctx context.Context, w io.Writer, j *launch.Job, dir string) error {
	run, err := dataset.LoadRun(ctx, dir, j.Config.Split)
	if err != nil {
		return err
	}
	n := run.Shards
	if j.Config.Recheck || n.Anew > 0 {
		fmt.Fprintf(w, "shards   %d kept, %d damaged and rewritten, %d new\n", n.Kept, n.Anew, n.New)
	}
	return nil
}

// tellReplicas says which names the replicas have where some were added to one without a number: patterns of
// readers may have become too loose.
func tellReplicas(w io.Writer, j *launch.Job, m *dataset.Manifest, format string) {
	f, err := formats.ByName(format)
	if err != nil || j.Config.FirstReplica+j.Config.Replicas < 2 {
		return
	}
	list := m.Patterns(f)
	loose := dataset.LoosePattern(list)
	if loose == "" {
		return
	}
	printable.Fprintf(w, "replicas %d: %s is replica 0, %s is replica %d", len(list), list[0].Exact, list[1].Exact, list[1].Replica)
	if len(list) > 2 {
		fmt.Fprint(w, ", …")
	}
	printable.Fprintf(w, "; a looser pattern such as %s matches all of them\n", loose)
}

// summarizePairs says how many pairs could not be of different classes.
func summarizePairs(w io.Writer, m *dataset.Manifest) {
	var same, all int64
	for _, s := range m.Statistics {
		if mix.Pairs(s.Method) {
			same, all = same+s.SameClass, all+s.Mixed
		}
	}
	if same == 0 {
		printable.Fprintf(w, "pairs    all %d are of different classes\n", all)
		return
	}
	printable.Fprintf(w, "pairs    %d of %d are of one class: their shards have more images of it than of all others\n", same, all)
}

// summarizePlan prints what is planned of an output.
func summarizePlan(ctx context.Context, w io.Writer, j *launch.Job, dir, _ string) error {
	m, err := dataset.LoadPlanned(ctx, dir, j.Config.Split)
	if err != nil {
		return err
	}
	shards := 0
	for _, r := range m.Replicas {
		shards += len(r.Shards)
	}
	_, err = printable.Fprintf(w, "plan     %s\nsamples  %d in %s, %s; no pixels were written (--plan-only)\nmake     premix mix --plan %s --out FOLDER\n",
		shortPath(dataset.Meta(dir, j.Config.Split, dataset.PlanDir)), m.Counts.Samples, printable.Count(int64(shards), "shard"), printable.Count(int64(m.Shape.Classes.Count), "class"), shortPath(dir))
	return err
}

// shortPath is a path relative to the working directory if that is shorter.
func shortPath(p string) string {
	wd, err := os.Getwd()
	if err != nil {
		return p
	}
	rel, err := filepath.Rel(wd, p)
	if err != nil || len(rel) >= len(p) || strings.HasPrefix(rel, "..") {
		return p
	}
	return rel
}
