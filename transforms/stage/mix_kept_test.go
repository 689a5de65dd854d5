package stage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/premix/premix/dataset"
)

// TestUnreachableIsNotDamaged holds that a record or a file of a shard that the system does not open ends the
// bundle, with that error: only what is damaged or not there is made anew. Links in a circle cannot be opened by
// anybody, root included.
func TestUnreachableIsNotDamaged(t *testing.T) {
	for _, what := range []string{"record", "plan under --recheck", "shard under --recheck"} {
		b := newBench(t, "synth:40", nil)
		b.must(1)
		dir := b.job.Outputs[0].Dir
		r, err := dataset.LoadRecord(t.Context(), dir, "train", 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		path := map[string]string{
			"record":               filepath.Join(dir, "__premix__/train/shards", dataset.RecordName(0, 1)),
			"plan under --recheck": filepath.Join(dir, r.PlanPath), "shard under --recheck": filepath.Join(dir, r.Path),
		}[what]
		b.job.Recheck = what != "record"
		before := b.files()
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(path), os.Symlink(path, path)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.mix(newRandom(2)); !errors.Is(err, syscall.ELOOP) || !dataset.Environment(err) {
			t.Errorf("%s: %v, want the error of the system", what, err)
		}
		if at, err := os.Readlink(path); err != nil || at != path {
			t.Errorf("%s: what could not be opened was replaced: %v", what, err)
		}
		if err := errors.Join(os.Remove(path), os.WriteFile(path, whole, 0o444)); err != nil {
			t.Fatal(err)
		}
		batches, err := b.mix(newRandom(3))
		if err != nil || slices.ContainsFunc(batches, func(o OutputBatch) bool {
			return slices.ContainsFunc(o.Shards, func(x dataset.Extract) bool { return !x.Kept })
		}) {
			t.Errorf("%s: once it can be opened again a shard is made anew (%v)", what, err)
		}
		for name, sum := range b.files() {
			if before[name] != sum {
				t.Errorf("%s: %s changed", what, name)
			}
		}
	}
}
