package launch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// TestLookByNames damages a file of the cache: a launcher that verifies them says so before the run, and one that goes by
// names, since there are too many bytes, leaves it to the workers. Both runs find the peaks again.
func TestLookByNames(t *testing.T) {
	dir := t.TempDir()
	c := pipeline.Default()
	c.In, c.Out, c.Cache, c.Shards, c.ChunkSize = []string{"synth:40"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache"), 1, 10
	c.Size.H, c.Size.W = 32, 32
	run := func() *Job {
		t.Helper()
		if err := os.RemoveAll(c.Out); err != nil {
			t.Fatal(err)
		}
		job, err := Prepare(t.Context(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return job
	}
	run()
	for _, most := range []int64{mostVerified, 0} {
		files, err := filepath.Glob(filepath.Join(c.Cache, "*", "*.parquet"))
		if err != nil || len(files) < 2 {
			t.Fatalf("%v, %v", files, err)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := os.Chmod(files[0], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0], data, 0o644); err != nil {
			t.Fatal(err)
		}
		func() {
			defer func(n int64) { mostVerified = n }(mostVerified)
			mostVerified = most
			job := run()
			if told := job.Cache.By[stage.Damaged] != nil; told != (most > 0) {
				t.Errorf("most %d: %+v", most, job.Cache.By)
			}
			if n := stage.ReadProgress().ByStatus[stage.Damaged]; n != 1 {
				t.Errorf("most %d: %d chunks were damaged", most, n)
			}
		}()
	}
}
