package source

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/tfrecord"
)

// count is how many rows are good and how many are faults.
func count(rows []row) (good, bad int) {
	for _, r := range rows {
		if r.Kind != "" {
			bad++
		} else if !r.Ignored {
			good++
		}
	}
	return good, bad
}

// TestRecordIndexCounts: each record that the index of a TFRecord lists and that is not there is a row,
// however the file was cut; an index of another file counts nothing.
func TestRecordIndexCounts(t *testing.T) {
	var data []byte
	var ends []int
	index := ""
	for i := range 12 {
		from := len(data)
		data = tfrecord.Append(data, slim(i, 1+i%4))
		ends = append(ends, len(data))
		index += fmt.Sprintf("%d %d\n", from, len(data)-from)
	}
	zeroed := bytes.Clone(data)
	clear(zeroed[ends[3]:ends[7]])
	tests := []struct {
		name      string
		data      []byte
		index     string
		good, bad int
		why       string
	}{
		{"whole", data, index, 12, 0, ""},
		{"cut between records", data[:ends[5]], index, 6, 6, "record 11: lost: there should be 12 records by its index"},
		{"cut in a record", data[:ends[5]+100], index, 6, 6, ": no record follows, 100 bytes are lost\n"},
		{"cut in a head", data[:ends[5]+7], index, 6, 6, "7 of the 12 bytes of its head"},
		{"cut in the first head", data[:7], index, 0, 12, "record 11: lost"},
		{"nothing is there", nil, index, 0, 12, "record 0: lost"},
		{"records zeroed", zeroed, index, 8, 4, "record 11: lost"},
		{"of another file", data[:ends[5]], otherIndex(len(data)), 6, 0, ""},
		{"of a shorter file", data, index[:strings.Index(index, "\n")+1], 12, 0, ""},
		{"garbage", data[:ends[5]], "0 x\n", 6, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "train-00000-of-00001"), test.data)
			put(t, filepath.Join(dir, "__index__", "train-00000-of-00001.idx"), []byte(test.index))
			for name, uri := range map[string]string{"local": dir, "store": upload(t, dir)} {
				cat, rows := scan(t, Options{}, Input{"", uri})
				if good, bad := count(rows); good != test.good || bad != test.bad {
					t.Errorf("%s: %d good and %d bad, want %d and %d: %v", name, good, bad, test.good, test.bad, plain(rows))
				}
				if why := reasons(t, cat, Options{}); !strings.Contains(why, test.why) {
					t.Errorf("%s: %s does not say %q", name, why, test.why)
				}
				if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 2})); d != "" {
					t.Errorf("%s, ChunkImages 2: %s", name, d)
				}
			}
		})
	}
}

// TestEmptyShards: a file of nothing is a row, unless nothing is what it should hold.
func TestEmptyShards(t *testing.T) {
	one := tfrecord.Append(nil, example(map[string]any{"image": picture(0), "label": 1}))
	tfds := func(lengths string) []file {
		return append(tfdsFiles(lengths), []file{
			{"x-train.tfrecord-00000-of-00002", one}, {"x-train.tfrecord-00001-of-00002", nil},
		}...)
	}
	timm := func(lengths string) file {
		return file{"_info.json", []byte(`{"splits":{"train":{"filenames":["a.tar","b.tar"],"shard_lengths":[` + lengths + `]}}}`)}
	}
	a := file{"a.tar", tarOf(t, samples(1)...)}
	tests := []struct {
		name  string
		files []file
		want  string
	}{
		{"tfrecord", []file{{"a-00000-of-00002", one}, {"a-00001-of-00002", nil}}, ""},
		{"tfrecord with an index", []file{{"a-00000-of-00002", one}, {"a-00001-of-00002", nil}, {"a-00001-of-00002.idx", nil}}, ""},
		{"gzip of nothing", []file{{"a.tfrecord.gz", tartest.Gzip(t, one)}, {"b.tfrecord.gz", tartest.Gzip(t, nil)}}, ""},
		{"tfds of none", tfds(`"1","0"`), ""},
		{"tfds of one", tfds(`"1","1"`), "x-train.tfrecord-00001-of-00002/000000000: truncated: record 0: lost: there should be 1 records by dataset_info.json\n"},
		{"tar", []file{a, {"b.tar", nil}}, "b.tar: empty: byte 0: no tar archive: nothing in it\n"},
		{"tar of timm of none", []file{a, {"b.tar", nil}, timm("1,0")}, ""},
		{"tar of timm of two", []file{a, {"b.tar", nil}, timm("1,2")}, "b.tar: empty: byte 0: no tar archive: nothing in it\nb.tar: truncated: a sample is lost: there should be 2 samples by _info.json\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, test.files)
			cat, rows := scan(t, Options{}, Input{"", dir})
			if good, _ := count(rows); good != 1 {
				t.Errorf("%v", plain(rows))
			}
			if d := cmp.Diff(test.want, reasons(t, cat, Options{})); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestTFRecordIndex: DALI's index tells where to cut, if it is of this file.
func TestTFRecordIndex(t *testing.T) {
	dir := t.TempDir()
	var data []byte
	var index strings.Builder
	for i := range 30 {
		from := len(data)
		data = tfrecord.Append(data, slim(i, 1+i%4))
		fmt.Fprintf(&index, "%d %d\n", from, len(data)-from)
	}
	put(t, filepath.Join(dir, "train-00000-of-00001"), data)
	put(t, filepath.Join(dir, "__index__", "train-00000-of-00001.idx"), []byte(index.String()))
	cat, want := scan(t, Options{}, Input{"", dir})
	if cat.Containers[0].Index == "" || len(want) != 30 {
		t.Fatalf("index %q, %d rows", cat.Containers[0].Index, len(want))
	}
	o := Options{ChunkImages: 4}
	if d := cmp.Diff(want, readAll(t, cat, o)); d != "" {
		t.Error(d)
	}
	if parseRecordIndex([]byte(index.String())).covers(int64(len(data))) == nil {
		t.Error("the index was refused")
	}
	for _, bad := range []string{"", "0 5\n", "0 x\n", index.String() + "9 9\n", strings.TrimSuffix(index.String(), "\n")[:40]} {
		if got := parseRecordIndex([]byte(bad)).covers(int64(len(data))); got != nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
	// At a store the index tells where to cut; one of another file is found out.
	for name, text := range map[string]string{"right": index.String(), "garbage": "0 99\n99 1\n", "other": otherIndex(len(data))} {
		put(t, filepath.Join(dir, "__index__", "train-00000-of-00001.idx"), []byte(text))
		remote, err := Discover(t.Context(), []Input{{"", upload(t, dir)}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, readAll(t, remote, o)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		chunks, err := Split(t.Context(), remote.Containers[0], o)
		if err != nil || (len(chunks) > 1) != (name == "right") {
			t.Errorf("%s: %d chunks, %v", name, len(chunks), err)
		}
	}
}

// otherIndex covers size bytes with thirty equal records.
func otherIndex(size int) string {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "%d %d\n", i*size/30, (i+1)*size/30-i*size/30)
	}
	return b.String()
}
