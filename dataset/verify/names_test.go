package verify

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

func limitHashes(t *testing.T, n int) {
	old := maxHashes
	maxHashes = n
	t.Cleanup(func() { maxHashes = old })
}

// TestNames finds each double, however few hashes may be in memory, and leaves no file.
func TestNames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, test := range []struct{ samples, shard, limit, kinds int }{
		{0, 5, 10, 10}, {100, 7, 1000, 1 << 30}, {100, 7, 1000, 40}, {5000, 64, 100, 1 << 30},
		{5000, 64, 100, 4000}, {5000, 64, 4999, 100}, {3000, 50, 10, 1}, {3000, 50, 10, 2},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			limitHashes(t, test.limit)
			hashes := make([]uint64, test.samples)
			for i := range hashes {
				// the high bits choose the pass
				hashes[i] = uint64(random.IntN(test.kinds)) * 0x9e3779b97f4a7c15
			}
			var n names
			for i := 0; i < len(hashes); i += test.shard {
				if err := n.add(i/test.shard, hashes[i:min(i+test.shard, len(hashes))]); err != nil {
					t.Fatal(err)
				}
				if len(n.recent) > test.limit+test.shard {
					t.Fatalf("%d hashes in memory, may be %d", len(n.recent), test.limit)
				}
			}
			var want, got [][2]int64
			first := map[uint64]int64{}
			for i, h := range hashes {
				if f, ok := first[h]; ok {
					want = append(want, [2]int64{f, int64(i)})
				} else {
					first[h] = int64(i)
				}
			}
			if err := n.doubles(func(first, again int64) { got = append(got, [2]int64{first, again}) }); err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(got, func(a, b [2]int64) int { return int(a[1] - b[1]) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if spilled := n.file != nil; spilled != (test.samples > test.limit) {
				t.Errorf("%d hashes, limit %d: a file: %v", test.samples, test.limit, spilled)
			}
			if err := n.close(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
				t.Errorf("%v was left, %v", left, err)
			}
		})
	}
}

// TestNoTemporary: where no temporary file can be made, the error says what to do.
func TestNoTemporary(t *testing.T) {
	limitHashes(t, 4)
	o := fixture.Output{Dir: t.TempDir()}
	o.Make(t)
	t.Setenv("TMPDIR", "/dev/null/x")
	if _, err := Run(t.Context(), o.Dir, Options{}); err == nil || !strings.Contains(err.Error(), "set TMPDIR") {
		t.Errorf("%v", err)
	}
}

// TestPairs: the sources of a shard are some of its targets, each at most once.
func TestPairs(t *testing.T) {
	for _, test := range []struct {
		targets, sources []uint64
		want             string
	}{
		{[]uint64{1, 2, 3}, []uint64{2, 3, 1}, ""},
		{[]uint64{1, 2, 3}, []uint64{0, 3, 0}, ""},
		{[]uint64{7}, []uint64{7}, ""},
		{[]uint64{1, 2, 3}, []uint64{2, 2, 1}, "x: sample 1 has the same source as sample 0: each image is source once in a replica"},
		{[]uint64{1, 2, 3}, []uint64{2, 4, 1}, "x: sample 1: an image is source and not target of its shard"},
	} {
		c := checker{rec: &dataset.ShardRecord{Path: "x"}, targets: test.targets, sources: test.sources}
		c.result.found.limit = 9
		c.pairs()
		var got string
		for _, d := range c.result.found.list {
			got += d.String()
		}
		if got != test.want {
			t.Errorf("%v from %v: %q, want %q", test.targets, test.sources, got, test.want)
		}
	}
}

// TestSpilled: an output whose hashes do not fit into memory is verified as any other, and a double
// image in another shard is found.
func TestSpilled(t *testing.T) {
	limitHashes(t, 5)
	o := fixture.Output{Dir: t.TempDir(), Images: 24, Shards: 4, Replicas: []int{0, 1}}
	o.Make(t)
	r, err := Run(t.Context(), o.Dir, Options{})
	if err != nil || !r.OK {
		t.Fatalf("%v %+v", err, r)
	}
	copyShard(t, o.Dir, "demo-train-r001-000000", "demo-train-r001-000003")
	r, err = Run(t.Context(), o.Dir, Options{MaxDefects: 1000})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, d := range r.Defects {
		if strings.Contains(d.What, "same target as sample") {
			n++
		}
	}
	if n != 6 {
		t.Errorf("%d of 6 doubles in\n%v", n, r.Defects)
	}
}

func copyShard(t *testing.T, dir, from, to string) {
	t.Helper()
	for _, f := range []string{"%s.tar", "__index__/%s.idx", "__premix__/train/plan/%s.parquet"} {
		data, err := os.ReadFile(dir + "/" + fmt.Sprintf(f, from))
		if err == nil {
			err = os.WriteFile(dir+"/"+fmt.Sprintf(f, to), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestOtherImages: two replicas that are sound by themselves but have other images are found.
func TestOtherImages(t *testing.T) {
	v := &verifier{records: []dataset.ShardRecord{{Path: "a"}, {Path: "b", Replica: 1}, {Path: "c", Replica: 2}}}
	v.found.limit = 9
	v.sameImages(0, &names{total: 2, sum: 11})
	v.sameImages(1, &names{total: 2, sum: 11})
	if v.found.total != 0 {
		t.Errorf("%v", v.found.list)
	}
	v.sameImages(2, &names{total: 2, sum: 12})
	if want := "c: replica 2 does not have the images of replica 0"; v.found.total != 1 || v.found.list[0].String() != want {
		t.Errorf("%v", v.found.list)
	}
}

// TestFlat: what is kept of an output while it is verified does not grow with its samples.
func TestFlat(t *testing.T) {
	limitHashes(t, 100)
	held := func(images int) int64 {
		o := fixture.Output{Dir: t.TempDir(), Images: images, Shards: int64(images / 20), Encode: "jpeg:50"}
		o.Make(t)
		var at runtime.MemStats
		seen := int64(0)
		r, err := Run(t.Context(), o.Dir, Options{
			Workers: 1,
			Params: func(json.RawMessage) (sample.Params, source.Options, error) {
				return o.Params(), source.Options{}, nil
			},
			Progress: func(samples, _ int64) {
				if seen += samples; seen == int64(images) {
					for range 3 { // what pools hold survives one collection
						runtime.GC()
					}
					runtime.ReadMemStats(&at)
				}
			},
		})
		if err != nil || !r.OK || seen != int64(images) {
			t.Fatalf("%v, %d samples, %+v", err, seen, r)
		}
		return int64(at.HeapAlloc)
	}
	held(40) // fills what is made once
	few, many := held(40), held(340)
	perSample := (many - few) / 300
	t.Logf("%d bytes, then %d: %d a sample", few, many, perSample)
	if perSample > 300 { // the record of a shard is a sixth of it
		t.Errorf("%d bytes are kept of each sample", perSample)
	}
}
