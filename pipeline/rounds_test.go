package pipeline

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	//lint:ignore SA1019 the local default
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"
	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/transforms/stage"
)

// TestRoundsSameBytes makes three replicas in one round, and in more rounds than replicas, on both local runners:
// the output is the same.
func TestRoundsSameBytes(t *testing.T) {
	run := func(rows int64, run func(*beam.Pipeline) error) (files map[string]string, rounds int64) {
		defer stage.SetRoundRows(rows)()
		job, containers := testJob(t, 120, func(c *Config) {
			c.Replicas, c.Shards, c.Limit = 3, 4, 110 // a limit says at most how many images there are
			c.Size.H, c.Size.W = 32, 32
		})
		if err := run(New(Build, job, containers)); err != nil {
			t.Fatal(err)
		}
		return filesOf(t, job.Outputs[0].Dir), job.Rounds
	}
	onDirect := func(p *beam.Pipeline) error { _, err := direct.Execute(t.Context(), p); return err }
	want, one := run(1<<20, onDirect)
	for name, on := range map[string]func(*beam.Pipeline) error{"direct": onDirect, "prism": ptest.Run} {
		got, rounds := run(75, on)
		if one != 1 || rounds != 5 {
			t.Errorf("%s: %d rounds and %d, want 1 and 5", name, one, rounds)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: other files in rounds (-one +many):\n%s", name, d)
		}
	}
}

// filesOf hashes what is promised to be the same.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{"run.json", "inputs.json", "report.html"}, d.Name()) {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
