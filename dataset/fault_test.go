package dataset_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/internal/faultfs"
)

const manifest = "__premix__/train/manifest.json"

// TestFinishFails lets each step of completing an output fail. There is no manifest then, or a
// whole one, and doing it again gives what an undisturbed run gives.
func TestFinishFails(t *testing.T) {
	ctx := context.Background()
	base := fixture.Output{Dir: t.TempDir(), Images: 4, Shards: 1, Failures: failures}
	params := base.Shard(t)
	finish := func(dir string) error {
		p := params
		p.Out = dir
		_, err := dataset.Finish(ctx, p)
		return err
	}
	fresh := func() string {
		dir := filepath.Join(t.TempDir(), "out")
		if err := os.CopyFS(dir, os.DirFS(base.Dir)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	whole := fresh()
	var steps int
	var renamed []string // in their order
	t.Run("none", func(t *testing.T) {
		fs := faultfs.Inject(t, nil)
		if err := finish(whole); err != nil {
			t.Fatal(err)
		}
		steps = len(fs.Ops())
		for _, op := range fs.Ops() {
			if op.Name == "rename" {
				renamed = append(renamed, filepath.Base(op.Path))
			}
		}
	})
	want := tree(t, whole)
	if last := "manifest.json"; steps < 20 {
		t.Fatalf("%d steps before %s", steps, last)
	}
	if i := slices.Index(renamed, ".tmp-manifest.json"); i < 0 || i != len(renamed)-1 {
		t.Errorf("the manifest is not the last file: %q", renamed)
	}
	stride := 3 // no divisor of the steps that a file takes, so that all kinds of steps have their turn
	if testing.Short() {
		stride = 11
	}
	for n := 1; n <= steps; n += stride {
		dir := fresh()
		t.Run("step", func(t *testing.T) {
			fs := faultfs.Inject(t, faultfs.At(n, syscall.ENOSPC))
			err := finish(dir)
			if err == nil {
				t.Errorf("step %d, %v, failed unnoticed", n, fs.Ops()[n-1])
			} else if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("step %d: %v", n, err)
			}
		})
		// until the manifest is there, a file may be as it was before; then all of them are whole
		if after := tree(t, dir); after[manifest] != "" {
			if diff := cmp.Diff(want, after); diff != "" {
				t.Errorf("step %d left a manifest, but not all that it stands for (-want +got):\n%s", n, diff)
			}
		}
		if err := finish(dir); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Errorf("after step %d failed, doing it again differs:\n%s", n, diff)
		}
	}
}

// TestRemoveFails stops a removal at each kind of file: no split looks finished then, and once the
// obstacle is gone, doing it again removes the rest.
func TestRemoveFails(t *testing.T) {
	ctx := context.Background()
	for _, obstacle := range []string{
		"demo-train-000001.tar", "__index__/demo-train-000000.idx", "__index__/wids-train.json", "_info.json", "README.md",
		"__premix__/train/plan/demo-train-000001.parquet", "__premix__/train/failures.jsonl", "__premix__/train/run.json",
	} {
		o := fixture.Output{Dir: t.TempDir(), Images: 4, Shards: 2}
		o.Make(t)
		path := filepath.Join(o.Dir, obstacle)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(path, "a folder that is not empty"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := dataset.Remove(ctx, o.Dir, "train"); err == nil {
			t.Errorf("%s: the obstacle was not noticed", obstacle)
		}
		if _, err := os.Stat(filepath.Join(o.Dir, manifest)); err == nil {
			t.Errorf("%s: the manifest is there", obstacle)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
		if err := dataset.Remove(ctx, o.Dir, "train"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string(nil), names(tree(t, o.Dir))); diff != "" {
			t.Errorf("%s: removing again leaves (-want +got):\n%s", obstacle, diff)
		}
	}
}
