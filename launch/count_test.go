package launch

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/storetest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// TestCountManyShards counts 40,000 shards in a store with a bounded number of requests a look, fewer as they are
// finished, and keeps the count where the store does not answer.
func TestCountManyShards(t *testing.T) {
	dir := t.TempDir()
	c := pipeline.Default()
	c.In, c.Out, c.Cache = []string{"synth:20"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	c.Size.H, c.Size.W, c.Shards = 32, 32, 2
	job, _, err := Run(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	var away atomic.Bool
	root := storetest.S3(t, "counts", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if requests.Add(1); away.Load() {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	// The output of a larger job: what its gate writes, and some records.
	out := blob.Join(root, "out")
	for _, name := range []string{dataset.ConfigFile, dataset.InputsFile} {
		text, err := os.ReadFile(filepath.Join(c.Out, "__premix__", "train", name))
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.Replace(text, []byte(`"shards": 2,`), []byte(`"shards": 20000,`), 1)
		if err := blob.WriteFile(t.Context(), dataset.Meta(out, "train", name), text); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(from, to int64) {
		t.Helper()
		for at := from; at < to; at += 160 {
			if err := blob.WriteFile(t.Context(), dataset.Meta(out, "train", dataset.ShardsDir, dataset.RecordName(int(at/20000), at%20000)), []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	job.Config.Out, job.Description.Replicas = out, []int{0, 1}
	counter := job.Counter()
	look := func(what string, shards, most int64) {
		t.Helper()
		requests.Store(0)
		got := counter.Count(t.Context())
		if want := (Count{Chunks: got.Chunks, Shards: shards, PlannedShards: 40000, About: true}); got != want || got.Chunks == 0 {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
		if n := requests.Load(); n > most || n == 0 {
			t.Errorf("%s: %d requests, at most %d", what, n, most)
		}
	}
	look("none is there", 0, 510)
	finish(0, 24000) // all of the first replica, some of the second
	look("some are there", 24000, 500)
	away.Store(true)
	look("the store does not answer", 24000, 200)
	away.Store(false)
	look("it does again", 24000, 200)
	finish(24000, 40000)
	look("all are there", 40000, 200)
}
