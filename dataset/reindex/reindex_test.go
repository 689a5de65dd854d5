package reindex_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/reindex"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

var ctx = context.Background()

var failures = []premix.Failure{{Name: "x", Stage: "decode", Kind: premix.Empty, Reason: "no bytes"}}

// tree is all files below a folder but those that are outside of the promise.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{"inputs.json", "run.json", "report.html"}, d.Name()) {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func run(t *testing.T, dir string) *reindex.Report {
	t.Helper()
	r, err := reindex.Run(ctx, dir, reindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sound(t *testing.T, dir string, o verify.Options) {
	t.Helper()
	r, err := verify.Run(ctx, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Defects {
		t.Errorf("after reindex: %s", d)
	}
}

// TestLost removes files of an output; what comes back is what was there.
func TestLost(t *testing.T) {
	tests := []struct {
		name string
		lose []string // globs
		lost []string // what cannot be rebuilt
	}{
		{"nothing", nil, nil},
		{"indexes and side files", []string{"__index__/*", "_info.json", "README.md"}, nil},
		{"records", []string{"__premix__/train/shards/*"}, nil},
		{"config", []string{"__premix__/train/config.json"}, nil},
		{"plan", []string{"__premix__/train/plan/*1.parquet"}, []string{"plan"}},
		{"failures", []string{"__premix__/train/failures.jsonl"}, []string{"failures"}},
		{"manifest", []string{"__premix__/train/manifest.json"}, []string{"versions"}},
		{"manifest and inputs", []string{"__premix__/train/manifest.json", "__premix__/train/inputs.json"}, []string{"inputs", "places of the inputs", "versions"}},
		{"class names", []string{"__premix__/train/classes.txt"}, []string{"class names"}},
		{"everything", []string{"__premix__/*/*/*", "__premix__/*/*.*", "__index__/*", "*.json", "README.md"},
			[]string{"class names", "failures", "inputs", "places of the inputs", "plan", "recipe", "versions"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := fixture.Output{Dir: t.TempDir(), Failures: failures, Replicas: []int{0, 3}, LabelForm: shard.Dense16}
			o.Make(t)
			before := tree(t, o.Dir)
			for _, pattern := range test.lose {
				files, err := filepath.Glob(filepath.Join(o.Dir, pattern))
				if err != nil || len(files) == 0 {
					t.Fatalf("%s: %v", pattern, err)
				}
				for _, f := range files {
					if err := os.Remove(f); err != nil {
						t.Fatal(err)
					}
				}
			}
			removed := len(before) - len(tree(t, o.Dir))
			r := run(t, o.Dir)
			s := r.Splits[0]
			if !r.OK() || len(r.Splits) != 1 || len(s.Damaged) != 0 || s.Samples != 24 || s.Shards != 4 {
				t.Fatalf("%+v", r)
			}
			if diff := cmp.Diff(test.lost, s.Lost, cmp.Transformer("nil", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
			if (len(s.Rebuilt) == 0) != (removed == 0) {
				t.Errorf("%d files were removed, rebuilt are %q", removed, s.Rebuilt)
			}
			if test.lost == nil {
				if diff := cmp.Diff(before, tree(t, o.Dir)); diff != "" {
					t.Errorf("not what was there (-before +after):\n%s", diff)
				}
			}
			sound(t, o.Dir, verify.Options{Params: func(json.RawMessage) (sample.Params, source.Options, error) {
				return o.Params(), source.Options{}, nil
			}})
			if again := run(t, o.Dir); len(again.Splits[0].Rebuilt) != 0 {
				t.Errorf("rebuilt again: %q", again.Splits[0].Rebuilt)
			}
		})
	}
}

// TestFormats rebuilds each format from nothing but its shards.
func TestFormats(t *testing.T) {
	for _, name := range formats.Names() {
		for _, form := range []string{shard.Pair, shard.Dense} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				o := fixture.Output{Dir: t.TempDir(), Format: name, LabelForm: form, Shards: 3}
				p := o.Make(t)
				v := o
				v.Split, v.Images, v.Shards = "validation", 4, 1
				v.Make(t)
				if err := os.RemoveAll(filepath.Join(o.Dir, "__premix__")); err != nil {
					t.Fatal(err)
				}
				r := run(t, o.Dir)
				if !r.OK() || len(r.Splits) != 2 || r.Splits[0].Name != "train" || r.Splits[0].Samples != 12 || r.Splits[1].Samples != 4 {
					t.Fatalf("%+v", r)
				}
				sound(t, o.Dir, verify.Options{})
				m, err := dataset.LoadManifest(ctx, o.Dir, "train")
				if err != nil {
					t.Fatal(err)
				}
				want := dataset.ShapeOf(p.Format, p.Spec)
				want.Classes, want.Name = m.Shape.Classes, m.Shape.Name
				if diff := cmp.Diff(want, m.Shape); diff != "" {
					t.Errorf("shape (-want +got):\n%s", diff)
				}
				if m.Shape.Classes.Count != 3 {
					t.Errorf("%d classes", m.Shape.Classes.Count)
				}
				if (name == "tfds" || name == "parquet") && slices.Contains(m.Lost, dataset.LostClasses) {
					t.Error("the format keeps the names of the classes")
				}
			})
		}
	}
}

// TestShardsGone: without premix's own files, what is left of the side files tells how many shards
// there were; fewer are not taken for all.
func TestShardsGone(t *testing.T) {
	for _, left := range []string{"_info.json", "__index__/wids-train-r001.json", "__index__/demo-train-r001-000002.idx"} {
		o := fixture.Output{Dir: t.TempDir(), Images: 6, Shards: 3, Replicas: []int{1}}
		o.Make(t)
		for f := range tree(t, o.Dir) {
			if f != left && f != o.Records[0].Path && f != o.Records[1].Path {
				if err := os.Remove(filepath.Join(o.Dir, f)); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, f := range []string{"inputs.json", "run.json", "report.html"} {
			if err := os.Remove(filepath.Join(o.Dir, "__premix__/train", f)); err != nil {
				t.Fatal(err)
			}
		}
		s := run(t, o.Dir).Splits[0]
		if s.Finished || len(s.Damaged) != 1 || !strings.HasPrefix(s.Damaged[0], "of the 3 shards") {
			t.Errorf("with %s: %+v", left, s)
		}
	}
}

// TestForeign: a README.md of someone else is not replaced where only names of shards speak for an
// output of premix; one of premix is.
func TestForeign(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Images: 4}
	o.Make(t)
	if err := os.RemoveAll(filepath.Join(o.Dir, "__premix__")); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(o.Dir, "README.md")
	ours, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(readme, []byte("# My thesis\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := tree(t, o.Dir)
	var foreign *reindex.ForeignError
	if _, err := reindex.Run(ctx, o.Dir, reindex.Options{}); !errors.As(err, &foreign) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, tree(t, o.Dir)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if err := os.WriteFile(readme, ours, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := run(t, o.Dir); !r.OK() {
		t.Errorf("%+v", r)
	}
}

// TestLock: every folder is locked once, before anything is written, and let go at the end.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"tfds", "webdataset"} {
		for _, split := range []string{"train", "validation"} {
			o := fixture.Output{Dir: filepath.Join(dir, name), Format: name, Split: split, Images: 2, Shards: 1}
			o.Make(t)
		}
	}
	if err := os.Remove(filepath.Join(dir, "webdataset/_info.json")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, dir)
	var locked []string
	busy := errors.New("busy")
	lock := func(fail string) reindex.Options {
		return reindex.Options{Lock: func(ctx context.Context, out string) (context.Context, func(), error) {
			if filepath.Base(out) == fail {
				return nil, nil, busy
			}
			locked = append(locked, "+"+filepath.Base(out))
			return ctx, func() { locked = append(locked, "-"+filepath.Base(out)) }, nil
		}}
	}
	if _, err := reindex.Run(ctx, dir, lock("webdataset")); !errors.Is(err, busy) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" || len(locked)%2 != 0 {
		t.Errorf("locked %q; (-before +after):\n%s", locked, diff)
	}
	locked = nil
	if r, err := reindex.Run(ctx, dir, lock("")); err != nil || !r.OK() {
		t.Errorf("%v %+v", err, r)
	}
	slices.Sort(locked)
	if want := []string{"+tfds", "+webdataset", "-tfds", "-webdataset"}; !slices.Equal(locked, want) {
		t.Errorf("locked %q", locked)
	}
}
