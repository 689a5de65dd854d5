package source

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// example is one tf.train.Example; values are []byte, string, int or []int64.
func example(features map[string]any) []byte {
	var e tfexample.Encoder
	for name, v := range features {
		switch v := v.(type) {
		case []byte:
			e.Bytes(name, v)
		case string:
			e.Text(name, v)
		case int:
			e.Ints(name, int64(v))
		case []int64:
			e.Ints(name, v...)
		case float32:
			e.Floats(name, v)
		}
	}
	return e.Append(nil)
}

// slim is an example in the profile of TF-slim.
func slim(i, label int) []byte {
	return example(map[string]any{"image/encoded": picture(i), "image/class/label": label, "image/format": "JPEG"})
}

func recordsOf(examples ...[]byte) []byte {
	var out []byte
	for _, e := range examples {
		out = tfrecord.Append(out, e)
	}
	return out
}

func numbered(file string, labels ...int) []row {
	var rows []row
	for i, l := range labels {
		rows = append(rows, good(fmt.Sprintf("%s/%09d", file, i), fmt.Sprintf("%09d", i), "", l))
	}
	return rows
}

func TestTFRecordProfiles(t *testing.T) {
	zero, two := 0, 2
	tests := []struct {
		name     string
		o        Options
		classes  string
		examples [][]byte
		want     []row
		why      string
	}{
		{"slim counts from 1", Options{}, "", [][]byte{slim(0, 1), slim(1, 3)}, numbered("a.tfrecord", 0, 2), ""},
		{"slim that counts from 0", Options{}, "", [][]byte{slim(0, 1), slim(1, 0)}, numbered("a.tfrecord", 1, 0), ""},
		{"slim with its last class", Options{}, "a\nb\n", [][]byte{slim(0, 1), slim(1, 2)}, numbered("a.tfrecord", 0, 1), ""},
		{"slim with negative labels", Options{}, "a\nb\nc\n", [][]byte{slim(0, -1), slim(1, 3), slim(2, 1), slim(3, -7)},
			[]row{fault("a.tfrecord/000000000", premix.NoLabel), numbered("a.tfrecord", 0, 2)[1], numbered("a.tfrecord", 0, 0, 0)[2], fault("a.tfrecord/000000003", premix.BadLabel)}, "label -7 is negative"},
		{"slim from 0 with a negative label", Options{}, "", [][]byte{slim(0, -1), slim(1, 0), slim(2, 1)},
			[]row{fault("a.tfrecord/000000000", premix.NoLabel), numbered("a.tfrecord", 0, 0)[1], numbered("a.tfrecord", 0, 0, 1)[2]}, "label -1"},
		{"offset 0", Options{LabelOffset: &zero}, "", [][]byte{slim(0, 1), slim(1, 3)}, numbered("a.tfrecord", 1, 3), ""},
		{"offset 2", Options{LabelOffset: &two}, "", [][]byte{slim(0, 2), slim(1, 1)},
			[]row{numbered("a.tfrecord", 0)[0], fault("a.tfrecord/000000001", premix.BadLabel)}, "label is 1 where labels count from 2"},
		{"synsets", Options{}, "n01\nn02\n", [][]byte{
			example(map[string]any{"image/encoded": picture(0), "image/class/label": 1, "image/class/synset": "n02"}),
			example(map[string]any{"image/encoded": picture(1), "image/class/label": 0, "image/class/synset": "n01"})},
			[]row{good("a.tfrecord/000000000", "000000000", "n02", 1), good("a.tfrecord/000000001", "000000001", "n01", 0)}, ""},
		{"synsets that the list does not name", Options{}, "0:tench\n1:goldfish\n", [][]byte{
			example(map[string]any{"image/encoded": picture(0), "image/class/label": 2, "image/class/synset": "n02"})}, numbered("a.tfrecord", 1), ""},
		{"synsets without a list", Options{}, "", [][]byte{
			example(map[string]any{"image/encoded": picture(0), "image/class/label": 2, "image/class/synset": "n02"})},
			[]row{good("a.tfrecord/000000000", "000000000", "n02", 1)}, ""},
		{"plain", Options{}, "", [][]byte{example(map[string]any{"image": picture(0), "label": 4})}, numbered("a.tfrecord", 4), ""},
		{"image by bytes", Options{}, "", [][]byte{example(map[string]any{"x": "text", "photo": picture(0), "label": 4})}, numbered("a.tfrecord", 4), ""},
		{"label by name", Options{}, "", [][]byte{example(map[string]any{"image": picture(0), "label": "cat"})},
			[]row{good("a.tfrecord/000000000", "000000000", "cat", -1)}, ""},
		{"label key", Options{LabelKey: "y/z"}, "", [][]byte{example(map[string]any{"image": picture(0), "label": 1, "y/z": 7})}, numbered("a.tfrecord", 7), ""},
		{"odd records", Options{}, "", [][]byte{
			slim(0, 1),
			example(map[string]any{"image/encoded": picture(0)}),
			example(map[string]any{"image/class/label": 1}),
			example(map[string]any{"image/encoded": 3, "image/class/label": 1}),
			example(map[string]any{"image/encoded": picture(0), "image/class/label": []int64{1, 2}}),
			example(map[string]any{"image/encoded": "", "image/class/label": 1}),
			[]byte("no example"),
			slim(1, 2)},
			[]row{
				numbered("a.tfrecord", 0)[0],
				fault("a.tfrecord/000000001", premix.NoLabel),
				fault("a.tfrecord/000000002", premix.Corrupt),
				fault("a.tfrecord/000000003", premix.Corrupt),
				fault("a.tfrecord/000000004", premix.BadLabel),
				fault("a.tfrecord/000000005", premix.Empty),
				fault("a.tfrecord/000000006", premix.Corrupt),
				good("a.tfrecord/000000007", "000000007", "", 1),
			}, "record 6 at byte"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "a.tfrecord"), recordsOf(test.examples...))
			if test.classes != "" {
				put(t, filepath.Join(dir, "classes.txt"), []byte(test.classes))
			}
			cat, rows := scan(t, test.o, Input{"", dir})
			wantRows(t, test.want, rows)
			if why := reasons(t, cat, test.o); !strings.Contains(why, test.why) {
				t.Errorf("%q does not say %q", why, test.why)
			}
			o := test.o
			o.ChunkImages = 1
			if d := cmp.Diff(rows, readAll(t, cat, o)); d != "" {
				t.Errorf("ChunkImages 1: %s", d)
			}
		})
	}
}

