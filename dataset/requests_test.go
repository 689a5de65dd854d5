package dataset_test

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/internal/storetest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// copied fills an output with copies of one shard, its index, its plan and its record, of some replicas, and returns
// what completes it.
func copied(t *testing.T, out string, replicas []int, shards int64) dataset.FinishParams {
	t.Helper()
	o := fixture.Output{Dir: t.TempDir(), Images: 4, Shards: 1}
	p := o.Shard(t)
	first := o.Records[0]
	read := func(path string) []byte {
		data, err := blob.ReadAll(t.Context(), blob.Join(o.Dir, path), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	content := [][]byte{read(first.Path), read(first.IndexPath), read(first.PlanPath)}
	p.Out, p.Replicas, p.Spec.Shards, p.Spec.Replica = out, replicas, shards, 0
	p.Chunks[0].Good *= shards
	p.Chunks[0].Entries += p.Chunks[0].Good - 4
	var records []dataset.ShardRecord
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(16)
	for _, replica := range replicas {
		for i := range shards {
			r := first
			spec := p.Spec
			spec.Replica = replica
			r.Replica, r.Shard, r.Path, r.IndexPath = replica, i, p.Format.ShardPath(spec, i), p.Format.IndexPath(spec, i)
			r.PlanPath = dataset.PlanPath("train", r.Path)
			records = append(records, r)
			g.Go(func() error {
				for k, path := range []string{r.Path, r.IndexPath, r.PlanPath} {
					if err := blob.WriteFile(ctx, blob.Join(out, path), content[k]); err != nil {
						return err
					}
				}
				return dataset.CommitRecord(ctx, out, "train", r)
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	p.Shards = fixture.Gather(t, records)
	return p
}

// TestFinishRequests completes outputs of few and of many shards in a store. The requests are those of the pages of
// listings and of the files beside the shards; a shard more is no request more.
func TestFinishRequests(t *testing.T) {
	var requests, most, now atomic.Int64
	var mu sync.Mutex
	count := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			n := now.Add(1)
			mu.Lock()
			most.Store(max(most.Load(), n))
			mu.Unlock()
			next.ServeHTTP(w, r)
			now.Add(-1)
		})
	}
	root := storetest.S3(t, "finish", count)
	finish := func(p dataset.FinishParams) (int64, error) {
		t.Helper()
		requests.Store(0)
		missing, err := p.Shards.Missing(t.Context(), p.Out, p.Format, p.Spec)
		if err != nil {
			return 0, err
		}
		if len(missing) > 0 {
			return requests.Load(), &dataset.DamagedError{Out: p.Out, Shards: missing}
		}
		_, err = dataset.Finish(t.Context(), p)
		return requests.Load(), err
	}
	few, errA := finish(copied(t, root+"/few", []int{0, 1, 2}, 70))
	many := copied(t, root+"/many", []int{0, 1, 2}, 200)
	n, errB := finish(many)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests for 210 shards, %d for 600", few, n)
	if n > few+9 || n > 200 { // more groups of names
		t.Errorf("%d requests for 210 shards, and %d for 600", few, n)
	}
	report, err := blob.ReadAll(t.Context(), dataset.Meta(many.Out, "train", dataset.ReportFile), 1<<20)
	if err != nil || !bytes.Contains(report, []byte("from 64 of its 200 shards")) || !bytes.Contains(report, []byte("<code>demo-train-r002-000199.tar</code>")) {
		t.Errorf("%v; the report does not say what it counted, or lacks a shard", err)
	}
	if most.Load() > 64 {
		t.Errorf("%d requests at once", most.Load())
	}
	// Another replica: the records of those that are there are read, and nothing else of each shard.
	more := copied(t, root+"/many", []int{3}, 200)
	n, err = finish(more)
	if err != nil {
		t.Fatal(err)
	}
	if n > 600+200 {
		t.Errorf("%d requests where 600 records have to be read", n)
	}
	m, err := dataset.LoadManifest(t.Context(), more.Out, "train")
	if err != nil || len(m.Replicas) != 4 || !m.Whole() {
		t.Fatalf("%+v, %v", m, err)
	}
	var spec shard.Spec = many.Spec
	spec.Replica = 1
	if err := blob.Remove(t.Context(), blob.Join(many.Out, many.Format.ShardPath(spec, 123))); err != nil {
		t.Fatal(err)
	}
	_, err = finish(many)
	if damaged := (*dataset.DamagedError)(nil); !errors.As(err, &damaged) || len(damaged.Shards) != 1 || damaged.Shards[0].Shard != 123 || !slices.Equal([]int{1}, []int{damaged.Shards[0].Replica}) {
		t.Errorf("%v", err)
	}
}
