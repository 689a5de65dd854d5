package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/webdataset"
)

// drawnRecords are records of some replicas, of which each has the same number of shards and methods of its own.
func drawnRecords(random *rand.Rand, n names, replicas []int, methods ...string) (records []ShardRecord) {
	for _, replica := range replicas {
		for i := range n.spec.Shards {
			r := ShardRecord{
				Schema: Schema, Replica: replica, Shard: i, Path: n.shard(replica, i), IndexPath: n.index(replica, i), PlanPath: n.plan(replica, i),
				Bytes: 31_000_000 + random.Int64N(1e6), PayloadBytes: 30_000_000 + random.Int64N(1e6), IndexBytes: 120_000 + random.Int64N(1e4), PlanBytes: 90_000 + random.Int64N(1e4),
				SHA256: fmt.Sprintf("%064x", random.Uint64()), Fingerprint: strings.Repeat("f", 64),
			}
			for _, method := range methods {
				if random.IntN(4) == 0 && len(r.Stats) > 0 {
					continue // not in every shard
				}
				m := MethodStats{Method: method, LamSum: Float(random.Float64() * 1000), LamDrawnSum: Float(random.Float64() * 1000)}
				for _, c := range m.counts() {
					*c = random.Int64N(2000)
				}
				m.Count++
				r.Stats = append(r.Stats, m)
				r.Samples += m.Count
			}
			slices.SortFunc(r.Stats, func(a, b MethodStats) int { return strings.Compare(a.Method, b.Method) })
			records = append(records, r)
		}
	}
	return records
}

func testNames(replica int, shards int64) names {
	n := names{format: webdataset.Format{}}
	n.spec.Name, n.spec.Split, n.spec.Replica, n.spec.Shards = "premix", "train", replica, shards
	return n
}

// batchesOf cuts records, which are in any order, into batches of a few shards of one replica.
func batchesOf(t testing.TB, records []ShardRecord, size int) (batches []*Batch) {
	t.Helper()
	open := map[int]*Batch{}
	for i := range records {
		r := &records[i]
		b := open[r.Replica]
		if b == nil || len(b.Shards) == size {
			b = &Batch{Replica: r.Replica, Fingerprint: r.Fingerprint}
			open[r.Replica] = b
			batches = append(batches, b)
		}
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return batches
}

// TestBatches sends records of several methods through batches of several sizes, in any order: the lists and the
// sums are those of the records one after the other, to the last bit.
func TestBatches(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	n := testNames(-1, 40)
	records := drawnRecords(random, n, []int{0, 1, 7}, "saliencymix", "none", "cutmix", "mixup")
	var stats Stats
	for i := range records {
		stats.Merge(records[i].Stats)
	}
	wantReplicas, wantSamples := GroupReplicas(n.format, n.spec, records)
	for _, size := range []int{1, 3, 1000} {
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		set := new(ShardSet)
		for _, b := range batchesOf(t, records, size) {
			data, err := b.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ReadBatch(data)
			if err != nil {
				t.Fatal(err)
			}
			set.Add(again)
		}
		set.sort()
		if err := set.check(n, []int{0, 1, 7}, records[0].Fingerprint); err != nil {
			t.Error(err)
		}
		replicas, samples := set.list(n, false)
		if d := cmp.Diff(wantReplicas, replicas); d != "" || samples != wantSamples {
			t.Errorf("batches of %d: %d samples of %d (-want +got):\n%s", size, samples, wantSamples, d)
		}
		if d := cmp.Diff(stats.Methods(), set.statistics(nil)); d != "" {
			t.Errorf("batches of %d (-want +got):\n%s", size, d)
		}
		if len(set.statistics(func(replica int) bool { return replica > 7 })) > 0 || set.Len() != 120 {
			t.Errorf("%d shards, and sums of replicas that it has not", set.Len())
		}
	}
}

// TestBatchSize bounds what a shard takes on its way.
func TestBatchSize(t *testing.T) {
	for _, c := range []struct{ methods, shards, most int }{{1, 178, 75}, {6, 178, 150}, {1, 1, 250}} {
		methods := []string{"saliencymix", "none", "cutmix", "mixup", "cutout", "resizemix"}[:c.methods]
		n := testNames(-1, int64(c.shards))
		b := batchesOf(t, drawnRecords(rand.New(rand.NewPCG(1, 2)), n, []int{3}, methods...), 1000)[0]
		data, err := b.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if each := len(data) / c.shards; each > c.most {
			t.Errorf("%d shards of %d methods take %d bytes each, more than %d", c.shards, c.methods, each, c.most)
		}
	}
}

// TestReadBatchRefuses damages an encoded batch.
func TestReadBatchRefuses(t *testing.T) {
	n := testNames(-1, 3)
	data, err := batchesOf(t, drawnRecords(rand.New(rand.NewPCG(1, 2)), n, []int{3}, "a", "b"), 10)[0].AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		if _, err := ReadBatch(data[:i]); err == nil {
			t.Errorf("%d of %d bytes were taken", i, len(data))
		}
	}
	for _, bad := range [][]byte{append(slices.Clone(data), 0), append([]byte{2}, data[1:]...)} {
		if b, err := ReadBatch(bad); err == nil {
			t.Errorf("taken: %+v", b)
		}
	}
}

// FuzzBatch reads damaged batches: no panic, and no more memory than the bytes account for. What is read is valid
// and is the same after it travels once more.
func FuzzBatch(f *testing.F) {
	for i, methods := range [][]string{{"saliencymix"}, {"saliencymix", "none"}, {"a", "b", "c"}} {
		data, err := batchesOf(f, drawnRecords(rand.New(rand.NewPCG(1, uint64(i))), testNames(-1, int64(i)*3+1), []int{i}, methods...), 100)[0].AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		golden.Equal(f, fmt.Sprint("fuzz/FuzzBatch/", i), fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", data))
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBatch(data)
		if err != nil {
			return
		}
		if len(b.Shards) > len(data)/minExtract {
			t.Fatalf("%d shards of %d bytes", len(b.Shards), len(data))
		}
		again, err := b.AppendBinary(nil)
		if err != nil || len(again) > len(data) {
			t.Fatalf("%d bytes become %d, %v", len(data), len(again), err)
		}
		c, err := ReadBatch(again)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(b, c); d != "" {
			t.Error(d)
		}
		new(ShardSet).Add(c)
	})
}
