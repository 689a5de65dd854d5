package stage

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source"
)

// TestLimits compares what the limits leave with a walk over all entries, for random inputs, whole and
// in chunks, and wants no chunk computed behind the last that is needed.
func TestLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for round := range 8 {
		dir, classes := t.TempDir(), []string{"a", "b", "c"}
		type entry struct{ class, kind int } // kind 0: good, 1: broken, 2: a side file
		var all []entry
		for class, name := range classes {
			for i := range 4 + random.IntN(9) {
				e := entry{class, 0}
				if random.IntN(4) == 0 {
					e.kind = 1 + random.IntN(2)
				}
				all = append(all, e)
				ext, data := ".png", pngOf(t, random)
				if e.kind > 0 {
					data = []byte("nothing")
				}
				if e.kind == 2 {
					ext = ".txt"
				}
				path := filepath.Join(dir, name, fmt.Sprintf("%02d%s", i, ext))
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		limit, each := int64(random.IntN(16)), int64(random.IntN(5))
		// What should be looked at.
		var good, bad, ignored int64
		side, used, ended := map[int]int64{}, map[int]int64{}, map[int]bool{}
		full := func(class int) bool { return limit > 0 && good == limit || each > 0 && used[class] == each }
		for _, e := range all {
			if full(e.class) {
				ended[e.class] = true
				continue
			}
			switch e.kind {
			case 0:
				good++
				used[e.class]++
			case 1:
				bad++
			case 2:
				side[e.class]++
			}
			ended[e.class] = full(e.class)
		}
		for class, n := range side {
			if !ended[class] {
				ignored += n
			}
		}
		if good < 2 {
			continue
		}
		var want map[string]string
		for _, size := range []int{1, 3, 100} {
			name := fmt.Sprintf("round %d: limit %d, %d of each, chunks of %d", round, limit, each, size)
			b := newBench(t, dir, func(j *Job) {
				j.Source.ChunkImages, j.Limit, j.LimitPerClass, j.Shards, j.MaxBad = size, limit, each, 1, 1
			})
			ResetProgress()
			b.must(uint64(round))
			c := b.manifest().Counts
			if c.Good != good || c.Failed != bad || c.Ignored != ignored || c.Excluded != 0 {
				t.Errorf("%s: %+v, want %d good, %d failed, %d ignored", name, c, good, bad, ignored)
			}
			if p := ReadProgress(); size == 1 && p.Images != good+bad {
				t.Errorf("%s: %d images were looked at, %d are enough", name, p.Images, good+bad)
			}
			if want == nil {
				want = b.files()
			} else if d := cmp.Diff(want, b.files()); d != "" {
				t.Errorf("%s: other files (-want +got):\n%s", name, d)
			}
		}
	}
}

// TestEstimate wants the chunks of an estimate that is short to be found, and those of one that is
// too long to count for nothing.
func TestEstimate(t *testing.T) {
	b := newBench(t, "synth:60", func(j *Job) { j.Limit, j.Source.ChunkImages = 7, 2 })
	var sums []Summary
	err := Choose(t.Context(), b.job, b.containers, func(c source.Chunk) error {
		s, err := Peaks(t.Context(), b.job, c)
		sums = append(sums, *s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := func(have []Summary) (out []string) {
		err := Rest(t.Context(), b.job, b.containers, have, func(s *Summary) error {
			out = append(out, s.ID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := ids(sums)
	if d := cmp.Diff(want, ids(sums[:1])); d != "" {
		t.Errorf("with one chunk (-want +got):\n%s", d)
	}
	b.job.Limit = 60
	all := b.peaks()
	b.job.Limit = 7
	if d := cmp.Diff(want, ids(all)); d != "" {
		t.Errorf("with all chunks (-want +got):\n%s", d)
	}
	p, err := Gate(t.Context(), b.job, listed(all))
	if err != nil {
		t.Fatal(err)
	}
	if p.Global.N != 7 || len(p.Chunks) != len(want) {
		t.Errorf("%d images of %d chunks, want 7 of %d", p.Global.N, len(p.Chunks), len(want))
	}
}

// pngOf is a small PNG of random pixels.
func pngOf(t *testing.T, random *rand.Rand) []byte {
	t.Helper()
	enc, err := imaging.NewEncoder("png")
	if err != nil {
		t.Fatal(err)
	}
	img := new(imaging.Image)
	img.Resize(40, 40)
	for i := range img.Pix {
		img.Pix[i] = byte(random.Uint32())
	}
	data, err := enc.Encode(nil, img)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A container of two classes, of which one is full before its end, leaves out the rest of that one.
func TestSpendPart(t *testing.T) {
	job := &Job{LimitPerClass: 2}
	job.Catalog.Classes = []string{"a", "b"}
	b := newBudget(job, job.Catalog.Classes)
	p := PlannedChunk{Summary: Summary{Good: CountsOf(map[string]int64{nameLabel + "a": 5, nameLabel + "b": 1})}, Looked: -1}
	if err := b.spend(t.Context(), job, &p); err != nil {
		t.Fatal(err)
	}
	if p.Used != 3 || p.Excluded != 3 || p.Looked != -1 || b.used[0] != 2 || b.used[1] != 1 {
		t.Errorf("%+v, used %v; want 3 used and 3 left out", p, b.used)
	}
}
