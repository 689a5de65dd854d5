package stage

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/internal/faultfs"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/source/synth"
)

// TestCacheAgrees changes an input and its cache between two looks, and wants to know of each chunk what
// is true, first by the names of its files, and then by its rows and bytes. A third look finds all as the second left it.
func TestCacheAgrees(t *testing.T) {
	for _, c := range []struct {
		name         string
		change       func(t *testing.T, in, cache string) (moved string)
		glance, real Status
		computed     int64
	}{
		{"nothing", func(t *testing.T, in, _ string) string { return in }, Valid, Valid, 0},
		{"moved", func(t *testing.T, in, _ string) string {
			check(t, os.Rename(in, in+"2"))
			return in + "2"
		}, Adopted, Adopted, 0},
		{"touched", func(t *testing.T, in, _ string) string {
			each(t, in, func(path string) { check(t, os.Chtimes(path, time.Time{}, time.Unix(1e9, 0))) })
			return in
		}, Adopted, Adopted, 0},
		{"edited and as long as before", func(t *testing.T, in, _ string) string {
			each(t, in, func(path string) {
				text, err := os.ReadFile(path)
				check(t, err)
				text[len(text)-3] ^= 1
				check(t, os.WriteFile(path, text, 0o666))
				check(t, os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)))
			})
			return in
		}, Adopted, Changed, 12},
		{"longer", func(t *testing.T, in, _ string) string {
			each(t, in, func(path string) {
				f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
				check(t, err)
				f.Write([]byte{0})
				check(t, f.Close())
			})
			return in
		}, Missing, Missing, 12},
		{"damaged", func(t *testing.T, in, cache string) string {
			each(t, cache, func(path string) {
				if filepath.Ext(path) == ".parquet" {
					check(t, os.Truncate(path, 300))
				}
			})
			return in
		}, Damaged, Damaged, 12},
		{"killed before its marks", func(t *testing.T, in, cache string) string {
			removeAll(t, cache, "*.mark")
			return in
		}, Adopted, Adopted, 0},
		{"marks alone", func(t *testing.T, in, cache string) string {
			removeAll(t, cache, "*.parquet")
			return in
		}, Missing, Missing, 12},
		{"kept by an earlier version", func(t *testing.T, in, cache string) string {
			asEarlier(t, cache)
			return in
		}, Valid, Valid, 0},
		{"kept by an earlier version, and moved", func(t *testing.T, in, cache string) string {
			asEarlier(t, cache)
			check(t, os.Rename(in, in+"2"))
			return in + "2"
		}, Adopted, Adopted, 0},
		{"marked as two contents", func(t *testing.T, in, cache string) string {
			each(t, cache, func(path string) {
				if name := filepath.Base(path); filepath.Ext(name) == ".mark" {
					other := strings.Repeat("0", 32) + name[strings.IndexByte(name, '.'):]
					check(t, os.WriteFile(filepath.Join(filepath.Dir(path), name[:33]+other), nil, 0o666))
				}
			})
			return in
		}, Adopted, Adopted, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in")
			check(t, synth.Write(t.Context(), in, "imagefolder", 12))
			b := newBench(t, in, nil)
			first := b.peaks()
			in = c.change(t, in, b.job.Cache.URI)
			again := newBench(t, in, func(j *Job) { j.Cache, j.RunID = b.job.Cache, "run-2 "+c.name })
			err := Choose(t.Context(), again.job, again.containers, func(chunk source.Chunk) error {
				if s, err := Glance(t.Context(), again.job, chunk, true); err != nil || s != c.glance {
					t.Errorf("%s: %v at first sight (%v), want %v", chunk.Container.Name, s, err, c.glance)
				}
				return nil
			})
			check(t, err)
			ResetProgress()
			second := again.peaks()
			p := ReadProgress()
			if p.Images != c.computed || p.ByStatus[c.real] != p.Chunks {
				t.Errorf("%d images computed, chunks %v; want %d and all %v", p.Images, p.ByStatus, c.computed, c.real)
			}
			if c.real == Valid || c.real == Adopted {
				for i := range second {
					second[i].URI, second[i].Stamp, second[i].Files = first[i].URI, first[i].Stamp, first[i].Files
				}
				if d := cmp.Diff(first, second); d != "" {
					t.Errorf("other summaries (-first +second):\n%s", d)
				}
			}
			third := newBench(t, in, func(j *Job) { j.Cache, j.RunID = b.job.Cache, "run-3 "+c.name })
			ResetProgress()
			third.peaks()
			if p := ReadProgress(); p.Images != 0 || p.ByStatus[Valid] != p.Chunks {
				t.Errorf("once more: %d images computed, chunks %v; want all valid", p.Images, p.ByStatus)
			}
		})
	}
	b := newBench(t, "synth:12", nil)
	b.peaks()
	b.job.Geometry.Mode, b.job.Replicas = "rrc", []int{0, 1}
	err := Choose(t.Context(), b.job, b.containers, func(chunk source.Chunk) error {
		if s, err := Glance(t.Context(), b.job, chunk, true); err != nil || s != Extended {
			t.Errorf("a replica lacks: %v (%v)", s, err)
		}
		return nil
	})
	check(t, err)
}

