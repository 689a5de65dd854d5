package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "store" {
		if err := run(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	formats.Replace(nullFormat{})
	stage.NoPixels()
	os.Exit(m.Run())
}

// TestRequests wants the stages of a job over 10⁵ images to ask the store as often as the law of docs/scale.md says:
// once or so for each chunk, five times for each shard, and at the end for pages of names and not for shards.
func TestRequests(t *testing.T) {
	r, err := measureJob(&setup{Images: 100_000, Labels: 1000, Replicas: 2, Bad: 10_000, Runner: "stages", Latency: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]Step{}
	for _, s := range r.Steps {
		steps[s.Name] = s
	}
	const chunks, shards = 80 + 80, 2 * 128 // a container of 1,251 images is cut into two chunks
	if r.Samples < 199_900 || r.Samples >= 200_000 {
		t.Errorf("%d samples of 200,000 less failures", r.Samples)
	}
	for _, c := range []struct {
		name string
		most Requests
	}{
		{"scan", Requests{}},
		{"peaks", Requests{List: 2, Get: chunks + 10}},
		{"gate", Requests{List: 20, Get: 60, Put: 8}},
		{"rows 1/1", Requests{Get: chunks}},
		{"mix 1/1", Requests{Get: shards, Put: 4 * shards}},
		{"finish", Requests{List: 40, Get: 200, Put: 20, Delete: 10}},
	} {
		s, ok := steps[c.name]
		if q := s.Requests; !ok || q.List > c.most.List || q.Get > c.most.Get || q.Put > c.most.Put || q.Delete > c.most.Delete {
			t.Errorf("%s: %v, %+v, at most %+v", c.name, ok, q, c.most)
		}
	}
	if perRow := float64(steps["rows 1/1"].Bytes) / 200_000; perRow > 100 {
		t.Errorf("%.1f bytes a row", perRow)
	}
	if perChunk := steps["gate"].Bytes / chunks; perChunk > 2500 {
		t.Errorf("the gate hands on %d bytes a chunk", perChunk)
	}
}

// TestRunners runs the whole job in Beam.
func TestRunners(t *testing.T) {
	for _, runner := range []string{runners.Direct, runners.Prism} {
		r, err := measureJob(&setup{Images: 5000, Labels: 100, Replicas: 3, Shards: 4, Runner: runner, Latency: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if q := r.Steps[1].Requests; q.Put == 0 {
			t.Errorf("%s: %+v", runner, q)
		}
	}
}
