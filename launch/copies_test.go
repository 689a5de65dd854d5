package launch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// TestRemoveCopies: a refused job removes its copies of pixels where they are of no use to a later run.
func TestRemoveCopies(t *testing.T) {
	for _, tt := range []struct {
		name     string
		code     int
		split    string // of the refused job
		begun    []int  // replicas in inputs.json
		noInputs bool
		removed  bool
	}{
		{name: "finished", code: stage.CodeOther, split: "train", begun: []int{-1}, removed: true},
		{name: "too many bad images", code: stage.CodeMaxBad, split: "train", begun: []int{-1}},
		{name: "wrong use", code: stage.CodeUsage, split: "train", begun: []int{-1}},
		{name: "a failure", code: stage.CodeFailed, split: "train", begun: []int{-1}},
		{name: "another split is finished", code: stage.CodeOther, split: "test", begun: []int{-1}},
		{name: "a replica is unfinished", code: stage.CodeOther, split: "train", begun: []int{-1, 1}},
		{name: "no inputs.json", code: stage.CodeOther, split: "train", noInputs: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			c := pipeline.Default()
			c.In, c.Out, c.Cache = []string{"synth:20"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
			c.Size.H, c.Size.W = 32, 32
			job, _, err := Run(t.Context(), c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if tt.noInputs {
				err = os.Remove(filepath.Join(c.Out, dataset.MetaDir, "train", dataset.InputsFile))
			} else {
				var in *dataset.Inputs
				if in, err = dataset.LoadInputs(t.Context(), c.Out, "train"); err == nil {
					in.Replicas = tt.begun
					err = dataset.SaveInputs(t.Context(), c.Out, "train", in)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			job.Config.Split = tt.split
			copies := filepath.Join(c.Out, dataset.MetaDir, ".spool-"+tt.split)
			if err := os.MkdirAll(copies, 0o777); err != nil {
				t.Fatal(err)
			}
			job.Description.Spool.URI = copies
			job.removeCopies(t.Context(), &stage.Refusal{Code: tt.code})
			if _, err := os.Stat(copies); (err != nil) != tt.removed {
				t.Errorf("removed: %v, want %v", err != nil, tt.removed)
			}
		})
	}
}
