package source

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/sharedtest"
)

// TestTFDSUsage: metadata that cannot be right stop the job before it begins.
func TestTFDSUsage(t *testing.T) {
	src := sharedtest.Dir(t, "formats", "tfds", "premix_example", "1.0.0")
	dir := t.TempDir()
	entries, err := os.ReadDir(src)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		put(t, filepath.Join(dir, "1.0.0", e.Name()), readFileT(t, filepath.Join(src, e.Name())))
	}
	root := filepath.Join(dir, "1.0.0")
	in := []Input{{"", root}}
	// A data_dir of one data set is that data set, of several none.
	data := filepath.Join(t.TempDir(), "data")
	for _, name := range []string{"downloads", "empty"} {
		if err := os.MkdirAll(filepath.Join(data, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(data, "flowers"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if _, rows := scan(t, Options{}, Input{"", data}); len(rows) != 16 {
		t.Errorf("%d rows of a data_dir", len(rows))
	}
	if err := os.CopyFS(filepath.Join(data, "more"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	wantUsage(t, Options{}, []Input{{"", data}}, "several data sets", "flowers")
	other := t.TempDir()
	put(t, filepath.Join(other, "shards", "1.0.0", "x.bin"), []byte("x"))
	wantUsage(t, Options{}, []Input{{"", other}}, "not a folder of TFDS", "NAME/VERSION")
	wantUsage(t, Options{Split: "test"}, in, "has the splits train", "--split test")
	wantUsage(t, Options{Format: "tfds"}, []Input{{"", filepath.Join(dir, "1.0.0", "features.json")}}, "not a folder of TFDS")
	if _, rows := scan(t, Options{LabelKey: "label_b"}, in[0]); len(rows) != 16 {
		t.Errorf("%d rows", len(rows))
	}
	wantUsage(t, Options{LabelKey: "labels"}, in, "label label_b", "--label-key")
	info := readFileT(t, filepath.Join(root, "dataset_info.json"))
	put(t, filepath.Join(root, "dataset_info.json"), bytes.Replace(info, []byte(`"tfrecord"`), []byte(`"riegeli"`), 1))
	wantUsage(t, Options{}, in, "riegeli", "--file_format=tfrecord, or array_record")
	put(t, filepath.Join(root, "dataset_info.json"), bytes.Replace(info, []byte(`"8",`), []byte(`"8","8",`), 1))
	wantUsage(t, Options{}, in, "lists 3 shards")
	put(t, filepath.Join(root, "dataset_info.json"), []byte("{"))
	wantUsage(t, Options{}, in, "repair or remove")
	if err := os.Remove(filepath.Join(root, "dataset_info.json")); err != nil {
		t.Fatal(err)
	}
	wantUsage(t, Options{}, in, "it has no dataset_info.json")
	put(t, filepath.Join(dir, "2.0.0", "features.json"), []byte("{}"))
	wantUsage(t, Options{}, []Input{{"", dir}}, "several versions", "2.0.0")
}

// TestOldTFDS: the form of features.json before proto3.
func TestOldTFDS(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "features.json"), []byte(`{"type":"tensorflow_datasets.core.features.features_dict.FeaturesDict",
		"content":"{\"image\":{\"type\":\"tensorflow_datasets.core.features.image_feature.Image\",\"content\":\"{}\"},\"label\":{\"type\":\"tensorflow_datasets.core.features.class_label_feature.ClassLabel\",\"content\":\"{\\\"num_classes\\\": 3}\"}}"}`))
	put(t, filepath.Join(dir, "dataset_info.json"), []byte(`{"name":"old","splits":[{"name":"train","shardLengths":["2"]}]}`))
	put(t, filepath.Join(dir, "old-train.tfrecord-00000-of-00001"), recordsOf(
		example(map[string]any{"image": picture(0), "label": 0}), example(map[string]any{"image": picture(1), "label": 2})))
	cat, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, numbered("old-train.tfrecord-00000-of-00001", 0, 2), rows)
	if d := cmp.Diff([]string{"0", "1", "2"}, cat.Classes); d != "" {
		t.Error(d)
	}
}
