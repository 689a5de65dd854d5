package launch

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/storetest"
	"github.com/premix/premix/io/blob"
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

// TestTruthfulStore refuses a job while its store refuses to answer: nobody knows then whether a shard was written.
func TestTruthfulStore(t *testing.T) {
	dir := t.TempDir()
	c := pipeline.Default()
	c.In, c.Out, c.Cache = []string{"synth:20"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	c.Size.H, c.Size.W = 32, 32
	job, _, err := Run(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var refuses atomic.Value // what the path of a request that is refused has
	refuses.Store("nothing")
	root := storetest.S3(t, "truthful", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path+"?"+r.URL.RawQuery, refuses.Load().(string)) {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	job.Config.Out = blob.Join(root, "out")
	code := func(refused string) int {
		t.Helper()
		refuses.Store(refused)
		return job.truthful(t.Context(), &stage.Refusal{Code: stage.CodeUsage, Message: "why"}).Code
	}
	if got := code("nothing"); got != stage.CodeUsage {
		t.Errorf("nothing is there: code %d", got)
	}
	if got := code(dataset.InputsFile); got != stage.CodeFailed {
		t.Errorf("it cannot be read who planned the output: code %d", got)
	}
	refuses.Store("nothing")
	text, err := os.ReadFile(filepath.Join(c.Out, dataset.MetaDir, "train", dataset.InputsFile))
	if err == nil {
		err = blob.WriteFile(t.Context(), dataset.Meta(job.Config.Out, "train", dataset.InputsFile), text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := code("nothing"); got != stage.CodeUsage {
		t.Errorf("planned, and no shard is there: code %d", got)
	}
	if got := code("list-type"); got != stage.CodeFailed {
		t.Errorf("records cannot be listed: code %d", got)
	}
	refuses.Store("nothing")
	record := dataset.Meta(job.Config.Out, "train", dataset.ShardsDir, dataset.RecordName(0, 3))
	if err := blob.WriteFile(t.Context(), record, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if got := code("nothing"); got != stage.CodeFailed {
		t.Errorf("a shard is there: code %d", got)
	}
}
