package launch

import (
	"context"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/pipeline"
)

// TestForecast compares what a trial says of an output with the output. The trial sees all images of the small
// sets, and some of the larger one.
func TestForecast(t *testing.T) {
	defer func(d time.Duration) { trialTime = d }(trialTime)
	trialTime = time.Hour
	for _, test := range []struct {
		name  string
		in    string
		set   func(*pipeline.Config)
		exact bool // the trial mixes all images
	}{
		{"webdataset", "synth:150", func(*pipeline.Config) {}, true},
		{"dense tfrecord", "synth:150", func(c *pipeline.Config) { c.LabelForm, c.Formats = "dense", []string{"tfrecord"} }, true},
		{"parquet and tfds, two replicas", "synth:150", func(c *pipeline.Config) { c.Formats, c.Replicas = []string{"parquet", "tfds"}, 2 }, true},
		{"some of the images", "synth:600", func(*pipeline.Config) {}, false},
		{"a limit", "synth:5000", func(c *pipeline.Config) { c.Limit = 300 }, false},
		{"large pictures", "synth:40", func(c *pipeline.Config) { c.Size.H, c.Size.W = 1100, 1100 }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			c := pipeline.Default()
			c.In, c.Out, c.Cache, c.Shards = []string{test.in}, filepath.Join(dir, "out"), filepath.Join(dir, "cache"), 1
			c.Size.H, c.Size.W = 48, 48
			test.set(&c)
			job, err := Prepare(t.Context(), c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			trial, err := job.Try(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if files := tree(t, dir); len(files) > 1 { // the folder itself
				t.Fatalf("a trial wrote %v", files)
			}
			if trial.Images == 0 || trial.Images > trialImages || trial.Bad > 0 {
				t.Fatalf("%d images were tried, %d are bad", trial.Images, trial.Bad)
			}
			f := job.Forecast(t.Context(), trial)
			if _, err := job.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for i, dir := range job.Config.OutputDirs() {
				m, err := dataset.LoadManifest(t.Context(), dir, "train")
				if err != nil {
					t.Fatal(err)
				}
				records, err := dataset.Records(t.Context(), dir, "train")
				if err != nil {
					t.Fatal(err)
				}
				bytes := 0.0
				for _, r := range records {
					bytes += float64(r.Bytes + r.IndexBytes + r.PlanBytes)
				}
				if f.Samples != m.Counts.Samples || f.Shards != m.Shape.Shards {
					t.Errorf("forecast %d samples in %d shards, got %d in %d", f.Samples, f.Shards, m.Counts.Samples, m.Shape.Shards)
				}
				room := 0.02 * bytes // names and keys have other lengths
				if !test.exact {
					room = 0.04*bytes + f.Out[i].Error
				}
				if math.Abs(f.Out[i].Mean-bytes) > room {
					t.Errorf("%s: forecast %.0f ± %.0f bytes, got %.0f", job.Config.Formats[i], f.Out[i].Mean, f.Out[i].Error, bytes)
				}
				t.Logf("%s: %d tried; forecast %.0f ± %.0f bytes, got %.0f", job.Config.Formats[i], trial.Images, f.Out[i].Mean, f.Out[i].Error, bytes)
			}
		})
	}
}

// TestTryStops wants a trial to end with its context, and jobs without images to have none to try.
func TestTryStops(t *testing.T) {
	dir := t.TempDir()
	c := pipeline.Default()
	c.In, c.Out, c.Cache = []string{"synth:50"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	job, err := Prepare(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := job.Try(ctx); err == nil {
		t.Error("a trial goes on after its context has ended")
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := Prepare(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if again.Complete == nil {
		t.Error("a finished job is not complete")
	}
	if trial, err := again.Try(t.Context()); err != nil || trial.Images != 0 {
		t.Errorf("a finished job tried %d images: %v", trial.Images, err)
	}
}
