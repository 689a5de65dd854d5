package stage

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
)

// TestSpool hands copies over in a random order, some of them of nothing, and wants them in the order of
// their entries, and all memory given back.
func TestSpool(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "copy")
	for _, fail := range []bool{false, true} {
		w, err := blob.Create(t.Context(), path)
		check(t, err)
		s := &spool{w: w, pending: map[int]spooled{}}
		var want []byte
		const n = 50
		parts := make([][]byte, n)
		for i := range parts {
			if random.IntN(3) > 0 {
				parts[i] = bytes.Repeat([]byte{byte(i)}, random.IntN(9))
			}
			want = append(want, parts[i]...)
		}
		released := 0
		for _, i := range random.Perm(n) {
			if fail && i == n/2 {
				continue // an entry that ended the chunk
			}
			check(t, s.put(i, new(premix.Sample), bytes.Clone(parts[i]), func() { released++ }))
		}
		cause := errors.New("cause")
		if !fail {
			cause = nil
		}
		if err := s.finish(t.Context(), cause); !errors.Is(err, cause) {
			t.Errorf("%v, want %v", err, cause)
		}
		got, err := blob.ReadAll(t.Context(), path, 1<<20)
		if fail {
			if released != n-1 {
				t.Errorf("%d of %d were released", released, n-1)
			}
			continue
		}
		if check(t, err); !bytes.Equal(got, want) || released != n {
			t.Errorf("%d bytes, want %d; %d of %d were released", len(got), len(want), released, n)
		}
		check(t, blob.Remove(t.Context(), path))
	}
	if _, err := blob.Stat(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy of a chunk that failed is there: %v", err)
	}
}

// TestMerge adds rows of other replicas to fresh ones; two entries may have one name.
func TestMerge(t *testing.T) {
	row := func(name string, replica int) premix.Sample {
		return premix.Sample{Name: name, Replica: replica, Width: replica}
	}
	fresh := &rows{meta: cache.Meta{Replicas: []int{1}}, chunk: &cache.Chunk{Rows: []premix.Sample{row("a", 1), row("b", 1), row("b", 1), row("c", 1)}}}
	old := &rows{meta: cache.Meta{Replicas: []int{0, 2}}, chunk: &cache.Chunk{Rows: []premix.Sample{
		row("a", 0), row("a", 2), row("b", 0), row("b", 2), row("b", 0), row("b", 2), row("c", 0), row("c", 2),
	}}}
	check(t, fresh.merge(old))
	var got [][]int
	for e := range byEntry(fresh.chunk.Rows) {
		var replicas []int
		for i := range e {
			replicas = append(replicas, e[i].Replica)
		}
		got = append(got, replicas)
	}
	all := []int{0, 1, 2}
	if d := cmp.Diff([][]int{all, all, all, all}, got); d != "" {
		t.Errorf("replicas of each entry (-want +got):\n%s", d)
	}
	if d := cmp.Diff(all, fresh.meta.Replicas); d != "" {
		t.Errorf("replicas (-want +got):\n%s", d)
	}
}
