package stage

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
)

// An attempt runs the stages of a job over a folder one after the other.
type attempt struct {
	*testing.T
	job  *Job
	sums []Summary
	g    *Global
}

func newAttempt(t *testing.T, cache string, change func(*Job)) *attempt {
	t.Helper()
	params := mix.Params{Prob: 1, Lambda: mix.Lambda{Alpha: 1, Max: 1}}
	params.EnsureDefaults()
	size := premix.Size{H: 24, W: 24}
	job := &Job{
		Geometry: crop.Geometry{Mode: crop.Center, Size: size, Resize: 28, Filter: imaging.Bilinear},
		Detector: "finegrained", Mix: params, Encode: "png", Split: "train", Replicas: []int{0}, Shards: 1, OnBad: "skip", MaxBad: 1,
		Outputs: []Output{{
			Dir: t.TempDir(), Format: "webdataset", Recipe: json.RawMessage(`{}`), Fingerprint: "f",
			Spec: shard.Spec{Name: "premix", Split: "train", Replica: -1, LabelForm: "pair", ImageFormat: "png", Size: size},
		}},
		Cache: CacheInfo{URI: cache, Fingerprint: "p", Settings: []byte(`{}`)}, Spool: SpoolInfo{Mode: SpoolRef},
		RunID: t.TempDir(), Inputs: json.RawMessage(`[]`), Run: json.RawMessage(`{}`),
	}
	if change != nil {
		change(job)
	}
	return &attempt{T: t, job: job}
}

// peaks runs the stages up to the plan.
func (a *attempt) peaks(in string) {
	a.Helper()
	catalog, err := source.Discover(a.Context(), []source.Input{{URI: in}}, a.job.Source)
	if err != nil {
		a.Fatal(err)
	}
	a.job.Catalog.Classes = catalog.Classes
	for _, c := range catalog.Containers {
		chunks, err := source.Split(a.Context(), c, a.job.Source)
		if err != nil {
			a.Fatal(err)
		}
		for _, chunk := range chunks {
			s, err := Peaks(a.Context(), a.job, chunk)
			if err != nil {
				a.Fatal(err)
			}
			a.sums = append(a.sums, *s)
		}
	}
	if a.g, err = Gate(a.Context(), a.job, a.sums); err != nil {
		a.Fatal(err)
	}
}

// mix makes the shards.
func (a *attempt) mix() (records []OutputRecord, err error) {
	a.Helper()
	parts := map[int64][]plan.Row{}
	for i := range a.sums {
		err := Distribute(a.Context(), a.job, a.g, &a.sums[i], func(part int64, batch []byte) {
			var err error
			if parts[part], err = plan.ReadRows(parts[part], batch); err != nil {
				a.Fatal(err)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, rows := range parts {
		r, err := Mix(a.Context(), a.job, a.g, rows)
		if err != nil {
			return nil, err
		}
		records = append(records, r...)
	}
	return records, nil
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

// TestOthersPeaks lets another run, which sees corrected files of the same sizes, replace the peaks
// between two stages: its rows are never taken for this run's.
func TestOthersPeaks(t *testing.T) {
	s := newFakeSet(t)
	bad := filepath.Join(s.dir, "c1", "broken.png")
	if err := os.WriteFile(bad, []byte("\x89PNG\r\n\x1a\n and no more"), 0o644); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	ours := newAttempt(t, cache, nil)
	ours.peaks(s.dir)
	records, err := ours.mix()
	if err != nil {
		t.Fatal(err)
	}

	corrected := t.TempDir()
	if err := os.CopyFS(corrected, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	swap(t, filepath.Join(corrected, "c1", "broken.png"), func(text []byte) { copy(text[8:], " and no less") })
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(corrected, "c1", "broken.png"), later, later); err != nil {
		t.Fatal(err)
	}
	newAttempt(t, cache, nil).peaks(corrected)

	_, err = ours.mix()
	wantError(t, err, "peaks of c", "another run", "run again")
	wantError(t, Finish(t.Context(), ours.job, ours.g, ours.sums, records), "peaks of c1", "another run", "run again")
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
	a := newAttempt(t, cache, nil)
	a.peaks(s.dir)
	swap(t, path, flip)
	_, err := a.mix()
	wantError(t, err, "c1/i3.png: is another image", path, "touch it", "run again")

	// Nor does it help to begin again: the cache is valid, as far as it can know.
	a = newAttempt(t, cache, nil)
	a.peaks(s.dir)
	_, err = a.mix()
	wantError(t, err, "c1/i3.png: is another image")

	// Where the files are read for another reason, the peaks of all replicas are found anew.
	for _, change := range []func(*Job){
		func(j *Job) { j.Spool = SpoolInfo{Mode: SpoolPixels, URI: filepath.Join(t.TempDir(), "spool")} },
		func(j *Job) {
			j.Geometry.Mode, j.Geometry.Scale, j.Geometry.Ratio = crop.RRC, [2]float64{0.5, 1}, crop.DefaultRatio
			j.Replicas, j.Cache.Fingerprint = []int{0, 1}, "q"
		},
	} {
		b := newAttempt(t, cache, change)
		if len(b.job.Replicas) > 1 {
			first := newAttempt(t, cache, change)
			first.job.Replicas = []int{0}
			first.peaks(s.dir)
			swap(t, path, flip)
		}
		b.peaks(s.dir)
		if _, err := b.mix(); err != nil {
			t.Error(err)
		}
		c := newAttempt(t, cache, change)
		c.job.Spool = SpoolInfo{Mode: SpoolRef}
		c.peaks(s.dir)
		if _, err := c.mix(); err != nil {
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
	a := newAttempt(t, filepath.Join(t.TempDir(), "cache"), func(j *Job) {
		j.Slots, j.Reach.Host, j.Reach.Detached, j.Cache.Temporary = 2, "launcher", true, true
		j.Reach.AddMarker("--out", j.Outputs[0].Dir, dataset.Meta(j.Outputs[0].Dir, "train"), "run")
	})
	if err := PlaceMarkers(t.Context(), a.job); err != nil {
		t.Fatal(err)
	}
	a.peaks(s.dir)
	records, err := a.mix()
	if err != nil {
		t.Fatal(err)
	}
	bench := &bench{T: t, job: a.job}
	var want map[string]string
	for _, what := range []string{"first", "again"} {
		if err := Finish(t.Context(), a.job, a.g, a.sums, records); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if _, err := os.Stat(a.job.Cache.URI); !os.IsNotExist(err) {
			t.Errorf("%s: the cache is left: %v", what, err)
		}
		files := bench.files()
		if want == nil {
			want = files
		}
		if d := cmp.Diff(want, files); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	// Another output is not there just because the cache is gone.
	missing := slices.Clone(records)
	missing[0].Record.SHA256 = "0"
	if err := Finish(t.Context(), a.job, a.g, a.sums, missing); err == nil {
		t.Error("a manifest that does not list the shards passed")
	}

	// All of it, in a process that has not looked yet.
	reached.Delete(a.job.RunID)
	a.sums = nil
	a.peaks(s.dir)
	if records, err = a.mix(); err != nil {
		t.Fatal(err)
	}
	if err := Finish(t.Context(), a.job, a.g, a.sums, records); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, bench.files()); d != "" {
		t.Error(d)
	}
}
