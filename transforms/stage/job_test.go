package stage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// TestStages wants the same bytes for chunks of any size, elements in any order, and every way of
// getting pixels back.
func TestStages(t *testing.T) {
	first := newBench(t, "synth:40", nil)
	first.must(1)
	want := first.files()
	if len(want) < 10 {
		t.Fatalf("only %d files: %v", len(want), want)
	}
	for name, change := range map[string]func(*Job){
		"other chunks": func(j *Job) { j.Source.ChunkImages = 2 },
		"one chunk":    func(j *Job) { j.Source.ChunkImages = 100 },
		"one worker":   func(j *Job) { j.Workers, j.MaxMemory = 1, 1<<20 },
		"groups":       func(j *Job) { j.Groups = 1 },
		"slots":        func(j *Job) { j.Slots = 3 },
		"pixels":       func(j *Job) { j.Spool.Mode = SpoolPixels },
		"bytes":        func(j *Job) { j.Spool.Mode = SpoolBytes },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "synth:40", change)
			b.must(7)
			if d := cmp.Diff(want, b.files()); d != "" {
				t.Errorf("other files (-want +got):\n%s", d)
			}
			if list, err := os.ReadDir(b.job.Spool.URI); err == nil {
				t.Errorf("the spool is left, with %d files", len(list))
			}
		})
	}
}

// TestAgain runs a job twice, and with damage between: what is there and agrees is kept, what is not
// is made again.
func TestAgain(t *testing.T) {
	b := newBench(t, "synth:40", nil)
	ResetProgress()
	b.must(1)
	want, all := b.files(), ReadProgress()
	var size int64
	for i := range b.sums {
		size += b.sums[i].Bytes
	}
	if all.ReadBytes != size || size == 0 || all.MixedBytes == 0 || all.MixedBytes >= all.Bytes {
		t.Errorf("of %d bytes %d are counted, and %d of images in %d of shards", size, all.ReadBytes, all.MixedBytes, all.Bytes)
	}
	dir := b.job.Outputs[0].Dir
	kept, made := filepath.Join(dir, "premix-train-000000.tar"), filepath.Join(dir, "premix-train-000001.tar")
	before, err := os.Stat(kept)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(){
		"nothing": func() {},
		"shard":   func() { os.Remove(made) },
		"size":    func() { os.Truncate(made, 100) },
		"record":  func() { os.Remove(dataset.Meta(dir, "train", "shards", "r000-000001.json")) },
		"garbage": func() { os.WriteFile(dataset.Meta(dir, "train", "shards", "r000-000001.json"), []byte("{"), 0o666) },
		"index":   func() { os.Remove(filepath.Join(dir, "__index__", "premix-train-000001.idx")) },
		"plan":    func() { os.Remove(dataset.Meta(dir, "train", "plan", "premix-train-000001.parquet")) },
	} {
		t.Run(name, func(t *testing.T) {
			damage()
			os.Remove(dataset.Meta(dir, "train", "manifest.json"))
			b.job.RunID = name
			ResetProgress()
			b.must(2)
			if d := cmp.Diff(want, b.files()); d != "" {
				t.Errorf("other files (-want +got):\n%s", d)
			}
			skipped := int64(1)
			if name == "nothing" {
				skipped = 2
			}
			if p := ReadProgress(); p.SkippedShards != skipped || p.Shards != 2 || p.Images != 0 {
				t.Errorf("%d of %d shards were kept, %d images computed", p.SkippedShards, p.Shards, p.Images)
			} else if p.ReadBytes != 0 || (p.MixedBytes == 0) != (skipped == 2) || p.MixedBytes >= all.MixedBytes {
				t.Errorf("%d bytes were read and %d of %d mixed", p.ReadBytes, p.MixedBytes, all.MixedBytes)
			}
			after, err := os.Stat(kept)
			if err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("the shard that was whole was written again (%v)", err)
			}
		})
	}
}

// TestClaim gives an output to jobs that do not own it.
func TestClaim(t *testing.T) {
	b := newBench(t, "synth:40", nil)
	b.must(1)
	want := b.files()
	o := &b.job.Outputs[0]

	other := *b.job
	other.Outputs = []Output{*o}
	other.Outputs[0].Recipe, other.Outputs[0].Fingerprint = []byte(`{"a":2}`), "g"
	_, err := (&bench{T: t, job: &other, containers: b.containers}).run(1)
	if m := refused(t, err, CodeOther); !strings.Contains(m, "another recipe: add --overwrite") || !strings.Contains(m, "a: 1 → 2") {
		t.Error(m)
	}

	fewer := newBench(t, "synth:30", func(j *Job) { j.Outputs[0].Dir = o.Dir })
	_, err = fewer.run(1)
	if m := refused(t, err, CodeOther); !strings.Contains(m, "other input") || !strings.Contains(m, "ball: 4 → 3 images") {
		t.Error(m)
	}
	if d := cmp.Diff(want, b.files()); d != "" {
		t.Errorf("a refused job changed files (-want +got):\n%s", d)
	}

	fewer.job.Overwrite, fewer.job.RunID = true, "run-2"
	fewer.must(1)
	if n := fewer.manifest().Counts.Good; n != 30 {
		t.Errorf("%d images after --overwrite", n)
	}

	// A job whose output was taken over writes no manifest.
	b.job.Overwrite, b.job.RunID = true, "run-3"
	sums := b.peaks()
	p, err := Gate(t.Context(), b.job, listed(sums))
	if err != nil {
		t.Fatal(err)
	}
	late := *b.job
	late.RunID = "run-4"
	if _, err := Gate(t.Context(), &late, listed(sums)); err != nil {
		t.Fatal(err)
	}
	made := make([]madeShard, p.Global.Shards)
	for i := range made {
		made[i].record = dataset.ShardRecord{Shard: int64(i), Samples: 1, Fingerprint: "f", Stats: []dataset.MethodStats{{Method: "none", Count: 1}}}
	}
	batches, err := batchesOf(b.job, made)
	if err != nil {
		t.Fatal(err)
	}
	if m := refused(t, Finish(t.Context(), b.job, p.Global, p.Accounts, travel(batches)), CodeOther); !strings.Contains(m, "another run began to write") {
		t.Error(m)
	}
	if err := Finish(t.Context(), &late, p.Global, p.Accounts, travel(nil)); err == nil || !strings.Contains(err.Error(), "0 of 2 shards have a record") {
		t.Errorf("%v", err)
	}
}

// TestDetached finishes a job that no launcher waits for: what says that it works there goes at its
// end, and not before.
func TestDetached(t *testing.T) {
	b := newBench(t, "synth:20", func(j *Job) {
		j.Slots, j.Reach.Host, j.Reach.Detached = 2, "launcher", true
		j.Reach.Records = []string{blob.Join(j.Outputs[0].Dir, dataset.MetaDir, ".job-"+j.RunID)}
		j.Reach.AddMarker("--out", j.Outputs[0].Dir, dataset.Meta(j.Outputs[0].Dir, "train"), j.RunID)
	})
	record := b.job.Reach.Records[0]
	if err := blob.WriteFile(t.Context(), record, []byte("job\n")); err != nil {
		t.Fatal(err)
	}
	if err := PlaceMarkers(t.Context(), b.job); err != nil {
		t.Fatal(err)
	}
	if _, err := Gate(t.Context(), b.job, listed(b.peaks())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(record); err != nil {
		t.Errorf("the record went before the end: %v", err)
	}
	b.must(1)
	for path := range b.files() {
		if strings.HasPrefix(filepath.Base(path), ".") {
			t.Errorf("%s is left", path)
		}
	}
}
