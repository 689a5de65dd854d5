package reindex_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/reindex"
	"github.com/premix/premix/dataset/verify"
)

func TestDamaged(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Shards: 3}
	o.Make(t)
	shard := func(i int) string { return filepath.Join(o.Dir, o.Records[i].Path) }
	for _, f := range []string{"manifest.json", "shards/r000-000002.json"} {
		if err := os.Remove(filepath.Join(o.Dir, "__premix__/train", f)); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(shard(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(shard(1), data[:len(data)-700], 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t, o.Dir)
	if s := r.Splits[0]; r.OK() || len(s.Damaged) != 1 || !strings.HasPrefix(s.Damaged[0], o.Records[1].Path+": ") ||
		cmp.Diff([]string{"record of " + o.Records[2].Path}, s.Rebuilt) != "" {
		t.Errorf("%+v", s)
	}
	// bytes that no reader minds, but that premix does not write
	data[100]++
	if err := os.WriteFile(shard(1), data, 0o644); err != nil {
		t.Fatal(err)
	}
	if s := run(t, o.Dir).Splits[0]; s.Finished || len(s.Damaged) != 1 {
		t.Errorf("%+v", s)
	}
	if err := os.Remove(shard(1)); err != nil {
		t.Fatal(err)
	}
	if s := run(t, o.Dir).Splits[0]; s.Finished || len(s.Damaged) != 1 || !strings.Contains(s.Damaged[0], "of the 3 shards") {
		t.Errorf("%+v", s)
	}
}

func TestNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "train.tar"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := reindex.Run(ctx, dir, reindex.Options{}); err == nil || !strings.Contains(err.Error(), "contains no shards of premix") {
		t.Errorf("%v", err)
	}
	if _, err := reindex.Run(ctx, filepath.Join(dir, "none"), reindex.Options{}); err == nil {
		t.Error("a folder that is not there was rebuilt")
	}
	if _, err := os.Stat(filepath.Join(dir, "__premix__")); err == nil {
		t.Error("something was written")
	}
}

// TestCut cuts files of an output short, of this split and of another one: what comes back is what
// was there, and a damaged file of premix's own is kept.
func TestCut(t *testing.T) {
	base := t.TempDir()
	train := fixture.Output{Dir: base, Failures: failures, Images: 6}
	train.Make(t)
	val := fixture.Output{Dir: base, Split: "validation", Images: 4, Shards: 1}
	val.Make(t)
	before := tree(t, base)
	for _, test := range []struct {
		file        string
		aside, lost string // lost: what cannot be rebuilt
	}{
		{"__premix__/train/manifest.json", "__premix__/train/manifest.json", "versions"},
		{"__premix__/validation/manifest.json", "__premix__/validation/manifest.json", "versions"},
		{"__premix__/train/config.json", "__premix__/train/config.json", ""},
		{"__premix__/validation/config.json", "__premix__/validation/config.json", ""},
		{"__premix__/train/shards/r000-000001.json", "", ""},
		{"__premix__/validation/shards/r000-000000.json", "", ""},
		{"__premix__/train/classes.txt", "", ""},
		{"__premix__/train/plan/demo-train-000000.parquet", "__premix__/train/plan/demo-train-000000.parquet", "plan"},
		{"__premix__/train/failures.jsonl", "__premix__/train/failures.jsonl", "failures"},
		{"__index__/demo-train-000000.idx", "", ""},
		{"_info.json", "", ""},
		{"README.md", "", ""},
	} {
		for _, keep := range []int{0, len(before[test.file]) / 2} {
			if keep == 0 && strings.HasSuffix(test.file, ".jsonl") {
				continue // that is a whole file of no failures
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(filepath.Join(dir, test.file), int64(keep)); err != nil {
				t.Fatal(err)
			}
			r, err := reindex.Run(ctx, dir, reindex.Options{})
			if err != nil || !r.OK() || len(r.Splits) != 2 {
				t.Errorf("%s cut to %d bytes: %v, %+v", test.file, keep, err, r)
				continue
			}
			aside := strings.Join(slices.Concat(r.Splits[0].Aside, r.Splits[1].Aside), " ")
			lost := strings.Join(slices.Concat(r.Splits[0].Lost, r.Splits[1].Lost), " ")
			if aside != test.aside || lost != test.lost {
				t.Errorf("%s cut to %d bytes: aside %q, lost %q", test.file, keep, aside, lost)
			}
			after := tree(t, dir)
			if test.aside != "" {
				if after[test.aside+".damaged"] != before[test.file][:keep] {
					t.Errorf("%s cut to %d bytes was not kept", test.file, keep)
				}
				delete(after, test.aside+".damaged")
			}
			if diff := cmp.Diff(before, after); test.lost == "" && diff != "" {
				t.Errorf("%s cut to %d bytes (-before +after):\n%s", test.file, keep, diff)
			}
			sound(t, dir, verify.Options{})
		}
	}
}

// TestUnreadable: what cannot be read is not lost, and nothing is written then.
func TestUnreadable(t *testing.T) {
	for _, file := range []string{"manifest.json", "config.json", "classes.txt", "failures.jsonl", "inputs.json"} {
		o := fixture.Output{Dir: t.TempDir(), Images: 4, Failures: failures}
		o.Make(t)
		at := filepath.Join(o.Dir, "__premix__/train")
		if file == "config.json" || file == "inputs.json" { // and the manifest does not stand in for it
			if err := os.Remove(filepath.Join(at, "manifest.json")); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(filepath.Join(o.Dir, "_info.json")); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(at, file)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		before := tree(t, o.Dir)
		if err := os.Symlink(file, path); err != nil { // leads to itself
			t.Fatal(err)
		}
		_, err := reindex.Run(ctx, o.Dir, reindex.Options{})
		if !errors.Is(err, syscall.ELOOP) {
			t.Errorf("%s: %v", file, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, tree(t, o.Dir)); diff != "" {
			t.Errorf("%s: something was written (-before +after):\n%s", file, diff)
		}
	}
}

// TestFailureLine: a damaged line of failures.jsonl costs no other one, and no count.
func TestFailureLine(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Images: 4}
	for _, name := range []string{"a", "b", "c", "d"} {
		o.Failures = append(o.Failures, premix.Failure{Name: name, Stage: "decode", Kind: premix.Empty, Reason: "no bytes"})
	}
	o.Make(t)
	path := filepath.Join(o.Dir, "__premix__/train/failures.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := append([]byte("X"), whole[1:]...)
	if err := os.WriteFile(path, bad, 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := dataset.LoadManifest(ctx, o.Dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	s := run(t, o.Dir).Splits[0]
	if cmp.Diff([]string{"failures"}, s.Lost) != "" || len(s.Aside) != 1 {
		t.Errorf("%+v", s)
	}
	after, err := dataset.LoadManifest(ctx, o.Dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Inputs, after.Inputs); diff != "" || after.Counts.Failed != 4 || after.Counts.Entries != before.Counts.Entries || after.Counts.Failures[premix.Empty] != 3 {
		t.Errorf("counts %+v, inputs:\n%s", after.Counts, diff)
	}
	left, err := os.ReadFile(path)
	if err != nil || string(left) != string(whole[strings.Index(string(whole), "\n")+1:]) {
		t.Errorf("%v; left are\n%s", err, left)
	}
	kept, err := os.ReadFile(path + ".damaged")
	if err != nil || string(kept) != string(bad) {
		t.Errorf("%v; kept is\n%s", err, kept)
	}
	sound(t, o.Dir, verify.Options{})
	if again := run(t, o.Dir).Splits[0]; len(again.Rebuilt) != 0 {
		t.Errorf("rebuilt again: %q", again.Rebuilt)
	}
}
