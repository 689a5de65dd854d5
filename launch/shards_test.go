package launch

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// TestShardsToldEarly wants too many shards to be refused before any image is read where counts tell, with the
// number that works, and nothing to be refused where they do not.
func TestShardsToldEarly(t *testing.T) {
	counted := func(n ...int64) (list []source.Container) {
		for _, k := range n {
			c := source.Container{Samples: k}
			if k > 0 {
				c.CountedBy = "a side file"
			}
			list = append(list, c)
		}
		return list
	}
	for _, tt := range []struct {
		what       string
		per        int64
		maxBad     float64
		choice     bool
		chunks     []source.Chunk
		images     map[string]int64
		containers []source.Container
		want       string
	}{
		{"counted containers", 1, 0.01, false, nil, nil, counted(150000, 50000), "--samples-per-shard 1: 200000 images would be 200000 shards for each replica, and the most is 99999: give 3 or more"},
		{"the number that it says", 3, 0.01, false, nil, nil, counted(150000, 50000), ""},
		{"one has no count", 1, 0.01, false, nil, nil, counted(200000, 0), ""},
		{"names of images", 1, 0.01, false, nil, map[string]int64{"a": 120000, "b": 100000}, nil, "give 3 or more"},
		{"listed", 10, 0.01, false, []source.Chunk{{EstImages: 1500000}, {Names: make([]string, 1000)}}, nil, nil, "--samples-per-shard 10: 1501000 images would be 150100 shards for each replica, and the most is 99999: give 16 or more"},
		{"guessed", 1, 0.01, false, []source.Chunk{{EstImages: 1500000, Guessed: true}}, nil, nil, ""},
		{"an estimate that is near", 1, 0.01, false, []source.Chunk{{EstImages: 105000}}, nil, nil, ""},
		{"half may be bad", 1, 0.5, false, []source.Chunk{{EstImages: 150000}}, nil, nil, ""},
		{"only some classes", 1, 0.01, true, nil, nil, counted(200000), ""},
		{"shards are given", 0, 0.01, false, nil, nil, counted(200000), ""},
	} {
		j := &Job{
			Config: &pipeline.Config{SamplesPerShard: tt.per, MaxBad: tt.maxBad}, chunks: tt.chunks,
			Description: &stage.Job{Catalog: stage.CatalogInfo{Choice: tt.choice}}, Catalog: &source.Catalog{Images: tt.images, Containers: tt.containers},
		}
		err := j.checkShards()
		var usage *UsageError
		if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.what, err, tt.want)
		}
	}
	c := pipeline.Default()
	c.In, c.Out, c.Cache = []string{"synth:300000"}, filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "cache")
	c.SamplesPerShard = 2
	if _, err := Prepare(t.Context(), c, Options{}); err == nil || !strings.Contains(err.Error(), "give 4 or more") {
		t.Errorf("a job over 300,000 images in shards of two: %v", err)
	}
}
