package launch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/storetest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
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

// TestCountAmongOthers counts the shards of some replicas beside the records of twelve others in a store, by prefixes: a
// request or two a look, and not one for each thousand records.
func TestCountAmongOthers(t *testing.T) {
	const shards = 300
	var requests atomic.Int64
	root := storetest.S3(t, "others", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			next.ServeHTTP(w, r)
		})
	})
	job := &Job{Config: &pipeline.Config{Out: blob.Join(root, "out"), Split: "train", Formats: []string{"webdataset"}}, Description: &stage.Job{Replicas: []int{12, 13}}}
	for replica := range 14 {
		for i := range int64(shards) {
			name := dataset.Meta(job.Config.OutputDirs()[0], "train", dataset.ShardsDir, dataset.RecordName(replica, i))
			if replica == 13 && i >= 100 {
				break
			}
			if err := blob.WriteQuick(t.Context(), name, []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		requests.Store(0)
		c := &Counter{job: job, last: Count{PlannedShards: 2 * shards}, prefixes: recordPrefixes(job.Description.Replicas, shards, false)}
		if got := c.Count(t.Context()); got.Shards != shards+100 {
			t.Errorf("%+v, want %d shards", got, shards+100)
		}
		if n := requests.Load(); n > 2 || n == 0 {
			t.Errorf("%d requests a look", n)
		}
	}
}

// TestRecordPrefixes wants the prefixes to cover the replicas and no others more than they must, with few requests.
func TestRecordPrefixes(t *testing.T) {
	of := func(from, to int) (list []int) {
		for r := from; r <= to; r++ {
			list = append(list, r)
		}
		return list
	}
	for _, test := range []struct {
		replicas []int
		shards   int64
		local    bool
		want     []string
	}{
		{[]int{0}, 5000, false, []string{"r000-"}},
		{[]int{3, 4}, 1000, false, []string{"r003-", "r004-"}},
		{of(0, 48), 100, false, []string{"r00", "r01", "r02", "r03", "r04"}},
		{of(0, 998), 5, false, []string{"r"}},
		{of(8, 11), 300, false, []string{"r008-", "r009-", "r010-", "r011-"}},
		{of(100, 199), 10, false, []string{"r1"}},
		{of(3, 4), 1000, true, []string{"r"}},
	} {
		if got := recordPrefixes(test.replicas, test.shards, test.local); !slices.Equal(got, test.want) {
			t.Errorf("%d replicas from %d of %d shards: %q, want %q", len(test.replicas), test.replicas[0], test.shards, got, test.want)
		}
	}
}

// TestCountLargeCache counts the files of a cache in a store, whose names are hashes, by a part of them: a look takes a
// bounded number of requests, however many there are.
func TestCountLargeCache(t *testing.T) {
	var requests atomic.Int64
	root := storetest.S3(t, "large", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			next.ServeHTTP(w, r)
		})
	})
	job := &Job{Config: &pipeline.Config{}, Description: &stage.Job{}, Options: Options{PeaksOnly: true}}
	job.Description.Cache.URI, job.Description.Cache.Fingerprint = root, "fp"
	counter, made := job.Counter(), 0
	look := func(files int, about bool, most int64) {
		t.Helper()
		for ; made < files; made++ {
			sum := sha256.Sum256([]byte{byte(made), byte(made >> 8)})
			if err := blob.WriteQuick(t.Context(), blob.Join(root, "fp", hex.EncodeToString(sum[:])+".parquet"), nil); err != nil {
				t.Fatal(err)
			}
		}
		requests.Store(0)
		got := counter.Count(t.Context())
		if off := got.Chunks - int64(files); got.About != about || !about && off != 0 || max(off, -off) > int64(files)/10 {
			t.Errorf("%d files: %+v", files, got)
		}
		if n := requests.Load(); n > most || n == 0 {
			t.Errorf("%d files: %d requests, at most %d", files, n, most)
		}
	}
	look(100, false, 1)
	look(4999, false, 5)
	look(8000, true, 7) // the first look at more than it lists
	look(8000, true, 1)
}

// TestCountVariants counts the shards of each variant, of one with several formats those of the first.
func TestCountVariants(t *testing.T) {
	c := &pipeline.Config{Out: t.TempDir(), Split: "train", Formats: []string{"webdataset"}, Variants: []string{"a:", "b:--format tfds,parquet"}}
	if err := c.Expand(); err != nil {
		t.Fatal(err)
	}
	for i, dir := range c.OutputDirs() { // 1, 2 and 3 shards
		for n := range int64(i + 1) {
			if err := blob.WriteFile(t.Context(), dataset.Meta(dir, "train", dataset.ShardsDir, dataset.RecordName(0, n)), []byte("{}")); err != nil {
				t.Fatal(err)
			}
		}
	}
	job := &Job{Config: c, Description: &stage.Job{Replicas: []int{0}}}
	counter := &Counter{job: job, last: Count{PlannedShards: 8}, prefixes: recordPrefixes([]int{0}, 4, true)}
	if got := counter.Count(t.Context()); got.Shards != 1+2 {
		t.Errorf("%+v, want 3 shards", got)
	}
	counter = &Counter{job: job, last: Count{PlannedShards: 8, About: true}}
	for i := range int64(sampled) {
		counter.sample = append(counter.sample, shardID{counter.dirs()[i%2], 0, i % 4 / 2})
	}
	if got := counter.Count(t.Context()); got.Shards != (sampled-sampled/4)*8/sampled { // one of four is missing
		t.Errorf("%+v of a sample", got)
	}
}
