package verify_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestClassesCut: a class list that is too short or too long, and counts of classes and sizes that
// cannot be, are defects in every format, whatever the records hold.
func TestClassesCut(t *testing.T) {
	for _, name := range formats.Names() {
		o := fixture.Output{Dir: t.TempDir(), Format: name, Images: 6, LabelForm: shard.Dense}
		o.Make(t)
		for _, test := range []struct {
			name, file string
			spoil      func(*testing.T, []byte) []byte // nil: remove
			want       string
		}{
			{"cut to one name", "classes.txt", func(_ *testing.T, b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] }, "classes.txt: 1 names with"},
			{"empty", "classes.txt", func(*testing.T, []byte) []byte { return nil }, "classes.txt: 0 names with"},
			{"a name more", "classes.txt", func(_ *testing.T, b []byte) []byte { return append(b, "x\n"...) }, "classes.txt: 4 names with"},
			{"gone", "classes.txt", nil, "classes.txt: "},
			{"negative", "config.json", replace(`"count": 3`, `"count": -3`), "config.json: dataset: "},
			{"huge", "config.json", replace(`"count": 3`, `"count": 99999999`), "config.json: dataset: "},
			{"fewer", "config.json", replace(`"count": 3`, `"count": 1`), "classes.txt: 3 names"},
			{"shards", "config.json", replace(`"shards": 2`, `"shards": -2`), "config.json: dataset: "},
			{"size", "config.json", replace(`"size": [24, 32]`, `"size": [0, 32]`), "config.json: dataset: "},
			{"name", "config.json", replace(`"name": "demo"`, `"name": "../demo"`), "config.json: dataset: "},
			{"split", "config.json", replace(`"split": "train"`, `"split": "test"`), "config.json: dataset: "},
		} {
			for _, alone := range []bool{false, true} { // with and without a manifest and a class list
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(o.Dir)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, meta+test.file)
				if test.spoil == nil {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
				} else {
					edit(t, path, func(b []byte) []byte { return test.spoil(t, b) })
				}
				if alone {
					for _, f := range []string{"manifest.json", "classes.txt"} {
						if err := os.Remove(filepath.Join(dir, meta+f)); err != nil && !os.IsNotExist(err) {
							t.Fatal(err)
						}
					}
				}
				r := run(t, dir, verify.Options{})
				if r.OK || !alone && !strings.Contains(text(r), test.want) {
					t.Errorf("%s, %s: no defect with %q in\n%s", name, test.name, test.want, text(r))
				}
			}
		}
	}
}

// TestFlips: no bit of what premix says of a split can change unnoticed.
func TestFlips(t *testing.T) {
	base := fixture.Output{Dir: t.TempDir(), Images: 2, Shards: 1, Failures: []premix.Failure{
		{Name: "a", Stage: "decode", Kind: premix.Truncated, Reason: "gone"},
	}}
	base.Make(t)
	for _, file := range []string{"failures.jsonl", "manifest.json", "config.json", "classes.txt", "shards/r000-000000.json"} {
		path := filepath.Join(base.Dir, meta+file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stride := 2
		if testing.Short() {
			stride = 11
		}
		for i := 0; i < len(whole); i += stride {
			bad := bytes.Clone(whole)
			bad[i] ^= 1
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			r, err := verify.Run(context.Background(), base.Dir, verify.Options{})
			if err == nil && r.OK {
				t.Errorf("%s: byte %d, in %q", file, i, bad[max(0, i-20):min(len(bad), i+20)])
			}
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r := run(t, base.Dir, verify.Options{}); !r.OK {
		t.Errorf("restored:\n%s", text(r))
	}
}

// TestIndexLeftOut: an index that the manifest promises cannot be denied by the record of its shard.
func TestIndexLeftOut(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Images: 4}
	o.Make(t)
	r := o.Records[0]
	if err := os.Remove(filepath.Join(o.Dir, r.IndexPath)); err != nil {
		t.Fatal(err)
	}
	r.IndexPath, r.IndexBytes = "", 0
	if err := dataset.CommitRecord(context.Background(), o.Dir, "train", r); err != nil {
		t.Fatal(err)
	}
	want := tar0 + `: its record says that the index is "", it should be "__index__/demo-train-000000.idx"` + "\n"
	if got := text(run(t, o.Dir, verify.Options{})); got != want {
		t.Errorf("got\n%s want\n%s", got, want)
	}
}

// TestLongFailure: a line that has all but a reason is named, and not printed whole.
func TestLongFailure(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Images: 2, Shards: 1}
	o.Make(t)
	line := `{"name":"` + strings.Repeat("x\\n", 100000) + `","stage":"decode","kind":"empty","reason":""}` + "\n"
	if err := os.WriteFile(filepath.Join(o.Dir, meta+"failures.jsonl"), []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	got := text(run(t, o.Dir, verify.Options{}))
	if !strings.Contains(got, "line 1 lacks a name, stage, kind or reason") || len(got) > 1000 {
		t.Errorf("%d bytes: %.300s", len(got), got)
	}
}
