package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/io/blob"
)

// saveEarlier writes a chunk as earlier versions did.
func saveEarlier(t *testing.T, dir, id string, m Meta, c *Chunk) {
	t.Helper()
	data, err := encode(m, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := blob.WriteFile(t.Context(), blob.Join(dir, id+".parquet"), data); err != nil {
		t.Fatal(err)
	}
}

// find looks for the chunk c at a place.
func find(t *testing.T, s *Store, stamp, uri string, replicas ...int) *Held {
	t.Helper()
	h, err := s.Find(t.Context(), "c", stamp, uri, replicas)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestUnion lets three runs add replicas of one content, two of them the same ones, and one an earlier version's file: a
// reader has all of them, each once, and the file that it takes a row from follows from the names alone.
func TestUnion(t *testing.T) {
	for name, root := range map[string]string{"local": t.TempDir(), "store": "mem://union/cache"} {
		t.Run(name, func(t *testing.T) {
			m, want := whole(11, 0, 1, 2, 3, 4)
			dir := blob.Join(root, "f")
			m0, c0 := whole(11, 0)
			saveEarlier(t, dir, "c", m0, c0)
			for _, replicas := range [][]int{{2, 3}, {1, 2}, {2, 4}} {
				m, c := whole(11, replicas...)
				m.URI = "/copy"
				for i := range c.Rows {
					c.Rows[i].Location.URI = "/copy" // rows do not depend on the place
				}
				save(t, Open(root, "f", nil), "c", m, c)
			}
			var names []string
			files, err := Open(root, "f", nil).List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				names = append(names, strings.ReplaceAll(f.Name(), ContentOf(want), "CONTENT"))
			}
			all := []string{"c-CONTENT.r1-2.parquet", "c-CONTENT.r2-2.parquet", "c-CONTENT.r2-3.parquet", "c-CONTENT.r4-4.parquet", "c.parquet"}
			if d := cmp.Diff(all, names); d != "" {
				t.Errorf("files: %s", d)
			}
			got, err := load(t.Context(), Open(root, "f", nil), "c", m.Replicas...)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got.Chunk.Rows {
				got.Chunk.Rows[i].Location.URI = "/data/in.tar"
			}
			if d := cmp.Diff(want, got.Chunk); d != "" {
				t.Error(d)
			}
			if len(got.Files) != 4 || slices.ContainsFunc(got.Files, func(name string) bool { return strings.Contains(name, "r2-2") }) {
				t.Errorf("rows were taken from %v", got.Files)
			}
			if infos, err := Caches(t.Context(), root); err != nil || len(infos) != 1 || infos[0].Chunks != 1 || infos[0].Rows != 55 {
				t.Errorf("%+v, %v: want a chunk of 55 rows", infos, err)
			}
		})
	}
}

// TestDamagedBeside damages one file of several: the others still count, and Save replaces it.
func TestDamagedBeside(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir, "f", nil)
	m, c := whole(5, 0, 1)
	path := save(t, s, "c", m, c)[0]
	m1, c1 := whole(5, 1, 2)
	save(t, s, "c", m1, c1)
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	h := find(t, Open(dir, "f", nil), "s", "/data/train", 0, 1, 2)
	r, err := h.Load(t.Context(), ContentOf(c), []int{0, 1, 2})
	if err != nil || !slices.Equal(r.Meta.Replicas, []int{1, 2}) || !h.Damaged() {
		t.Fatalf("%+v, %v, damaged %v", r, err, h.Damaged())
	}
	if _, err := s.Reload(t.Context(), "c", ContentOf(c), []string{filepath.Base(path)}, []int{0, 1}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a replica that only the damaged file has: %v", err)
	}
	if r, err := s.Reload(t.Context(), "c", ContentOf(c), []string{filepath.Base(path)}, []int{1}); err != nil || len(r.Chunk.Rows) != 5 {
		t.Errorf("a replica that another file has too: %v", err)
	}
	// A run whose listing is older than the damage meets it as it saves.
	save(t, s, "c", m, c)
	if r, err := s.Reload(t.Context(), "c", ContentOf(c), []string{filepath.Base(path)}, []int{0, 1}); err != nil || len(r.Chunk.Rows) != 10 {
		t.Errorf("the file was not replaced: %v", err)
	}
}

