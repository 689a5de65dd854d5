package dataset_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestRemoveUnfinished: an interrupted run leaves shards with records, a shard without one, and
// no manifest; all of it goes, and nothing of anyone else.
func TestRemoveUnfinished(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := fixture.Output{Dir: dir, Replicas: []int{0, 1}}
	o.Shard(t)
	if err := os.Remove(filepath.Join(dir, "__premix__/train/shards/r001-000001.json")); err != nil {
		t.Fatal(err)
	}
	theirs := []string{"demo-train-000000.tar", "demo-train-r001-000002.tar", "demo-train-r002-000000.tar", "demo-train.tar", "demo-validation-r000-000000.tar", "photo.jpg"}
	for _, f := range theirs {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := dataset.Remove(ctx, dir, "train"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(theirs, names(tree(t, dir))); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := dataset.Remove(ctx, dir, "train"); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
}

// TestRemoveRepeats: a removal that was stopped after the manifest is completed by the next one.
func TestRemoveRepeats(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: dir}
	o.Make(t)
	for _, f := range []string{"__premix__/train/manifest.json", "demo-train-000000.tar"} {
		if err := os.Remove(filepath.Join(dir, f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := dataset.Remove(context.Background(), dir, "train"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), names(tree(t, dir))); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestHostilePaths: records and manifests are data; what they list is removed, so it must lie in
// the output.
func TestHostilePaths(t *testing.T) {
	ctx := context.Background()
	for _, path := range []string{"../victim", "/etc/victim", "a/../../victim", "gs://x/y", "", ".", "..", "a//b", `..\victim`} {
		above := t.TempDir()
		dir := filepath.Join(above, "out")
		for _, d := range []string{dir, filepath.Join(dir, "a"), filepath.Join(above, "victim")} {
			if err := os.Mkdir(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		o := fixture.Output{Dir: dir, Images: 2, Shards: 2}
		o.Make(t)
		r := o.Records[0]
		r.Path = path
		if err := dataset.CommitRecord(ctx, dir, "train", r); err != nil {
			t.Fatal(err)
		}
		if _, err := dataset.Records(ctx, dir, "train"); err == nil {
			t.Errorf("a record with the path %q was read", path)
		}
		file := filepath.Join(dir, "__premix__/train/manifest.json")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = []byte(strings.Replace(string(data), "demo-train-000001.tar", strings.ReplaceAll(path, `\`, `\\`), 1))
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := dataset.LoadManifest(ctx, dir, "train"); err == nil {
			t.Errorf("a manifest with the path %q was read", path)
		}
		if err := dataset.Remove(ctx, dir, "train"); err != nil {
			t.Errorf("with the path %q: %v", path, err)
		}
		if diff := cmp.Diff([]string{"out", "out/a", "victim"}, everything(t, above)); diff != "" {
			t.Errorf("with the path %q a removal left (-want +got):\n%s", path, diff)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, name := range formats.Names() {
		format, err := formats.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		spec := shard.Spec{Name: "demo2", Split: "train", Shards: 12}
		for _, replica := range []int{-1, 0, 3} {
			spec.Replica = replica
			for _, i := range []int64{0, 3, 11} {
				for _, p := range []string{format.ShardPath(spec, i), format.IndexPath(spec, i)} {
					if p == "" {
						continue
					}
					n, r, ok := dataset.Named(format, spec, p)
					if !ok || n != i || r != replica {
						t.Errorf("%s is shard %d of replica %d, %v; want %d, %d", p, n, r, ok, i, replica)
					}
					if _, _, ok := dataset.Named(format, spec, p+"x"); ok {
						t.Errorf("%sx is a shard", p)
					}
				}
			}
			spec.Replica = replica
			if _, _, ok := dataset.Named(format, spec, format.ShardPath(spec, 12)); ok {
				t.Error("shard 12 of 12 is one")
			}
		}
	}
}

// everything lists all files and folders below a folder.
func everything(t *testing.T, root string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if p != root {
			rel, _ := filepath.Rel(root, p)
			paths = append(paths, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestRemoveDamaged: damaged files of premix's own are not in the way, and go with the split.
func TestRemoveDamaged(t *testing.T) {
	for _, damage := range [][]string{
		{"manifest.json"}, {"config.json"}, {"shards/r000-000000.json"}, {"shards/r000-000000.json", "shards/r000-000001.json", "manifest.json"},
	} {
		dir := t.TempDir()
		o := fixture.Output{Dir: dir, Images: 4}
		o.Make(t)
		for _, f := range damage {
			if err := os.Truncate(filepath.Join(dir, "__premix__/train", f), 30); err != nil {
				t.Fatal(err)
			}
		}
		if err := dataset.Remove(context.Background(), dir, "train"); err != nil {
			t.Errorf("%q damaged: %v", damage, err)
		}
		if diff := cmp.Diff([]string(nil), names(tree(t, dir))); diff != "" {
			t.Errorf("%q damaged, left (-want +got):\n%s", damage, diff)
		}
	}
}

// TestRemoveBegun: inputs.json tells which replicas were begun where no record does.
func TestRemoveBegun(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		begun string
		left  []string
	}{
		{"[-1]", []string{"demo-train-r000-000001.tar", "demo-train-r007-000000.tar"}},
		{"[0, 7]", []string{"demo-train-000001.tar"}},
		{"[]", []string{"demo-train-000001.tar", "demo-train-r000-000001.tar", "demo-train-r007-000000.tar"}},
	} {
		dir := t.TempDir()
		o := fixture.Output{Dir: dir, Images: 2}
		p := o.Shard(t)
		if err := dataset.Remove(ctx, dir, "train"); err != nil {
			t.Fatal(err)
		}
		if err := dataset.SaveConfig(ctx, dir, p.Format, p.Spec, p.Fingerprint, p.Recipe); err != nil {
			t.Fatal(err)
		}
		for f, text := range map[string]string{
			"__premix__/train/inputs.json": `{"replicas": ` + test.begun + `}`,
			"demo-train-000001.tar":        "x", "demo-train-r000-000001.tar": "x", "demo-train-r007-000000.tar": "x",
		} {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := dataset.Remove(ctx, dir, "train"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.left, names(tree(t, dir))); diff != "" {
			t.Errorf("begun %s, left (-want +got):\n%s", test.begun, diff)
		}
	}
}
