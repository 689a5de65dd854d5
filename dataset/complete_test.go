package dataset_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
)

// TestComplete removes each file of an output, and cuts it, in turn: the split is complete only without that.
func TestComplete(t *testing.T) {
	for _, format := range []string{"webdataset", "tfds", "parquet"} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			o := fixture.Output{Dir: dir, Format: format, Failures: failures}
			o.Make(t)
			complete := func() bool {
				m, err := dataset.Complete(t.Context(), dir, "train")
				if err != nil {
					t.Fatal(err)
				}
				return m != nil
			}
			if !complete() {
				t.Fatal("a finished output is not complete")
			}
			for name, content := range tree(t, dir) {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if complete() {
					t.Errorf("complete without %s", name)
				}
				if err := os.WriteFile(path, []byte(content[:len(content)/2]), 0o644); err != nil {
					t.Fatal(err)
				}
				// Nothing is derived from these two, but when and where a run was.
				if base := filepath.Base(name); complete() && base != dataset.ReportFile && base != dataset.RunFile {
					t.Errorf("complete with half of %s", name)
				}
				if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if !complete() {
				t.Error("not complete after all files were put back")
			}
			in, err := dataset.LoadInputs(t.Context(), dir, "train")
			if err != nil {
				t.Fatal(err)
			}
			in.Replicas = append(in.Replicas, 7)
			if err := dataset.SaveInputs(t.Context(), dir, "train", in); err != nil {
				t.Fatal(err)
			}
			if complete() {
				t.Errorf("complete, although replica 7 was begun: %v", slices.Sorted(maps.Keys(tree(t, dir))))
			}
		})
	}
}