// TestTFRecordContradiction: a label 0 far behind the start contradicts the custom of TF-slim.
// To go on would mislabel everything, so the job must stop.
func TestTFRecordContradiction(t *testing.T) {
	var list [][]byte
	for i := range peekRecords + 1 {
		list = append(list, example(map[string]any{"image/encoded": "\xff\xd8\xff", "image/class/label": 1 + i%3}))
	}
	list = append(list, example(map[string]any{"image/encoded": "\xff\xd8\xff", "image/class/label": 0}))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train-00000-of-00001"), recordsOf(list...))
	cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = Read(t.Context(), chunks[0], Options{}, 0, func(Entry) error { return nil })
	where := regexp.MustCompile(fmt.Sprintf("^record %d at byte [0-9]+: the label is 0, although .* add --label-offset 0 ", peekRecords+1))
	if _, ok := err.(*UsageError); !ok || !where.MatchString(err.Error()) {
		t.Errorf("error %v", err)
	}
	one := 1
	_, rows := scan(t, Options{LabelOffset: &one}, Input{"", dir})
	if n := len(rows); n != peekRecords+2 || rows[n-1].Kind != premix.BadLabel || rows[0].Label != 0 {
		t.Errorf("%d rows, the last is %v", n, rows[n-1])
	}
}

func TestTFRecordUsage(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.tfrecord"), recordsOf(example(map[string]any{"x": 1, "text": "t"})))
	wantUsage(t, Options{}, []Input{{"", dir}}, "no feature", "holds an image", `"text" (bytes`)
	put(t, filepath.Join(dir, "a.tfrecord"), recordsOf(example(map[string]any{"image": picture(0), "rating": 1})))
	wantUsage(t, Options{}, []Input{{"", dir}}, "no label", "--label-key", "rating")
}

func TestTFRecordTooLarge(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.tfrecord"), recordsOf(slim(0, 1), slim(1, 2)))
	cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	limit := int64(len(picture(0)))
	var kinds []premix.FaultKind
	if err := Read(t.Context(), chunks[0], Options{}, limit, func(e Entry) error {
		kind := premix.FaultKind("")
		if e.Sample.Fault != nil {
			kind = e.Sample.Fault.Kind
		}
		kinds = append(kinds, kind)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []premix.FaultKind{"", ""}
	if len(picture(1)) > len(picture(0)) {
		want[1] = premix.TooLarge
	} else {
		t.Fatal("the second picture must be larger for this test")
	}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Error(d)
	}
}

func TestOddRecords(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "oddities")
	labels := func(rows []row) (list []string) {
		for _, r := range rows {
			list = append(list, fmt.Sprint(r.Label, r.Class, r.Kind))
		}
		return list
	}
	for file, want := range map[string][]string{
		"tfrecord-valid-7.record": {"369", "62", "195", "424", "475", "229", "263"},
		"tfrecord-valid-1.record": {"9"},
		"tfrecord-mnist.record":   {"7", "3", "4"}, // in decimal text
	} {
		_, rows := scan(t, Options{}, Input{"", filepath.Join(dir, file)})
		if d := cmp.Diff(want, labels(rows)); d != "" {
			t.Errorf("%s: %s", file, d)
		}
	}
	for _, file := range []string{"tfrecord-example.tfrecord", "tfrecord-sequence.tfrecord"} {
		wantUsage(t, Options{}, []Input{{"", filepath.Join(dir, file)}}, "no feature of "+file+" holds an image", "x_byte")
	}
}
