package stage

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
)

// A damage is done to an output: to the shard of a record, or to what belongs to it.
type damage struct {
	name string
	do   func(o *damaged, r *dataset.ShardRecord)
	// What a run does that finds it: makes the shard anew in the mix stage, names it in the finish stage,
	// or, unless it rechecks, keeps it.
	finds int
	files bool // what is damaged differs between formats
}

const (
	anew = iota
	named
	kept
)

// damaged is an output in which a shard is damaged.
type damaged struct {
	*testing.T
	dir string
}

func (o *damaged) path(name string) string { return filepath.Join(o.dir, filepath.FromSlash(name)) }

func (o *damaged) record(r *dataset.ShardRecord) string {
	return o.path("__premix__/train/shards/" + dataset.RecordName(r.Replica, r.Shard))
}

// edit changes the bytes of a file.
func (o *damaged) edit(path string, change func([]byte) []byte) {
	o.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.Remove(path) // shards cannot be written to
	}
	if err == nil {
		err = os.WriteFile(path, change(text), 0o644)
	}
	if err != nil {
		o.Fatal(err)
	}
}

// zero zeroes a page of a file, and keeps its size.
func (o *damaged) zero(path string, page int) {
	o.Helper()
	o.edit(path, func(b []byte) []byte {
		clear(b[min(page*4096, len(b)):min((page+1)*4096, len(b))])
		return b
	})
}

func flip(b []byte) []byte { b[len(b)/2] ^= 1; return b }

// set changes a field of the record.
func (o *damaged) set(r *dataset.ShardRecord, field string, value any) {
	o.Helper()
	o.edit(o.record(r), func(text []byte) []byte {
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			o.Fatal(err)
		}
		fields[field] = value
		text, err := json.Marshal(fields)
		if err != nil {
			o.Fatal(err)
		}
		return text
	})
}

// otherDigit changes the first digit of a hash.
func otherDigit(hash string) string {
	if hash[0] == '0' {
		return "1" + hash[1:]
	}
	return "0" + hash[1:]
}

var damages = []damage{
	{"first page", func(o *damaged, r *dataset.ShardRecord) { o.zero(o.path(r.Path), 0) }, named, true},
	{"second page", func(o *damaged, r *dataset.ShardRecord) { o.zero(o.path(r.Path), 1) }, named, true},
	{"shard gone", func(o *damaged, r *dataset.ShardRecord) { os.Remove(o.path(r.Path)) }, anew, false},
	{"shard cut", func(o *damaged, r *dataset.ShardRecord) {
		o.edit(o.path(r.Path), func(b []byte) []byte { return b[:len(b)-1] })
	}, anew, false},
	{"plan page", func(o *damaged, r *dataset.ShardRecord) { o.zero(o.path(r.PlanPath), 0) }, named, true},
	{"plan flipped", func(o *damaged, r *dataset.ShardRecord) { o.edit(o.path(r.PlanPath), flip) }, named, false},
	{"index page", func(o *damaged, r *dataset.ShardRecord) { o.zero(o.path(r.IndexPath), 0) }, kept, true},
	{"index flipped", func(o *damaged, r *dataset.ShardRecord) { o.edit(o.path(r.IndexPath), flip) }, kept, true},
	{"hash", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "sha256", otherDigit(r.SHA256)) }, kept, false},
	{"hash form", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "sha256", r.SHA256[1:]) }, anew, false},
	{"payload", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "payload_bytes", r.PayloadBytes+1) }, kept, true},
	{"bytes", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "bytes", r.Bytes+1) }, anew, false},
	{"samples", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "samples", r.Samples+1) }, anew, false},
	{"shard number", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "shard", r.Shard+1) }, anew, false},
	{"fingerprint", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "fingerprint", "0"+r.Fingerprint) }, anew, false},
	{"path", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "path", r.PlanPath) }, anew, false},
	{"no plan", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "plan", "") }, anew, false},
	{"no sums", func(o *damaged, r *dataset.ShardRecord) { o.set(r, "statistics", nil) }, anew, false},
	{"wrong sums", func(o *damaged, r *dataset.ShardRecord) {
		wrong := *r
		wrong.Stats = append([]dataset.MethodStats{}, r.Stats...)
		wrong.Stats[0].LamSum++
		o.set(r, "statistics", wrong.Stats)
	}, anew, false},
	{"record empty", func(o *damaged, r *dataset.ShardRecord) {
		o.edit(o.record(r), func([]byte) []byte { return nil })
	}, anew, false},
	{"record cut", func(o *damaged, r *dataset.ShardRecord) {
		o.edit(o.record(r), func(b []byte) []byte { return b[:len(b)/2] })
	}, anew, false},
	{"record of zeros", func(o *damaged, r *dataset.ShardRecord) { o.zero(o.record(r), 0) }, anew, false},
	{"other JSON", func(o *damaged, r *dataset.ShardRecord) {
		o.edit(o.record(r), func([]byte) []byte { return []byte(`{"a": 1}`) })
	}, anew, false},
	{"nothing", func(*damaged, *dataset.ShardRecord) {}, kept, false},
}