// TestNeverRewritten saves rows that are there: the file stays the same.
func TestNeverRewritten(t *testing.T) {
	dir := t.TempDir()
	m, c := whole(5)
	path := save(t, Open(dir, "f", nil), "c", m, c)[0]
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	m.URI = "/another/place"
	save(t, Open(dir, "f", nil), "c", m, c)
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("%v: the file is another one", err)
	}
}

// TestMarks keeps apart the places that have a content, and contents that a place had one after the other.
func TestMarks(t *testing.T) {
	dir := t.TempDir()
	m, c := whole(5)
	content := ContentOf(c)
	save(t, Open(dir, "f", nil), "c", m, c)
	moved := m
	moved.URI = "/moved"
	h := find(t, Open(dir, "f", nil), "s", "/moved", 0)
	if len(h.Here()) != 0 || !slices.Equal(h.Stamped(), []string{content}) {
		t.Errorf("before it was compared: here %v, of this time %v", h.Here(), h.Stamped())
	}
	if err := Open(dir, "f", nil).Mark(t.Context(), "c", content, moved); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"/moved", "/data/train"} {
		if h := find(t, Open(dir, "f", nil), "s", place, 0, 1); !slices.Equal(h.Here(), []string{content}) {
			t.Errorf("%s: %v", place, h.Here())
		}
	}
	if h := find(t, Open(dir, "f", nil), "later", "/moved", 0); len(h.Here())+len(h.Stamped()) != 0 {
		t.Errorf("at another time: %v, %v", h.Here(), h.Stamped())
	}
	// Other bytes at the same place and time: the new content is the one that is there.
	other := Chunk{Rows: slices.Clone(c.Rows), Ignored: c.Ignored}
	for i := range other.Rows {
		other.Rows[i].Digest[3]++
	}
	save(t, Open(dir, "f", nil), "c", moved, &other)
	if h := find(t, Open(dir, "f", nil), "s", "/moved", 0); !slices.Equal(h.Here(), []string{ContentOf(&other)}) {
		t.Errorf("after a change: %v", h.Here())
	}
	if h := find(t, Open(dir, "f", nil), "s", "/data/train", 0); !slices.Equal(h.Here(), []string{content}) {
		t.Errorf("the place that was not changed: %v", h.Here())
	}
	if len(h.Contents()) != 1 {
		t.Errorf("contents before: %v", h.Contents())
	}
}

