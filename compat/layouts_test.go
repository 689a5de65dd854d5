package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestLayouts mixes the same photographs out of an ImageFolder and out of data sets that the
// readers' own libraries wrote of it: webdataset, TensorFlow, TFDS and datasets, and a tar of class
// tars. Only the names of the inputs may differ.
func TestLayouts(t *testing.T) {
	py, root := python(t), t.TempDir()
	drawn := filepath.Join(root, "drawn")
	commandtest.Run(t, "synth", "--out", drawn, "--images", "30")
	folders := []struct {
		name, path string
		images     int
	}{{"drawn", drawn, 30}, {"flowers", sharedtest.Dir(t, "data", "flowers"), 200}}
	args := []string{filepath.Join("writers", "convert.py")}
	for _, f := range folders {
		sets := filepath.Join(root, "sets", f.name)
		if err := os.MkdirAll(sets, 0o755); err != nil {
			t.Fatal(err)
		}
		args = append(args, f.path, sets)
	}
	cmd := exec.CommandContext(t.Context(), py, args...)
	cmd.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES=", "HF_HUB_OFFLINE=1", "TF_CPP_MIN_LOG_LEVEL=3", "HF_HOME="+root, "TMPDIR="+root, "PYTHONDONTWRITEBYTECODE=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("convert.py: %v\n%s", err, text)
	}
	f, err := formats.ByName("webdataset")
	if err != nil {
		t.Fatal(err)
	}
	mixed := func(in string) []shard.Record {
		t.Helper()
		out := filepath.Join(t.TempDir(), "out")
		commandtest.Run(t, "mix", "--in", in, "--out", out, "--size", "40", "--shards", "2", "--label-form", "dense", "--cache", "none")
		s := manifestSpec(t, out, "webdataset", "train")
		s.Replica = -1
		records, err := Records(out, f, s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			records[i].Target, records[i].Source = "", ""
		}
		return records
	}
	for _, folder := range folders {
		want := mixed(folder.path)
		if len(want) != folder.images {
			t.Fatalf("%s: %d records, want %d", folder.name, len(want), folder.images)
		}
		for _, layout := range []string{"webdataset-tar", "webdataset-tar.gz", "tfrecord", "tfrecordGZIP", "tfrecordZLIB", "tfds/set/1.0.0", "tfds-array/set/1.0.0", "parquet", "ilsvrc"} {
			if diff := cmp.Diff(want, mixed(filepath.Join(root, "sets", folder.name, filepath.FromSlash(layout)))); diff != "" {
				t.Errorf("%s: %s differs from the ImageFolder: %.3000s", folder.name, layout, diff)
			}
		}
	}
}
