package launch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// TestTruthful refuses a job at several moments: exit code 2 promises that no shard was written.
func TestTruthful(t *testing.T) {
	for _, test := range []struct {
		name       string
		code, want int
		change     func(t *testing.T, j *Job, meta string)
	}{
		{"shards are there", stage.CodeUsage, stage.CodeFailed, func(*testing.T, *Job, string) {}},
		{"before the claim", stage.CodeUsage, stage.CodeUsage, func(_ *testing.T, j *Job, _ string) { j.Description.RunID = "another" }},
		{"before the first shard", stage.CodeUsage, stage.CodeUsage, func(t *testing.T, _ *Job, meta string) {
			if err := os.RemoveAll(filepath.Join(meta, dataset.ShardsDir)); err != nil {
				t.Fatal(err)
			}
		}},
		{"shards of other replicas", stage.CodeUsage, stage.CodeUsage, func(_ *testing.T, j *Job, _ string) { j.Description.Replicas = []int{1} }},
		{"peaks only", stage.CodeUsage, stage.CodeUsage, func(_ *testing.T, j *Job, _ string) { j.Options.PeaksOnly = true }},
		{"another output", stage.CodeOther, stage.CodeOther, func(*testing.T, *Job, string) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			c := pipeline.Default()
			c.In, c.Out, c.Cache = []string{"synth:20"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
			c.Size.H, c.Size.W = 32, 32
			job, _, err := Run(t.Context(), c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			test.change(t, job, filepath.Join(c.Out, dataset.MetaDir, "train"))
			got := job.truthful(t.Context(), &stage.Refusal{Code: test.code, Message: "why"})
			if got.Code != test.want || got.Message != "why" {
				t.Errorf("%+v, want the code %d", got, test.want)
			}
		})
	}
}
