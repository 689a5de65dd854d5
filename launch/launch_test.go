package launch

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// lockedEnd is a Reporter that wants the output to be locked when the job has finished.
type lockedEnd struct {
	silent
	t *testing.T
}

func (r lockedEnd) Finished(ctx context.Context, j *Job) error {
	if _, unlock, err := (Lock{}).Take(ctx, j.Config.Out); err == nil {
		unlock()
		r.t.Error("the output is unlocked before the job is reported as finished")
	}
	return nil
}

// TestPrepare wants mistakes of each step to have their kind, and nothing to be written before Run.
func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	config := func(change func(*pipeline.Config)) pipeline.Config {
		c := pipeline.Default()
		c.In, c.Out, c.Cache = []string{"synth:20"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
		c.Size.H, c.Size.W = 32, 32
		change(&c)
		return c
	}
	if job, finished, err := Run(t.Context(), config(func(*pipeline.Config) {}), Options{Reporter: lockedEnd{t: t}}); err != nil || !finished || job.Expected() != 20 {
		t.Fatalf("a job over 20 images: %v, finished %v", err, finished)
	}
	before := tree(t, dir)
	var (
		usage  *UsageError
		output *OutputError
		wrong  *pipeline.ConfigError
	)
	for _, test := range []struct {
		name   string
		change func(*pipeline.Config)
		kind   any
	}{
		{"no class list", func(c *pipeline.Config) { c.ClassFile = filepath.Join(dir, "none.txt") }, &usage},
		{"no plan", func(c *pipeline.Config) { c.Plan = filepath.Join(dir, "none") }, &usage},
		{"no number", func(c *pipeline.Config) { c.Replicas = 0 }, &wrong},
		{"output in the input", func(c *pipeline.Config) { c.In = []string{dir} }, &usage},
		{"other recipe", func(c *pipeline.Config) { c.Seed = 1 }, &output},
		{"another output", func(c *pipeline.Config) { c.Out = filepath.Join(dir, "new"); c.Cache = pipeline.NoCache }, nil},
	} {
		_, err := Prepare(t.Context(), config(test.change), Options{})
		if test.kind == nil && err != nil || test.kind != nil && !errors.As(err, test.kind) {
			t.Errorf("%s: %T %v", test.name, err, err)
		}
	}
	if after := tree(t, dir); !slices.Equal(after, before) {
		t.Errorf("Prepare wrote something: %v became %v", before, after)
	}
}

// TestNamesChange lets another run finish an output between the look at it and its lock, with other names of
// replica 0: the job is refused and changes nothing, and the next start takes the names that are there.
func TestNamesChange(t *testing.T) {
	dir := t.TempDir()
	config := func(out string, first int) pipeline.Config {
		c := pipeline.Default()
		c.In, c.Out, c.Cache = []string{"synth:20"}, filepath.Join(dir, out), filepath.Join(dir, "cache")
		c.Size.H, c.Size.W, c.Shards, c.FirstReplica = 32, 32, 2, first
		return c
	}
	added := config("out", 1)
	job, err := Prepare(t.Context(), added, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Run(t.Context(), config("out", 0), Options{}); err != nil {
		t.Fatal(err)
	}
	out := os.DirFS(added.Out)
	before := content(t, out)
	var refusal *stage.Refusal
	if finished, err := job.Run(t.Context()); finished || !errors.As(err, &refusal) || refusal.Code != stage.CodeOther || !strings.Contains(err.Error(), "replica-names") {
		t.Errorf("finished %v, %v; want a refusal that names replica-names", finished, err)
	}
	if after := content(t, out); !maps.Equal(before, after) {
		t.Errorf("the refused job changed the output: it had %d files and has %d", len(before), len(after))
	}
	job, finished, err := Run(t.Context(), added, Options{})
	if err != nil || !finished {
		t.Fatalf("the next start: finished %v, %v", finished, err)
	}
	if c := job.Counter().Count(t.Context()); c.Shards != 2 || c.PlannedShards != 2 {
		t.Errorf("it has %d of %d shards, want 2 of 2", c.Shards, c.PlannedShards)
	}
	if err := os.Remove(filepath.Join(added.Out, "__premix__", "train", "shards", "r001-000001.json")); err != nil {
		t.Fatal(err)
	}
	if c := job.Counter().Count(t.Context()); c.Shards != 1 {
		t.Errorf("without a record of its own it has %d shards, want 1: those of replica 0 are not of the job", c.Shards)
	}
}

// content reads all files of a folder.
func content(t *testing.T, dir fs.FS) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(dir, path)
		m[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tree lists what is below a folder.
func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
