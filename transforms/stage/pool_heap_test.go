package stage

import (
	"math"
	"testing"

	"github.com/premix/premix/imaging/crop"
)

// TestHeapLimit wants room for the rows that a process holds in the limit of its garbage collector.
func TestHeapLimit(t *testing.T) {
	for _, c := range []struct{ memory, rows, want int64 }{
		{16 << 20, 0, 176 << 20},
		{16 << 20, 1 << 20, 376 << 20},
		{1 << 30, 1 << 22, 1<<30 + 160<<20 + 800<<20},
		{math.MaxInt64 - 5, 1 << 22, math.MaxInt64},
		{1, math.MaxInt64, 1 + 160<<20 + 200<<40},
	} {
		if got := heapLimit(c.memory, c.rows); got != c.want {
			t.Errorf("%d bytes and %d rows: %d, want %d", c.memory, c.rows, got, c.want)
		}
	}
	g := &Global{N: 1_281_167, Rounds: 28}
	if n := g.heldRows(90, false); n != 4_118_037 {
		t.Errorf("a local runner holds %d rows", n)
	}
	if n := g.heldRows(90, true); n != 2*bucketRows {
		t.Errorf("a worker of a cluster holds %d rows", n)
	}
}

// TestFailuresAhead bounds the rows of the chunks with failures that are read at once.
func TestFailuresAhead(t *testing.T) {
	chunks := make([]BadChunk, 40)
	for i := range chunks {
		chunks[i].Entries = 1000
	}
	for _, c := range []struct{ replicas, left, want int }{{1, 40, 16}, {1, 3, 3}, {10, 40, 13}, {90, 40, 1}, {300, 40, 1}} {
		job := &Job{Replicas: make([]int, c.replicas)}
		job.Geometry.Mode = crop.RRC
		f := newFailures(job, nil, nil)
		if got := f.ahead(chunks[:c.left]); got != c.want {
			t.Errorf("%d replicas, %d chunks: %d at once, want %d", c.replicas, c.left, got, c.want)
		}
		if f.most = 1; f.ahead(chunks[:c.left]) != 1 {
			t.Errorf("%d replicas: more than the one that was asked for", c.replicas)
		}
	}
}
