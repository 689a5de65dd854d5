package launch

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/premix/premix/pipeline"
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
