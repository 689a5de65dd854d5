package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

func TestTimmInfo(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a-0.tar", "a-1.tar", "b.tar"} {
		put(t, filepath.Join(dir, n), tarOf(t, file{n[:1] + n[2:3] + ".jpg", picture(0)}, file{n[:1] + n[2:3] + ".cls", []byte("0")}))
	}
	put(t, filepath.Join(dir, "_info.json"), []byte(`{"splits":{
		"train":{"name":"train","num_samples":2,"filenames":["a-0.tar","a-1.tar"],"shard_lengths":[1,1]},
		"val":{"name":"val","num_samples":1,"filenames":["b.tar"],"shard_lengths":[1]}}}`))
	names := func(o Options) []string {
		cat, _ := scan(t, o, Input{"", dir})
		var list []string
		for _, c := range cat.Containers {
			list = append(list, fmt.Sprint(c.Name, " ", c.Samples))
		}
		return list
	}
	if d := cmp.Diff([]string{"a-0.tar 1", "a-1.tar 1"}, names(Options{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"b.tar 1"}, names(Options{Split: "validation"})); d != "" {
		t.Error(d)
	}
	wantUsage(t, Options{Split: "test"}, []Input{{"", dir}}, "train, val", "--split test")
	put(t, filepath.Join(dir, "a-2.tar"), tarOf(t, samples(1)...))
	wantUsage(t, Options{}, []Input{{"", dir}}, "does not list 1 of the shards, a-2.tar among them", "pattern")
	put(t, filepath.Join(dir, "_info.json"), []byte(`{"splits":{"train":{"filenames":["gone.tar"],"shard_lengths":[1]}}}`))
	wantUsage(t, Options{}, []Input{{"", dir}}, "gone.tar", "not there")
	put(t, filepath.Join(dir, "_info.json"), []byte(`{"splits":`))
	wantUsage(t, Options{}, []Input{{"", dir}}, "_info.json", "repair or remove")
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
	wantUsage(t, Options{Split: "test"}, []Input{{"", dir}}, "no shard speaks of the split test")
	if cat, _ := scan(t, Options{}, Input{"", filepath.Join(dir, "*.tar")}); len(cat.Containers) != 4 {
		t.Errorf("a pattern takes %d containers", len(cat.Containers))
	}
}

// TestFolderKeys: the folders of the keys are the labels where there are no others.
func TestFolderKeys(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train.tar"), tarOf(t, file{"train/n01440764/a.jpg", picture(0)}, file{"./train/n01443537/sub/b.JPEG", picture(1)}, file{"c.jpg", picture(2)}))
	_, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{
		good("train.tar/train/n01440764/a.jpg", "train/n01440764/a", "n01440764", -1),
		good("train.tar/train/n01443537/sub/b.JPEG", "train/n01443537/sub/b", "n01443537", -1),
		fault("train.tar/c.jpg", "no-label"),
	}, rows)
	// With cls members a folder is only a part of the key.
	put(t, filepath.Join(dir, "train.tar"), tarOf(t, file{"x/a.jpg", picture(0)}, file{"x/a.cls", []byte("1")}, file{"y/b.jpg", picture(1)}))
	_, rows = scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{good("train.tar/x/a.jpg", "x/a", "", 1), fault("train.tar/y/b.jpg", "no-label")}, rows)
}

func TestLabelKeyHint(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), tarOf(t, file{"a.jpg", picture(0)}, file{"a.json", []byte(`{"url":"u","class_id":3}`)}))
	wantUsage(t, Options{}, []Input{{"", dir}}, "--label-key", "class_id, url")
	_, rows := scan(t, Options{LabelKey: "class_id"}, Input{"", dir})
	wantRows(t, []row{good("x.tar/a.jpg", "a", "", 3)}, rows)
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
		if r, err = enterSplit(t.Context(), r, Options{}, &Catalog{}); err != nil {
			t.Fatal(err)
		}
		if got, err := detect(t.Context(), r); got != test.want || err != nil {
			t.Errorf("%v: %s, %v, want %s", test.files, got, err, test.want)
		}
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train.tar"), tarOf(t, file{"n01.tar", tarOf(t, file{"a.jpg", picture(0)})}))
	wantUsage(t, Options{}, []Input{{"", dir}}, "tar of tars", "--in-format ilsvrc")
	if _, rows := scan(t, Options{Format: "ilsvrc"}, Input{"", filepath.Join(dir, "train.tar")}); len(rows) != 1 || rows[0].Name != "train.tar/n01.tar/a.jpg" {
		t.Errorf("%v", plain(rows))
	}
}