// TestDamagedShard damages the first shard of an unfinished output in each format, and runs the job again.
// In the end all files are those of an undisturbed run, but for what a run without Recheck keeps.
func TestDamagedShard(t *testing.T) {
	in, random := t.TempDir(), newRandom(5)
	for i := range 8 {
		file := filepath.Join(in, []string{"a", "b"}[i%2], fmt.Sprintf("%d.png", i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, pngOf(t, random), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, format := range []string{"webdataset", "tfrecord", "tfds", "array_record", "parquet", "mds"} {
		b := newBench(t, in, func(job *Job) { job.Outputs[0].Format = format })
		b.must(1)
		whole, want, first := b.job.Outputs[0].Dir, b.files(), b.record()
		for _, d := range damages {
			if format != "webdataset" && !d.files || strings.HasPrefix(d.name, "index") && first.IndexPath == "" {
				continue // records are the same in all formats
			}
			for _, recheck := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/%t", format, d.name, recheck), func(t *testing.T) {
					b := *b
					job := *b.job
					job.Outputs = append([]Output{}, job.Outputs...)
					b.T, b.job = t, &job
					job.Recheck, job.Outputs[0].Dir = recheck, interrupted(t, whole)
					d.do(&damaged{t, job.Outputs[0].Dir}, first)
					b.resume(d, first, want)
				})
			}
		}
	}
}

// resume runs the job on a damaged output, twice where that is needed.
func (b *bench) resume(d damage, first *dataset.ShardRecord, want map[string]string) {
	b.Helper()
	b.job.RunID = "run-2"
	_, err := b.run(2)
	if d.finds == named && !b.job.Recheck {
		b.wantNamed(err, first)
		b.job.RunID = "run-3"
		_, err = b.run(3)
	}
	if err != nil {
		b.Fatal(err)
	}
	run, err := dataset.LoadRun(b.Context(), b.job.Outputs[0].Dir, "train")
	if err != nil {
		b.Fatal(err)
	}
	counts := run.Shards
	got := b.files()
	differ := 0
	for name := range want {
		if got[name] != want[name] {
			differ++
		}
	}
	found := d.finds == anew || b.job.Recheck && d.name != "nothing"
	switch {
	case d.finds == kept && !found:
		if counts != (dataset.RunShards{Kept: 1, New: 1}) || (differ > 0) != (d.name != "nothing") {
			b.Errorf("%+v, and %d files differ", counts, differ)
		}
	case differ > 0 || len(got) != len(want):
		b.Errorf("%d of %d files differ from those of an undisturbed run", differ, len(got))
	case found && counts != (dataset.RunShards{Anew: 1, New: 1}):
		b.Errorf("%+v, want the damaged shard rewritten", counts)
	}
}

// wantNamed wants the failure that names a shard. It is the same where the stage is tried again, and then
// there is no record.
func (b *bench) wantNamed(err error, first *dataset.ShardRecord) {
	b.Helper()
	o := &damaged{b.T, b.job.Outputs[0].Dir}
	message := refused(b.T, err, CodeFailed)
	if !strings.Contains(message, first.Path+" (") || !strings.Contains(message, "run the same command again") {
		b.Error(message)
	}
	if _, err := os.Stat(o.record(first)); err == nil {
		b.Error("the record of the damaged shard is there")
	}
	if _, err := os.Stat(o.path("__premix__/train/manifest.json")); err == nil {
		b.Error("there is a manifest")
	}
	batches, err := batchesOf(b.job, []madeShard{{record: *first, kept: true}, {record: *b.recordOf(1)}})
	if err != nil {
		b.Fatal(err)
	}
	if again := refused(b.T, b.finish(batches), CodeFailed); again != message {
		b.Errorf("tried again, the stage says %s", again)
	}
}

// record is that of the first shard.
func (b *bench) record() *dataset.ShardRecord { return b.recordOf(0) }

func (b *bench) recordOf(n int64) *dataset.ShardRecord {
	b.Helper()
	r, err := dataset.LoadRecord(b.Context(), b.job.Outputs[0].Dir, "train", 0, n)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// interrupted copies an output, without its manifest and its second shard.
func interrupted(t *testing.T, whole string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
		t.Fatal(err)
	}
	r, err := dataset.LoadRecord(t.Context(), dir, "train", 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{r.Path, r.PlanPath, "__premix__/train/manifest.json", "__premix__/train/report.html", "__premix__/train/shards/r000-000001.json"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