// removeAll removes the files of a cache whose names match.
func removeAll(t *testing.T, cache, pattern string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(cache, "*", pattern))
	if check(t, err); len(list) == 0 {
		t.Fatalf("no file matches %s", pattern)
	}
	for _, path := range list {
		check(t, os.Remove(path))
	}
}

// asEarlier gives the files of a cache the names that earlier versions gave them.
func asEarlier(t *testing.T, cache string) {
	t.Helper()
	removeAll(t, cache, "*.mark")
	each(t, cache, func(path string) {
		if filepath.Ext(path) == ".parquet" {
			id, _, _ := strings.Cut(filepath.Base(path), "-")
			check(t, os.Rename(path, filepath.Join(filepath.Dir(path), id+".parquet")))
		}
	})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// each calls f for every file below a folder.
func each(t *testing.T, dir string, f func(path string)) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			f(path)
		}
		return err
	}))
}

// TestAdoptedUnsaved adopts the peaks of a data set in another place from a cache that can only be
// read: its rows do as they are, and lead to the new place, whichever other places other runs add.
func TestAdoptedUnsaved(t *testing.T) {
	s := newFakeSet(t)
	cache := t.TempDir()
	first := newBench(t, s.dir, inCache(cache, nil))
	first.planned()
	want, err := first.mix(newRandom(1))
	check(t, err)
	moved := filepath.Join(t.TempDir(), "moved")
	check(t, os.Rename(s.dir, moved))
	for _, mode := range []string{SpoolRef, SpoolPixels} {
		second := newBench(t, moved, inCache(cache, func(j *Job) { j.Spool = SpoolInfo{Mode: mode, URI: filepath.Join(t.TempDir(), "spool")} }))
		t.Run(mode, func(t *testing.T) {
			faultfs.Inject(t, faultfs.On(faultfs.Create, cache, syscall.EROFS))
			second.planned()
			got, err := second.mix(newRandom(1))
			check(t, err)
			check(t, second.finish(got))
			if len(got) != len(want) || got[0].Shards[0].SHA256 != want[0].Shards[0].SHA256 {
				t.Error("the shard differs from that of the first place")
			}
		})
		if mode == SpoolPixels {
			continue
		}
		third := filepath.Join(t.TempDir(), "third")
		check(t, os.CopyFS(third, os.DirFS(moved)))
		for i, place := range []string{moved, third} {
			other := newBench(t, place, inCache(cache, func(j *Job) { j.RunID = fmt.Sprint("other-", i) }))
			other.planned()
			got, err := second.mix(newRandom(1))
			check(t, err)
			if got[0].Shards[0].SHA256 != want[0].Shards[0].SHA256 {
				t.Errorf("the shard differs after a run on %s", place)
			}
		}
	}
	// An error of another kind is one.
	again := filepath.Join(t.TempDir(), "again")
	check(t, os.CopyFS(again, os.DirFS(moved)))
	fourth := newBench(t, again, inCache(cache, nil))
	faultfs.Inject(t, faultfs.On(faultfs.Create, cache, syscall.ENOSPC))
	chunks, err := source.Split(t.Context(), fourth.containers[0], fourth.job.Source)
	check(t, err)
	_, err = Peaks(t.Context(), fourth.job, chunks[0])
	wantError(t, err, "no space left", "--cache none")
}
