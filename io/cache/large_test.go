package cache

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLargeChunk wants rows that make a file above the limit to be in several, of fewer replicas each, which
// readers join; and those of one replica to be refused with what to do.
func TestLargeChunk(t *testing.T) {
	replicas := []int{2, 3, 4, 5, 6}
	meta, want := whole(300, replicas...)
	root := t.TempDir()
	one := save(t, Open(root, "one", nil), "c1", meta, want)
	if len(one) != 1 {
		t.Fatal(one)
	}
	whole := maxFile
	t.Cleanup(func() { maxFile = whole })
	few := meta
	few.Replicas = replicas[2:]
	half, err := encode(few, &Chunk{Ignored: want.Ignored, Rows: keep(slices.Clone(want.Rows), few.Replicas)})
	if err != nil {
		t.Fatal(err)
	}
	maxFile = len(half)
	s := Open(root, "some", nil)
	var names []string
	for _, f := range save(t, s, "c1", meta, want) {
		_, ranges, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".parquet"), ".")
		names = append(names, ranges)
	}
	if want := []string{"r2-3", "r4-6"}; !slices.Equal(names, want) {
		t.Errorf("files of the replicas %v, want %v", names, want)
	}
	for _, store := range []*Store{s, Open(root, "some", nil)} {
		got, err := load(t.Context(), store, "c1", replicas...)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got.Chunk); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
	}
	maxFile = len(half) / 10
	_, err = Open(root, "none", nil).Save(t.Context(), "c1", meta, want)
	if large := (*tooLargeError)(nil); !errors.As(err, &large) || !strings.Contains(err.Error(), "300 images make a file of") || !strings.Contains(err.Error(), "put them into several containers") {
		t.Error(err)
	}
}
