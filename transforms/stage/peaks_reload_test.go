package stage

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging/crop"
)

// inCache describes a job of one shard whose peaks are in a folder.
func inCache(cache string, change func(*Job)) func(*Job) {
	return func(j *Job) {
		j.Cache.URI, j.Shards = cache, 1
		if change != nil {
			change(j)
		}
	}
}

// swap gives a file other content of the same size, and the time that it had.
func swap(t *testing.T, path string, content func(text []byte)) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content(text)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
}

// wantError wants an error whose text has all of the words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v: does not say %q", err, w)
		}
	}
}

// TestOthersPeaks lets another run, which sees corrected files of the same sizes, find other peaks
// between two stages: both runs end with their own.
func TestOthersPeaks(t *testing.T) {
	s := newFakeSet(t)
	bad := filepath.Join(s.dir, "c1", "broken.png")
	if err := os.WriteFile(bad, []byte("\x89PNG\r\n\x1a\n and no more"), 0o644); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	ours := newBench(t, s.dir, inCache(cache, nil))
	ours.planned()
	want, err := ours.mix(newRandom(1))
	check(t, err)
	corrected := filepath.Join(t.TempDir(), "corrected")
	check(t, os.CopyFS(corrected, os.DirFS(s.dir)))
	swap(t, filepath.Join(corrected, "c1", "broken.png"), func(text []byte) { copy(text[8:], " and no less") })
	later := time.Now().Add(time.Hour)
	check(t, os.Chtimes(filepath.Join(corrected, "c1", "broken.png"), later, later))
	theirs := newBench(t, corrected, inCache(cache, func(j *Job) { j.RunID = "run-2" }))
	theirs.planned()
	if a, b := ours.sums[len(ours.sums)-1], theirs.sums[len(theirs.sums)-1]; a.ID != b.ID || a.Content == b.Content {
		t.Fatalf("the chunks are %s %s and %s %s: nothing was tested", a.ID, a.Content, b.ID, b.Content)
	}
	for _, b := range []*bench{ours, theirs, ours} {
		check(t, os.RemoveAll(b.job.Outputs[0].Dir))
		b.planned()
		got, err := b.mix(newRandom(2))
		check(t, err)
		check(t, b.finish(got))
		if b == ours && got[0].Shards[0].SHA256 != want[0].Shards[0].SHA256 {
			t.Error("the rows of the other run were taken")
		}
	}
}

// TestSwappedImage replaces a file between two stages, or two runs, by another one of its size, and
// keeps its time, so that nothing but the bytes tells.
func TestSwappedImage(t *testing.T) {
	s := newFakeSet(t)
	cache := t.TempDir()
	path := filepath.Join(s.dir, "c1", "i3.png")
	var pictures [2][]byte // of one size
	for i := range pictures {
		text, err := os.ReadFile(filepath.Join(s.dir, "c1", []string{"i3.png", "i5.png"}[i]))
		if err != nil {
			t.Fatal(err)
		}
		pictures[i] = append(text, make([]byte, 1<<16-len(text))...)
	}
	if err := os.WriteFile(path, pictures[0], 0o644); err != nil {
		t.Fatal(err)
	}
	flip := func(text []byte) {
		copy(text, pictures[1])
		slices.Reverse(pictures[:])
	}
	a := newBench(t, s.dir, inCache(cache, nil))
	a.planned()
	swap(t, path, flip)
	_, err := a.mix(newRandom(1))
	wantError(t, err, "c1/i3.png: is another image", path, "touch it", "run again")

	// Nor does it help to begin again: the cache is valid, as far as it can know.
	a = newBench(t, s.dir, inCache(cache, nil))
	a.planned()
	_, err = a.mix(newRandom(1))
	wantError(t, err, "c1/i3.png: is another image")

	// Where the files are read for another reason, the peaks of all replicas are found anew.
	for _, change := range []func(*Job){
		func(j *Job) { j.Spool = SpoolInfo{Mode: SpoolPixels, URI: filepath.Join(t.TempDir(), "spool")} },
		func(j *Job) {
			j.Geometry.Mode, j.Geometry.Scale, j.Geometry.Ratio = crop.RRC, [2]float64{0.5, 1}, crop.DefaultRatio
			j.Replicas, j.ZeroNumbered, j.Cache.Fingerprint = []int{0, 1}, true, "q"
		},
	} {
		b := newBench(t, s.dir, inCache(cache, change))
		if len(b.job.Replicas) > 1 {
			first := newBench(t, s.dir, inCache(cache, change))
			first.job.Replicas = []int{0}
			first.planned()
			swap(t, path, flip)
		}
		b.planned()
		if _, err := b.mix(newRandom(1)); err != nil {
			t.Error(err)
		}
		c := newBench(t, s.dir, inCache(cache, change))
		c.job.Spool = SpoolInfo{Mode: SpoolRef}
		c.planned()
		if _, err := c.mix(newRandom(1)); err != nil {
			t.Errorf("what was found anew was not kept: %v", err)
		}
	}
}

// TestFinishAgain ends a job that no launcher waits for, and a worker that dies before its runner
// knows: the last stage, or all of the job, runs again where all that was temporary is gone.
func TestFinishAgain(t *testing.T) {
	s := newFakeSet(t)
	if err := os.WriteFile(filepath.Join(s.dir, "c1", "broken.png"), []byte("\x89PNG\r\n\x1a\n and no more"), 0o644); err != nil {
		t.Fatal(err)
	}
	a := newBench(t, s.dir, func(j *Job) {
		j.Cache.URI, j.RunID = filepath.Join(t.TempDir(), "cache"), t.Name()
		j.Slots, j.Reach.Host, j.Reach.Detached, j.Cache.Temporary = 2, "launcher", true, true
		j.Reach.AddMarker("--out", j.Outputs[0].Dir, dataset.Meta(j.Outputs[0].Dir, "train"), "run")
	})
	if err := PlaceMarkers(t.Context(), a.job); err != nil {
		t.Fatal(err)
	}
	a.planned()
	records, err := a.mix(newRandom(1))
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]string
	for _, what := range []string{"first", "again"} {
		if err := a.finish(records); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if _, err := os.Stat(a.job.Cache.URI); !os.IsNotExist(err) {
			t.Errorf("%s: the cache is left: %v", what, err)
		}
		files := a.files()
		if want == nil {
			want = files
		}
		if d := cmp.Diff(want, files); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	// Another output is not there just because the cache is gone.
	missing := slices.Clone(records)
	missing[0].Shards = slices.Clone(missing[0].Shards)
	missing[0].Shards[0].SHA256[0]++
	if err := a.finish(missing); err == nil {
		t.Error("a manifest that does not list the shards passed")
	}

	// All of it, in a process that has not looked yet.
	reached.Delete(a.job.RunID)
	a.planned()
	if records, err = a.mix(newRandom(1)); err != nil {
		t.Fatal(err)
	}
	if err := a.finish(records); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, a.files()); d != "" {
		t.Error(d)
	}
}
