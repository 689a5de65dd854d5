package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// TestChunkIDs holds the identities of chunks to those of 8307365, which users' caches are named by: a
// changed identity silently drops what a cache has. Every field that is part of an identity is set in
// some case. The golden file grows with new layouts, and its lines never change.
func TestChunkIDs(t *testing.T) {
	offset := 7
	png := []byte("\x89PNG\r\n\x1a\n no image is decoded here")
	jpeg := func(i int) []byte { return fmt.Appendf(nil, "\xff\xd8\xff picture %03d", i) }
	members := func(n int, ext string, text func(i int) string) (list []file) {
		for i := range n {
			key := fmt.Sprintf("s%04d", i)
			list = append(list, file{key + ext, []byte(text(i))}, file{key + ".jpg", jpeg(i)})
		}
		return list
	}
	record := func(i int, label string, fields ...string) []byte {
		var e tfexample.Encoder
		e.Bytes("image/encoded", jpeg(i))
		e.Ints(label, int64(i%3+1))
		for _, f := range fields {
			e.Text(f, fmt.Sprintf("n%08d", i%3))
		}
		return tfrecord.Append(nil, e.Append(nil))
	}
	records := func(n int, label string, fields ...string) (out []byte) {
		for i := range n {
			out = append(out, record(i, label, fields...)...)
		}
		return out
	}
	number := func(i int) string { return fmt.Sprint(i % 3) }
	parquet, err := os.ReadFile(filepath.Join("testdata", "hf.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	folders := func(root string, n int) (list []file) {
		for i := range n {
			list = append(list, file{fmt.Sprintf("%sclass%d/i%04d.jpg", root, i%2, i), jpeg(i)})
		}
		return list
	}
	val := []file{{"ILSVRC2012_img_val.tar", tarOf(t, file{valName(1) + ".JPEG", jpeg(1)}, file{valName(2) + ".JPEG", jpeg(2)})}}
	inner := func(class string) []byte {
		return tarOf(t, file{class + "_1.JPEG", jpeg(1)}, file{class + "_2.JPEG", jpeg(2)})
	}
	tests := []struct {
		name  string
		o     Options
		files []file
	}{
		{"folder", Options{}, folders("", 6)},
		{"folder in parts", Options{ChunkImages: 10}, folders("", 90)},
		{"folder of a split", Options{Split: "train"}, append(folders("train/", 4), folders("val/", 4)...)},
		{"folder with classes", Options{Classes: []string{"class1"}}, folders("", 6)},
		{"tar", Options{}, []file{{"a-000.tar", tarOf(t, members(5, ".cls", number)...)}}},
		{"tar in parts", Options{ChunkImages: 10}, []file{{"a-000.tar", tarOf(t, members(60, ".cls", number)...)}}},
		{"tar with key and offset", Options{LabelKey: "label", LabelOffset: &offset}, []file{
			{"a-000.tar", tarOf(t, members(5, ".json", func(i int) string { return fmt.Sprintf(`{"label": %d}`, i+7) })...)}}},
		{"tar.gz", Options{}, []file{{"a-000.tar.gz", gzipOf(t, tarOf(t, members(3, ".cls", number)...))}}},
		{"tar with folders", Options{}, []file{{"a-000.tar", tarOf(t, folders("", 6)...)}}},
		{"tar with timm's list", Options{}, []file{{"a-000.tar", tarOf(t, members(5, ".cls", number)...)},
			{"_info.json", []byte(`{"splits": {"train": {"filenames": ["a-000.tar"], "shard_lengths": [6]}}}`)}}},
		{"slim", Options{}, []file{{"train-00000-of-00001", records(4, "image/class/label")}}},
		{"slim with synsets", Options{}, []file{{"train-00000-of-00001", records(4, "image/class/label", "image/class/synset")}}},
		{"slim with offset", Options{LabelOffset: &offset}, []file{{"train-00000-of-00001", records(4, "image/class/label")}}},
		{"records", Options{}, []file{{"a.tfrecord", records(4, "label")}}},
		{"records with key", Options{LabelKey: "other"}, []file{{"a.tfrecord", records(4, "other")}}},
		{"records in parts", Options{ChunkImages: 10}, []file{{"a.tfrecord", records(60, "label")}}},
		{"records.gz", Options{}, []file{{"a.tfrecord.gz", gzipOf(t, records(4, "label"))}}},
		{"tfds", Options{}, append(tfdsFiles(`"5"`), file{"x-train.tfrecord-00000-of-00001", recordsOf(
			example(map[string]any{"image": png, "label": 3}), example(map[string]any{"image": png, "label": 4}))})},
		{"parquet", Options{}, []file{{"train-00000-of-00001.parquet", parquet}}},
		{"ilsvrc train", Options{}, []file{{"ILSVRC2012_img_train.tar", tarOf(t,
			file{"n01440764.tar", inner("n01440764")}, file{"n01443537.tar", inner("n01443537")})}}},
		{"ilsvrc classes", Options{Format: "ilsvrc"}, []file{{"n01440764.tar", inner("n01440764")}, {"n01443537.tar", inner("n01443537")}}},
		{"ilsvrc validation by labels", Options{Split: "validation"}, append(val, file{"synset_labels.txt", []byte("n01443537\nn01440764\n")})},
		{"ilsvrc validation by solution", Options{Split: "validation"}, append(val, file{"LOC_val_solution.csv", []byte("ImageId,PredictionString\n" +
			valName(1) + ",n01443537 1 2 3 4\n" + valName(2) + ",n01440764 1 2 3 4\n")})},
	}
	var got strings.Builder
	for _, tt := range tests {
		dir := t.TempDir()
		putAll(t, dir, tt.files)
		chunkIDs(t, &got, tt.name, tt.o, Input{URI: dir})
	}
	chunkIDs(t, &got, "named", Options{ChunkImages: 6}, Input{Name: "n", URI: "synth:20"})
	// The records number their classes otherwise than the list of the folder: their names count.
	dir := t.TempDir()
	putAll(t, dir, append(folders("b/", 2), file{"a/train-00000-of-00001", records(4, "image/class/label", "image/class/synset")}))
	chunkIDs(t, &got, "slim by name", Options{Classes: []string{"class0", "class1", "n00000001", "n00000000"}},
		Input{Name: "a", URI: filepath.Join(dir, "a")}, Input{Name: "b", URI: filepath.Join(dir, "b")})
	golden.Equal(t, "chunkids.txt", []byte(got.String()))
}

// chunkIDs writes a line for each chunk of the inputs.
func chunkIDs(t *testing.T, w *strings.Builder, name string, o Options, in ...Input) {
	t.Helper()
	cat, err := Discover(t.Context(), in, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(cat.Containers) == 0 {
		t.Fatalf("%s: no container", name)
	}
	var lines []string
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, ch := range chunks {
			lines = append(lines, fmt.Sprintf("%s: %s %d: %s\n", name, c.Name, ch.Seq, ch.ID))
		}
	}
	slices.Sort(lines)
	w.WriteString(strings.Join(lines, ""))
}
