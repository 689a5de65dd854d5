package source

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/internal/tartest"
)

// An identityCase is an input whose chunk IDs are golden.
type identityCase struct {
	name   string
	files  []file
	link   string // a symbolic link to nothing
	o      Options
	inputs []string // below the folder of the test; none stands for the folder itself
	like   string   // the case with the same IDs; all others differ
}

// identityCases has every layout, and every property of a container that belongs to its identity, or that
// does not belong to it although it is set when inputs are found.
func identityCases(t *testing.T) []identityCase {
	val, list := Options{Split: "validation"}, func(classes ...string) []byte { return []byte(strings.Join(classes, "\n") + "\n") }
	var images []file
	for i := 1; i <= 4; i++ {
		images = append(images, file{valName(i) + ".JPEG", picture(i)})
	}
	labels := list("n01440764", "n02100735", "n01440764", "n02119789")
	synsets := file{"synset_labels.txt", labels}
	truth := file{"data/ILSVRC2012_validation_ground_truth.txt", []byte("3\n1\n2\n1\n")}
	meta := file{"data/meta.mat", readFileT(t, filepath.Join("testdata", "meta.mat"))}
	valTar := file{"ILSVRC2012_img_val.tar", tarOf(t, images...)}
	tench, fox := tarOf(t, file{"n01440764_1.JPEG", picture(0)}, file{"n01440764_2.JPEG", picture(1)}), tarOf(t, file{"n02119789_7.JPEG", picture(2)})
	trainTar := tarOf(t, file{"n01440764.tar", tench}, file{"n02119789.tar", fox})

	tar := tarOf(t, samples(12)...)
	shard := file{"x.tar", tar}
	idx := file{"__index__/x.idx", []byte(daliIndex(t, tar))}
	timm := file{"_info.json", []byte(`{"splits":{"train":{"filenames":["x.tar"],"shard_lengths":[12]}}}`)}
	wids := file{"wids.json", []byte(`{"shardlist":[{"url":"x.tar","nsamples":12}]}`)}
	zipped := zipOf(t, zipImages(9)...)
	foldered := tarOf(t, file{"cat/a.jpg", picture(0)}, file{"dog/b.jpg", picture(1)}, file{"dog/c.jpg", picture(2)})
	numbered := tarOf(t, file{"a.jpg", picture(0)}, file{"a.json", []byte(`{"label":4,"other":5}`)})

	var records []byte
	index := ""
	for i := range 12 {
		from := len(records)
		records = append(records, recordsOf(slim(i, 1+i%4))...)
		index += fmt.Sprintf("%d %d\n", from, len(records)-from)
	}
	garbage := bytes.Repeat([]byte("x"), 100)
	record := file{"x.tfrecord", records}
	plain := recordsOf(example(map[string]any{"image": picture(0), "label": 0, "fine": 7}), example(map[string]any{"image": picture(1), "label": 1, "fine": 8}))
	named := slimNamed(slimRecord{1, "daisy", ""}, slimRecord{2, "rose", ""}, slimRecord{1, "daisy", ""})
	texts := slimNamed(slimRecord{1, "", "daisy"}, slimRecord{2, "", "roses"}, slimRecord{1, "", "daisy"})
	tfds := append(tfdsFiles(`"8","4"`), file{"x-train.tfrecord-00000-of-00002", recordsOf(numberedExamples(8)...)}, file{"x-train.tfrecord-00001-of-00002", recordsOf(numberedExamples(4)...)})
	hf := readFileT(t, filepath.Join("testdata", "hf.parquet"))
	rows := parquetOf(t, []parquetRow{{parquetImage{picture(0), "a.jpg"}, 0, 1}, {parquetImage{picture(1), "b.jpg"}, 1, 0}})

	folders := []file{{"cat/a.jpg", picture(0)}, {"cat/deep/b.jpg", picture(1)}, {"cat/notes.txt", []byte("x")}, {"dog/c.jpg", picture(2)}}
	for i := range 30 {
		folders = append(folders, file{fmt.Sprintf("emu/%02d.jpg", i), picture(i)})
	}
	three := 3
	return []identityCase{
		{name: "folders", files: folders},
		{name: "folders of a named input", files: folders, inputs: []string{"a="}},
		{name: "folders of a split", files: []file{{"train/cat/a.jpg", picture(0)}, {"val/cat/b.jpg", picture(1)}}},
		{name: "a folder with a name that is not text", files: []file{{"cat/a\xff.jpg", picture(0)}, {"cat/b.jpg", picture(1)}}},
		{name: "a folder with a broken link", files: []file{{"cat/a.jpg", picture(0)}}, link: "cat/b.jpg"},

		{name: "images and synsets", files: append(slices.Clone(images), synsets), o: val},
		{name: "images and other synsets", files: append(slices.Clone(images), file{synsets.name, labels[:len(labels)-10]}, file{"x.txt", make([]byte, 10)}), o: val},
		{name: "images and the devkit", files: append(slices.Clone(images), truth, meta), o: val},
		{name: "validation tar", files: []file{valTar, synsets}, o: val},
		{name: "validation tar and a list elsewhere", files: []file{valTar, {"data/" + synsets.name, synsets.data}}, o: val, like: "validation tar"},
		{name: "validation tar and the devkit", files: []file{valTar, truth, meta}, o: val},
		{name: "training tar", files: []file{{"ILSVRC2012_img_train.tar", trainTar}}},
		{name: "training tars", files: []file{{"n01440764.tar", tench}, {"n02119789.tar", fox}}},

		{name: "tar", files: []file{shard}},
		{name: "tar with an index", files: []file{shard, idx}, like: "tar"},
		{name: "tar with a count", files: []file{shard, timm}},
		{name: "tar with a count of another list", files: []file{shard, wids}, like: "tar with a count"},
		{name: "tar with a count and an index", files: []file{shard, timm, idx}, like: "tar with a count"},
		{name: "tar with an index that ends it", files: []file{{"x.tar", tar[:len(tar)-4096]}, idx}},
		{name: "tar, gzip", files: []file{{"x.tar.gz", tartest.Gzip(t, tar)}}},
		{name: "tar, zstandard", files: []file{{"x.tar.zst", tartest.Zstd(t, tar)}}},
		{name: "tar, labels in folders", files: []file{{"x.tar", foldered}}},
		{name: "tar, labels in json", files: []file{{"x.tar", numbered}}},
		{name: "tar, label key", files: []file{{"x.tar", numbered}}, o: Options{LabelKey: "other"}},
		{name: "tar, label offset", files: []file{{"x.tar", numbered}}, o: Options{LabelOffset: &three}},
		{name: "tar, label key and offset", files: []file{{"x.tar", numbered}}, o: Options{LabelKey: "other", LabelOffset: &three}},

		{name: "TFRecord of TF-slim", files: []file{record}},
		{name: "TFRecord with an index", files: []file{record, {"x.idx", []byte(index)}}},
		{name: "TFRecord, label offset", files: []file{record}, o: Options{LabelOffset: &three, AnyLabels: true}},
		{name: "TFRecord, label offset as assumed", files: []file{record}, o: Options{LabelOffset: new(int)}},
		{name: "TFRecord, gzip by its name", files: []file{{"x.tfrecord.gz", tartest.Gzip(t, records)}}},
		{name: "TFRecord, gzip by its bytes", files: []file{{"x.tfrecord", tartest.Gzip(t, records)}}},
		{name: "TFRecord, zlib by its bytes", files: []file{{"x.tfrecord", append(tartest.Zlib(t, records), make([]byte, 12)...)}}}, // as long as gzip
		{name: "TFRecord that is damaged", files: []file{{"x.tfrecord", garbage}}, o: Options{AnyLabels: true}},
		{name: "TFRecord, gzip that is damaged", files: []file{{"x.tfrecord", append([]byte("\x1f\x8b\x08"), garbage[3:]...)}}, o: Options{AnyLabels: true}},
		{name: "TFRecord with plain names", files: []file{{"x.tfrecord", plain}}},
		{name: "TFRecord, label key", files: []file{{"x.tfrecord", plain}}, o: Options{LabelKey: "fine"}},
		{name: "TFRecord with synsets", files: []file{{"x.tfrecord", named}}},
		{name: "TFRecord with texts", files: []file{{"x.tfrecord", texts}}},
		{name: "TFRecord with a list", files: []file{{"x.tfrecord", named}, {"classes.txt", list("Daisies", "Roses")}}},
		{name: "TFRecord by its names", files: []file{{"r/x.tfrecord", named}, {"w/y.tar", tar}, {"w/classes.txt", list("ball", "coin", "star")}}, inputs: []string{"r", "w"}, o: Options{Classes: []string{"coin", "rose"}}},
		{name: "TFRecord without a record", files: []file{{"x.tfrecord", nil}}, o: Options{AnyLabels: true}},
		{name: "TFDS", files: tfds},

		{name: "ArrayRecord", files: []file{{"x.array_record", arraysOf(t, numberedExamples(12)...)}}},
		{name: "ArrayRecord of TFDS", files: arrayTFDS(t, `"8","4"`, arraysOf(t, numberedExamples(8)...), arraysOf(t, numberedExamples(4)...))},

		{name: "Parquet of Hugging Face", files: []file{{"x.parquet", hf}}},
		{name: "Parquet without class names", files: []file{{"x.parquet", rows}}},
		{name: "Parquet, label key", files: []file{{"x.parquet", rows}}, o: Options{LabelKey: "fine"}},
		{name: "Parquet, label offset", files: []file{{"x.parquet", rows}}, o: Options{LabelOffset: &three, AnyLabels: true}},
		{name: "Parquet that is damaged", files: []file{{"x.parquet", rows[:len(rows)/2]}}, o: Options{AnyLabels: true}},

		{name: "zip", files: []file{{"x.zip", zipped}}},
		{name: "zip under another name of a file", files: []file{{"x", zipped}}},
		{name: "zip in a split", files: []file{{"x.zip", zipOf(t, file{"train/cat/a.jpg", picture(0)}, file{"train/dog/b.jpg", picture(1)}, file{"val/dog/c.jpg", picture(2)})}}},
		{name: "zip, class depth", files: []file{{"x.zip", zipped}}, o: Options{ClassDepth: 1}},
		{name: "zips of classes", files: []file{{"cat.zip", zipOf(t, file{"a.jpg", picture(0)})}, {"dog.zip", zipOf(t, file{"b.jpg", picture(1)})}}},
		{name: "zip of another split", files: []file{{"train.zip", zipped}, {"val.zip", zipped}}, o: val},

		{name: "drawn", inputs: []string{"synth:40"}},
	}
}