// TestKilled looks at what runs leave that were killed: a file without a mark counts for no place, and a mark
// without a file for nothing.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	m, c := whole(5)
	path := save(t, Open(dir, "f", nil), "c", m, c)[0]
	marks, err := filepath.Glob(filepath.Join(dir, "f", "*.mark"))
	if err != nil || len(marks) != 1 {
		t.Fatal(marks, err)
	}
	text, err := os.ReadFile(marks[0])
	if want := `{"container":"train/` + toText("\xe9") + `","uri":"/data/train","stamp":"s"}` + "\n"; err != nil || string(text) != want {
		t.Errorf("a mark says %s (%v), want %s", text, err, want)
	}
	if err := os.Remove(marks[0]); err != nil {
		t.Fatal(err)
	}
	h := find(t, Open(dir, "f", nil), "s", "/data/train", 0)
	if len(h.Here()) != 0 || !slices.Equal(h.Contents(), []string{ContentOf(c)}) {
		t.Errorf("a file without a mark: %v here, of %v", h.Here(), h.Contents())
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(marks[0], nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	h = find(t, Open(dir, "f", nil), "s", "/data/train", 0)
	if r, err := h.Load(t.Context(), ContentOf(c), []int{0}); r != nil || err != nil || len(h.Contents()) != 0 {
		t.Errorf("a mark without a file: %v, %v, %v", r, err, h.Contents())
	}
}

// TestStaleListing adds rows behind the back of a store that has listed before, and removes some.
func TestStaleListing(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	s := Open(dir, "f", nil)
	if _, err := load(ctx, s, "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	m, c := whole(5)
	path := save(t, Open(dir, "f", nil), "c", m, c)[0]
	if _, err := load(ctx, s, "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory was listed again at once: %v", err)
	}
	name := []string{filepath.Base(path)}
	if r, err := s.Reload(ctx, "c", ContentOf(c), name, []int{0, 1}); err != nil || len(r.Chunk.Rows) != 10 {
		t.Errorf("named files: %v", err)
	}
	if r, err := s.Reload(ctx, "c", ContentOf(c), nil, []int{0, 1}); err != nil || len(r.Chunk.Rows) != 10 {
		t.Errorf("files that were not named: %v", err)
	}
	defer func(d time.Duration) { relistAfter = d }(relistAfter)
	relistAfter = 0
	m2, c2 := whole(5, 2)
	save(t, Open(dir, "f", nil), "c", m2, c2)
	for deadline := time.Now().Add(10 * time.Second); ; {
		if r, err := load(ctx, s, "c", 0, 1, 2); err == nil && len(r.Chunk.Rows) == 15 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("what lacks is never looked for again: %v", err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "f")); err != nil {
		t.Fatal(err)
	}
	if _, err := load(ctx, s, "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cache was pruned: %v", err)
	}
	if _, err := s.Reload(ctx, "c", ContentOf(c), name, []int{0, 1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cache was pruned: %v", err)
	}
}

// TestEarlier reads what an earlier version saved, and goes by the place that it was saved for.
func TestEarlier(t *testing.T) {
	dir := t.TempDir()
	m, c := whole(5)
	saveEarlier(t, filepath.Join(dir, "f"), "c", m, c)
	r, err := load(t.Context(), Open(dir, "f", nil), "c")
	if err != nil || !slices.Equal(r.Files, []string{"c.parquet"}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if d := cmp.Diff(c, r.Chunk); d != "" {
		t.Error(d)
	}
	if h := find(t, Open(dir, "f", nil), "s", "/moved", 0); len(h.Here()) != 0 || !slices.Equal(h.Contents(), []string{ContentOf(c)}) {
		t.Errorf("elsewhere: %v of %v", h.Here(), h.Contents())
	}
	// An earlier version that shares the cache replaces its file: what this run found is gone, and not taken
	// for something else.
	other := Chunk{Rows: slices.Clone(c.Rows)}
	other.Rows[0].Digest[0]++
	other.Rows[1].Digest[0]++
	saveEarlier(t, filepath.Join(dir, "f"), "c", m, &other)
	if _, err := Open(dir, "f", nil).Reload(t.Context(), "c", r.Content, r.Files, []int{0, 1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("other rows under the name: %v", err)
	}
}

// TestEmpty keeps chunks without images, and those of failures alone.
func TestEmpty(t *testing.T) {
	dir := t.TempDir()
	m, c := whole(0)
	c.Ignored = 7
	save(t, Open(dir, "f", nil), "c", m, c)
	if r, err := load(t.Context(), Open(dir, "f", nil), "c"); err != nil || len(r.Chunk.Rows) != 0 || r.Chunk.Ignored != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	bad := &Chunk{}
	_, all := whole(11)
	for _, s := range all.Rows {
		if s.Fault != nil {
			bad.Rows = append(bad.Rows, s)
		}
	}
	save(t, Open(dir, "f", nil), "d", m, bad)
	r, err := load(t.Context(), Open(dir, "f", nil), "d")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(bad.Rows, r.Chunk.Rows); d != "" || len(bad.Rows) != 2 {
		t.Error(d)
	}
}
