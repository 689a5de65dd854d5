package stage

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/plan"
)

// countsBench is a job over folders a, b and c of 4, 5 and 6 images, the first of each broken, that
// chooses the classes a and c, and takes at most two or so images of each.
func countsBench(t *testing.T, size int, limit, each int64) *bench {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 8))
	dir := t.TempDir()
	for class, name := range []string{"a", "b", "c"} {
		for i := range 4 + class {
			data := pngOf(t, random)
			if i == 0 {
				data = []byte("nothing")
			}
			path := filepath.Join(dir, name, fmt.Sprintf("%02d.png", i))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	b := newBench(t, dir, func(j *Job) {
		j.Source.ChunkImages, j.Limit, j.LimitPerClass, j.Shards, j.MaxBad = size, limit, each, 1, 1
	})
	b.job.Catalog.Classes, b.job.Catalog.Choice = []string{"a", "c"}, true
	return b
}

// TestExcluded wants images of classes that were not chosen to be counted as left out, however the
// input is cut, where limits end in a chunk and where they do not.
func TestExcluded(t *testing.T) {
	for _, c := range []struct{ limit, each, good, out, bad int64 }{
		{0, 0, 8, 4, 3}, // all is looked at: b has 4 good images
		{6, 0, 6, 4, 3}, // c ends after its third good image
		{0, 2, 4, 4, 3},
		{3, 0, 3, 0, 1}, // b is not reached
	} {
		for _, size := range []int{1, 3, 100} {
			b := countsBench(t, size, c.limit, c.each)
			b.must(1)
			m := b.manifest()
			if n := m.Counts; n.Good != c.good || n.Excluded != c.out || n.Failed != c.bad || n.Entries != c.good+c.out+c.bad {
				t.Errorf("limit %d, %d of each, chunks of %d: %+v, want %d good, %d left out, %d failed", c.limit, c.each, size, n, c.good, c.out, c.bad)
			}
		}
	}
}

// TestMiscount gives stages chunks whose counts do not fit what was looked at.
func TestMiscount(t *testing.T) {
	b := countsBench(t, 100, 0, 0)
	g := b.planned()
	for name, change := range map[string]func(p *PlannedChunk){
		"excluded": func(p *PlannedChunk) { p.Excluded++ },
		"used":     func(p *PlannedChunk) { p.Used-- },
		"entries":  func(p *PlannedChunk) { p.Entries++ },
		"below 0":  func(p *PlannedChunk) { p.Used, p.Excluded = p.Used+p.Excluded+1, -1 },
	} {
		p := b.plan.Chunks[0]
		change(&p)
		if err := p.AssertValid(); err == nil || !strings.Contains(err.Error(), "stage: internal error: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := b.plan.Chunks[0]
	p.Used++
	rows := 0
	err := Distribute(t.Context(), b.job, g, &p, 0, func(_ int64, batch []byte) {
		list, err := plan.ReadRows(nil, batch)
		if err != nil {
			t.Fatal(err)
		}
		rows += len(list)
	})
	if err == nil || !strings.Contains(err.Error(), "3 images take part, 4 were counted") || rows > 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
	b.plan.Chunks[1].Ordinal++
	if err := assertOrdinals(b.plan.Chunks, g.N); err == nil || !strings.Contains(err.Error(), "begin at 4 and not at 3") {
		t.Errorf("%v", err)
	}
}