// daliIndex writes the index of a tar as wds2idx does.
func daliIndex(t *testing.T, data []byte) string {
	t.Helper()
	w := atWindow(bytes.NewReader(data), 0, -1, int64(len(data)))
	scan := newTarScanner(w, 0)
	var lines []string
	last := ""
	for {
		m, err := scan.member(t.Context())
		if err != nil {
			break
		}
		key, ext, _ := splitKey(m.name)
		if key != last {
			lines = append(lines, "")
		}
		last = key
		lines[len(lines)-1] += fmt.Sprintf(" %s %d %d %s", ext, m.data, m.size, m.name)
	}
	text := fmt.Sprintf("v1.2 %d\n", len(lines))
	for _, l := range lines {
		text += strings.TrimSpace(l) + "\n"
	}
	return text
}

// TestIndexCuts: an index spares the scan, and a wrong one does no harm.
func TestIndexCuts(t *testing.T) {
	data := tarOf(t, samples(40)...)
	right := daliIndex(t, data)
	lines := strings.SplitAfter(right, "\n")
	other := daliIndex(t, tarOf(t, samples(41)[2:]...))
	tests := []struct {
		name, index string
		cut         bool
	}{
		{"right", right, true},
		{"without jpg", strings.ReplaceAll(strings.Join(lines, ""), " jpg ", " x "), true},
		{"of another tar", other, true}, // the tar is scanned instead
		{"without names", strings.Replace(right, "v1.2", "v1.1", 1), true},
		{"garbage", "v1.2 40\ncls -5 1 a", true},
		{"too few", lines[0] + lines[1] + lines[2], true},
		{"twice", lines[0] + lines[1] + lines[1], true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "x.tar"), data)
			put(t, filepath.Join(dir, "__index__", "x.idx"), []byte(test.index))
			cat, want := scan(t, Options{ChunkImages: 1000}, Input{"", dir})
			if cat.Containers[0].Index == "" {
				t.Fatal("the index was not found")
			}
			chunks, err := Split(t.Context(), cat.Containers[0], Options{ChunkImages: 6})
			if err != nil {
				t.Fatal(err)
			}
			if (len(chunks) > 1) != test.cut {
				t.Errorf("%d chunks", len(chunks))
			}
			if d := cmp.Diff(want, readAll(t, cat, Options{ChunkImages: 6})); d != "" {
				t.Error(d)
			}
			index, err := cat.Containers[0].tarIndex(t.Context(), false)
			points, ok := index.points(cat.Containers[0])
			if err != nil || ok != (test.name == "right" || test.name == "without jpg" || test.name == "of another tar") {
				t.Errorf("index: %d points, %v, %v", len(points), ok, err)
			}
		})
	}
}

func TestWidsLengths(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), tarOf(t, samples(2)...))
	put(t, filepath.Join(dir, "y.tar"), tarOf(t, samples(3)...))
	put(t, filepath.Join(dir, "wids.json"), []byte(`{"wids_version":1,"shardlist":[{"url":"x.tar","nsamples":2}]}`))
	put(t, filepath.Join(dir, "__index__", "wids-train.json"), []byte(`{"wids_version":1,"shardlist":[{"url":"../y.tar","nsamples":3}]}`))
	put(t, filepath.Join(dir, "wids-broken.json"), []byte(`{`))
	cat, _ := scan(t, Options{}, Input{"", dir})
	for i, want := range []int64{2, 3} {
		if got := cat.Containers[i].Samples; got != want {
			t.Errorf("%s: %d samples, want %d", cat.Containers[i].Name, got, want)
		}
	}
}
