package dataset

import (
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// TestFinishMemory counts the bytes that 102,600 shards take in the last stage: what is kept of their records, what the
// manifest takes, and what is made to write it. A million take ten times as much.
func TestFinishMemory(t *testing.T) {
	const replicas, shards = 9, 11_400
	n := testNames(0, shards)
	heap := func() (live, total uint64) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, m.TotalAlloc
	}
	each := func(what string, bytes uint64, most float64) {
		t.Helper()
		if got := float64(int64(bytes)) / (replicas * shards); got > most {
			t.Errorf("%s takes %.1f bytes a shard, more than %.0f", what, got, most)
		} else {
			t.Logf("%s takes %.1f bytes a shard", what, got)
		}
	}
	before, _ := heap()
	set := &ShardSet{PerReplica: shards}
	for replica := range replicas {
		for _, b := range batchesOf(t, drawnRecords(rand.New(rand.NewPCG(1, uint64(replica))), n, []int{replica}, "saliencymix"), 178) {
			data, err := b.AppendBinary(nil)
			if err == nil {
				b, err = ReadBatch(data)
			}
			if err != nil {
				t.Fatal(err)
			}
			set.Add(b)
		}
	}
	gathered, _ := heap()
	each("the set", gathered-before, 150)
	m := &Manifest{}
	m.Replicas, _ = set.list(n, false)
	listed, made := heap()
	each("the manifest", listed-gathered, 190)
	if err := m.write(io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Sum(); err != nil {
		t.Fatal(err)
	}
	_, written := heap()
	each("what is made to write it twice", written-made, 4)
	runtime.KeepAlive(set)
}

// TestReportShards lists shards as long as they fit into a page.
func TestReportShards(t *testing.T) {
	for _, c := range []struct {
		shards int
		want   int
	}{{1, 2}, {reportShards / 2, 2}, {reportShards/2 + 1, 0}} {
		m := &Manifest{Replicas: []Replica{{Shards: make([]Shard, c.shards)}, {Replica: 1, Shards: make([]Shard, c.shards)}}}
		if got := len((&reportData{Manifest: m}).Listed()); got != c.want {
			t.Errorf("of %d shards each, %d replicas are listed and not %d", c.shards, got, c.want)
		}
	}
}