// numberedExamples are n examples with the labels 0, 1, 2 …
func numberedExamples(n int) (list [][]byte) {
	for i := range n {
		list = append(list, example(map[string]any{"image": picture(i), "label": i}))
	}
	return list
}

// TestIdentity holds the IDs of chunks to those of 8307365: a cache has its peaks under them, and another
// ID is a peak that is computed again. They may change with the version in [Container.identity] only.
func TestIdentity(t *testing.T) {
	var text bytes.Buffer
	ids, owner := map[string][]string{}, map[string]string{}
	for _, c := range identityCases(t) {
		dir := t.TempDir()
		putAll(t, dir, c.files)
		if c.link != "" {
			if err := os.Symlink("nothing", filepath.Join(dir, c.link)); err != nil {
				t.Fatal(err)
			}
		}
		var inputs []Input
		for _, in := range c.inputs {
			name, path, ok := strings.Cut(in, "=")
			if !ok {
				name, path = "", in
			}
			if !strings.HasPrefix(path, synthScheme) {
				path = filepath.Join(dir, path)
			}
			inputs = append(inputs, Input{name, path})
		}
		if inputs == nil {
			inputs = []Input{{"", dir}}
		}
		for _, size := range []int{0, 3} {
			o := c.o
			o.ChunkImages = size
			cat, err := Discover(t.Context(), inputs, o)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			for _, container := range cat.Containers {
				chunks, err := Split(t.Context(), container, o)
				if err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				for _, ch := range chunks {
					fmt.Fprintf(&text, "%s  %s, of %d: %q in %q, %d bytes, %d to %d\n", ch.ID, c.name, size, container.Name, container.Layout, container.Size, ch.Offset, ch.End)
					ids[c.name] = append(ids[c.name], ch.ID)
					switch owner[ch.ID] {
					case "":
						owner[ch.ID] = c.name
					case c.name, c.like:
					default:
						t.Errorf("%s and %s have the same chunk %s", owner[ch.ID], c.name, ch.ID)
					}
				}
			}
		}
		if c.like != "" && !slices.Equal(ids[c.name], ids[c.like]) {
			t.Errorf("the chunks of %s are not those of %s", c.name, c.like)
		}
	}
	golden.Equal(t, "identity.txt", text.Bytes())
}
