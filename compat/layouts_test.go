package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestLayouts mixes the same photographs out of an ImageFolder and out of data sets that the
// readers' own libraries wrote of it: webdataset, TensorFlow, TFDS and datasets. Only the names of
// the inputs may differ.
func TestLayouts(t *testing.T) {
	py, bin, root := python(t), build(t), t.TempDir()
	folder, sets := filepath.Join(root, "folder"), filepath.Join(root, "sets")
	command(t, bin, "synth", "--out", folder, "--images", "30")
	if err := os.Mkdir(sets, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), py, filepath.Join("writers", "convert.py"), folder, sets)
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
		command(t, bin, "mix", "--in", in, "--out", out, "--size", "40", "--shards", "2", "--label-form", "dense", "--cache", "none")
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
	want := mixed(folder)
	if len(want) != 30 {
		t.Fatalf("%d records, want 30", len(want))
	}
	for _, layout := range []string{"webdataset", "tfrecord", "tfds/set/1.0.0", "parquet"} {
		if diff := cmp.Diff(want, mixed(filepath.Join(sets, filepath.FromSlash(layout)))); diff != "" {
			t.Errorf("%s: differs from the ImageFolder: %.3000s", layout, diff)
		}
	}
}
