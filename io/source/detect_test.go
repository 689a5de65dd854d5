package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/sharedtest"
)

// TestFormatSamples reads what the readers' own libraries have written: all layouts hold the
// same samples.
func TestFormatSamples(t *testing.T) {
	dir := sharedtest.Dir(t, "formats")
	type truth struct {
		Key    string `json:"key"`
		Label  int    `json:"label_a"`
		SHA256 string `json:"jpg_sha256"`
	}
	var want []truth
	data, err := os.ReadFile(filepath.Join(dir, "samples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var s truth
		if err := json.Unmarshal(line, &s); err != nil {
			t.Fatal(err)
		}
		want = append(want, s)
	}
	classes := []string{"daisy", "dandelion", "roses", "sunflowers", "tulips"}
	tests := []struct {
		path, layout string
		classes      []string
		name         func(i int) string
	}{
		{"wds", "webdataset", classes, func(i int) string {
			return fmt.Sprintf("premix_example-train-%06d.tar/%s.jpg", i/8, want[i].Key)
		}},
		{"wds/premix_example-train-{000000..000001}.tar", "webdataset", classes, nil},
		{"slim", "tfrecord", nil, func(i int) string { return fmt.Sprintf("train-%05d-of-00002/%09d", i/8, i%8) }},
		{"tfds/premix_example/1.0.0", "tfds", classes, func(i int) string {
			return fmt.Sprintf("premix_example-train.tfrecord-%05d-of-00002/%09d", i/8, i%8)
		}},
		{"tfds/premix_example", "tfds", classes, nil},
		{"tfds-template/1.0.0", "tfds", classes, func(i int) string { return fmt.Sprintf("train-%05d-of-00002.tfrecord/%09d", i/8, i%8) }},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			cat, err := Discover(t.Context(), []Input{{"", filepath.Join(dir, test.path)}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if cat.Layout != test.layout {
				t.Errorf("layout %s, want %s", cat.Layout, test.layout)
			}
			if d := cmp.Diff(test.classes, cat.Classes); d != "" {
				t.Errorf("classes: %s", d)
			}
			rows := readAll(t, cat, Options{})
			if len(rows) != 16 {
				t.Fatalf("%d rows: %v", len(rows), plain(rows))
			}
			i := 0
			for _, c := range cat.Containers {
				chunks, err := Split(t.Context(), c, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for _, ch := range chunks {
					if err := Read(t.Context(), ch, Options{}, 0, func(e Entry) error {
						sum := sha256.Sum256(e.Data)
						if got := hex.EncodeToString(sum[:]); got != want[i].SHA256 {
							t.Errorf("sample %d, %s: sha256 %s, want %s", i, e.Sample.Name, got, want[i].SHA256)
						}
						if e.Sample.Label != want[i].Label {
							t.Errorf("sample %d, %s: label %d, want %d", i, e.Sample.Name, e.Sample.Label, want[i].Label)
						}
						if test.name != nil && e.Sample.Name != test.name(i) {
							t.Errorf("sample %d is %s, want %s", i, e.Sample.Name, test.name(i))
						}
						i++
						return nil
					}); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, n := range []int{1, 3} {
				if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: n})); d != "" {
					t.Errorf("ChunkImages %d: %s", n, d)
				}
			}
		})
	}
}

// TestSplitsInNames: where the names of shards speak of several splits, one is taken.
func TestSplitsInNames(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"in-train-0.tar", "in-train-1.tar", "in-validation-0.tar", "in-val-1.tar"} {
		put(t, filepath.Join(dir, n), tarOf(t, samples(1)...))
	}
	for split, want := range map[string]int{"": 2, "train": 2, "validation": 2} {
		if cat, rows := scan(t, Options{Split: split}, Input{"", dir}); len(cat.Containers) != want || len(rows) != want {
			t.Errorf("split %q: %d containers", split, len(cat.Containers))
		}
	}
	wantUsage(t, Options{Split: "test"}, []Input{{"", dir}}, "no name of a shard contains the split test")
	if cat, _ := scan(t, Options{}, Input{"", filepath.Join(dir, "*.tar")}); len(cat.Containers) != 4 {
		t.Errorf("a pattern takes %d containers", len(cat.Containers))
	}
}

// TestDetect: what a folder is, by the names in it.
func TestDetect(t *testing.T) {
	tests := []struct {
		want  string
		files []string
	}{
		{"imagefolder", []string{"cat/a.jpg", "dog/b.jpg"}},
		{"imagefolder", []string{"cat/a.jpg", "dog/b.jpg", "animals.tgz"}},
		{"imagefolder", []string{"cat/a.jpg", "data/b.jpg"}},
		{"imagefolder", []string{"train/cat/a.jpg", "val/cat/a.jpg", "all.tar.gz"}},
		{"webdataset", []string{"a.tar", "b.tar", "previews/a.jpg", "README.md"}},
		{"webdataset", []string{"a.tar", "more/b.tar", "still/c.tar"}},
		{"webdataset", []string{"train/a.tar", "val/b.tar"}},
		{"ilsvrc", []string{"ILSVRC2012_img_train.tar", "ILSVRC2012_devkit_t12.tar.gz", "train/n01440764/a.JPEG"}},
		{"ilsvrc", []string{"n01440764.tar", "n01443537.tar"}},
		{"tfrecord", []string{"train-00000-of-00002", "train-00001-of-00002", "labels.txt"}},
		{"tfrecord", []string{"x.tfrecord.gz"}},
		{"parquet", []string{"data/train-00000-of-00001.parquet", "README.md"}},
		{"tfds", []string{"features.json", "dataset_info.json", "x-train.tfrecord-00000-of-00001"}},
	}
	for _, test := range tests {
		dir := t.TempDir()
		for _, f := range test.files {
			put(t, filepath.Join(dir, f), nil)
		}
		r, err := resolve(t.Context(), Input{"", dir})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := recognize(t.Context(), r, Options{}, &discovery{}); got.name != test.want || err != nil {
			t.Errorf("%v: %s, %v, want %s", test.files, got.name, err, test.want)
		}
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train.tar"), tarOf(t, file{"n01.tar", tarOf(t, file{"a.jpg", picture(0)})}))
	wantUsage(t, Options{}, []Input{{"", dir}}, "tar of tars", "--in-format ilsvrc")
	if _, rows := scan(t, Options{Format: "ilsvrc"}, Input{"", filepath.Join(dir, "train.tar")}); len(rows) != 1 || rows[0].Name != "train.tar/n01.tar/a.jpg" {
		t.Errorf("%v", plain(rows))
	}
}
