package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
)

// TestHuggingFace reads a file that datasets 5.2.0 has written: three row groups, a label −1.
func TestHuggingFace(t *testing.T) {
	data := readFileT(t, filepath.Join("testdata", "hf.parquet"))
	for _, place := range []string{"", "data"} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "README.md"), []byte("# data"))
		put(t, filepath.Join(dir, place, "train-00000-of-00001.parquet"), data)
		put(t, filepath.Join(dir, place, "test-00000-of-00001.parquet"), data)
		cat, rows := scan(t, Options{}, Input{"", dir})
		name := filepath.Join(place, "train-00000-of-00001.parquet")
		want := numbered(name, 0, 1, 2, -1, 1, 0, 2)
		want[3] = fault(fmt.Sprintf("%s/%09d", name, 3), premix.NoLabel)
		wantRows(t, want, rows)
		if d := cmp.Diff([]string{"cat", "dog", "cow"}, cat.Classes); d != "" || cat.Layout != "parquet" {
			t.Errorf("%s: classes: %s", cat.Layout, d)
		}
		if why := reasons(t, cat, Options{}); !strings.Contains(why, "label -1: the input states no class") {
			t.Error(why)
		}
		for n, parts := range map[int]int{1: 3, 3: 2, 100: 1} {
			o := Options{ChunkImages: n}
			chunks, err := Split(t.Context(), cat.Containers[0], o)
			if err != nil || len(chunks) != parts {
				t.Errorf("ChunkImages %d: %d chunks, %v", n, len(chunks), err)
			}
			if d := cmp.Diff(rows, readAll(t, cat, o)); d != "" {
				t.Errorf("ChunkImages %d: %s", n, d)
			}
		}
	}
}

type parquetImage struct {
	Bytes []byte `parquet:"bytes,optional"`
	Path  string `parquet:"path,optional"`
}

type parquetRow struct {
	Image parquetImage `parquet:"image"`
	Label int64        `parquet:"label"`
	Other int64        `parquet:"fine"`
}

func parquetOf(t testing.TB, list []parquetRow, options ...parquet.WriterOption) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&buf, options...)
	if _, err := w.Write(list); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// labelled is a file of one image with a label of any type.
func labelled[T any](t *testing.T, label T) []byte {
	t.Helper()
	type row struct {
		Image parquetImage `parquet:"image"`
		Label T            `parquet:"label"`
	}
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[row](&buf)
	if _, err := w.Write([]row{{parquetImage{picture(0), "a.jpg"}, label}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestParquetRows(t *testing.T) {
	list := []parquetRow{
		{parquetImage{picture(0), "a.jpg"}, 0, 9},
		{parquetImage{nil, "b.jpg"}, 1, 8},
		{parquetImage{nil, ""}, 2, 7},
		{parquetImage{picture(1), "c.jpg"}, -2, 6},
		{parquetImage{picture(2), "c.jpg"}, 3, 5},
	}
	data := parquetOf(t, list, parquet.MaxRowsPerRowGroup(2))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.parquet"), data)
	cat, rows := scan(t, Options{}, Input{"", dir})
	want := numbered("x.parquet", 0, -1, -1, -1, 3)
	want[1] = fault("x.parquet/000000001", premix.Unsupported)
	want[2] = fault("x.parquet/000000002", premix.Empty)
	want[3] = fault("x.parquet/000000003", premix.BadLabel)
	wantRows(t, want, rows)
	if why := reasons(t, cat, Options{}); !strings.Contains(why, `only its path "b.jpg"`) {
		t.Error(why)
	}
	if _, rows := scan(t, Options{LabelKey: "fine"}, Input{"", dir}); rows[0].Label != 9 {
		t.Errorf("%v", plain(rows))
	}
	wantUsage(t, Options{LabelKey: "coarse"}, []Input{{"", dir}}, "no column of labels", "--label-key")
	wantUsage(t, Options{LabelKey: "image"}, []Input{{"", dir}}, "the column image of x.parquet is a group", "integers")
	kinds := t.TempDir()
	put(t, filepath.Join(kinds, "x.parquet"), labelled(t, "daisy"))
	if cat, rows := scan(t, Options{}, Input{"", kinds}); len(rows) != 1 || rows[0].Class != "daisy" || cat.Classes != nil {
		t.Errorf("%v", plain(rows))
	}
	put(t, filepath.Join(kinds, "x.parquet"), labelled(t, 1.5))
	wantUsage(t, Options{}, []Input{{"", kinds}}, "is DOUBLE", "--label-key")
	put(t, filepath.Join(kinds, "x.parquet"), labelled(t, []int64{1}))
	wantUsage(t, Options{}, []Input{{"", kinds}}, "is a list")
	put(t, filepath.Join(kinds, "x.parquet"), labelled(t, uint8(3)))
	if _, rows := scan(t, Options{}, Input{"", kinds}); len(rows) != 1 || rows[0].Label != 3 {
		t.Errorf("%v", plain(rows))
	}

	// Damage in the middle row group costs its rows, no others.
	put(t, filepath.Join(dir, "x.parquet"), data)
	broken := bytes.Clone(data)
	at := bytes.Index(broken, picture(1))
	copy(broken[at-40:], bytes.Repeat([]byte{0xff}, 40)) // the page's header
	put(t, filepath.Join(dir, "x.parquet"), broken)
	_, rows = scan(t, Options{}, Input{"", dir})
	good := 0
	for _, r := range rows {
		if r.Kind == "" {
			good++
		}
	}
	if good != 2 || rows[len(rows)-1].Label != 3 {
		t.Errorf("%v", plain(rows))
	}
	for _, n := range []int{0, 3, 100, len(data) - 9} {
		put(t, filepath.Join(dir, "x.parquet"), data[:n])
		cat, rows := scan(t, Options{}, Input{"", dir})
		wantRows(t, []row{fault("x.parquet", premix.Corrupt)}, rows)
		if why := reasons(t, cat, Options{}); strings.Contains(why, "source:") {
			t.Error(why)
		}
	}
}

func TestParquetColumns(t *testing.T) {
	type noImage struct {
		Label int64 `parquet:"label"`
	}
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[noImage](&buf)
	if _, err := w.Write([]noImage{{1}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.parquet"), buf.Bytes())
	wantUsage(t, Options{}, []Input{{"", dir}}, "no column of images")
}

// namesOf is the metadata by which Hugging Face names classes.
func namesOf(names ...string) parquet.WriterOption {
	text, _ := json.Marshal(names)
	return parquet.KeyValueMetadata("huggingface", `{"info":{"features":{"label":{"names":`+string(text)+`,"_type":"ClassLabel"}}}}`)
}

// TestParquetClasses: files of one input that declare other classes do not go together; one that
// declares none takes the list of the others.
func TestParquetClasses(t *testing.T) {
	dir := t.TempDir()
	rows := []parquetRow{{parquetImage{picture(0), "a.jpg"}, 1, 9}}
	for _, test := range []struct {
		files  [][]string // names of each
		want   []string
		refuse string
	}{
		{[][]string{{"a", "b"}, {"a", "b"}}, []string{"a", "b"}, ""},
		{[][]string{{"a", "b"}, nil}, []string{"a", "b"}, ""},
		{[][]string{nil, {"a", "b"}}, []string{"a", "b"}, ""},
		{[][]string{{"a", "b"}, nil, {"b", "a"}}, []string{"a", "b"}, "declares other classes than the first files of its input"},
		{[][]string{nil, nil, nil, {"b", "a"}}, nil, "declares class names, and the first files of its input do not"},
	} {
		in := Input{"", filepath.Join(dir, fmt.Sprint(test.files))}
		for i, names := range test.files {
			var options []parquet.WriterOption
			if names != nil {
				options = append(options, namesOf(names...))
			}
			put(t, filepath.Join(in.URI, fmt.Sprintf("%d.parquet", i)), parquetOf(t, rows, options...))
		}
		cat, err := Discover(t.Context(), []Input{in}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want, cat.Classes); d != "" {
			t.Errorf("%v: %s", test.files, d)
		}
		for i, c := range cat.Containers {
			_, err := Split(t.Context(), c, Options{})
			if test.refuse == "" || i < len(cat.Containers)-1 {
				if err != nil {
					t.Errorf("%v: %s: %v", test.files, c.Name, err)
				}
				continue
			}
			if _, ok := err.(*UsageError); !ok || !strings.Contains(err.Error(), test.refuse) || strings.Contains(err.Error(), c.Name) {
				t.Errorf("%v: %s: %v, want %s", test.files, c.Name, err, test.refuse)
			}
		}
	}
}

// TestParquetNull: a label that is null is none, and no −1.
func TestParquetNull(t *testing.T) {
	type nullable struct {
		Image parquetImage `parquet:"image"`
		Label *int64       `parquet:"label,optional"`
	}
	two := int64(2)
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[nullable](&buf)
	if _, err := w.Write([]nullable{{parquetImage{picture(0), ""}, &two}, {parquetImage{picture(1), ""}, nil}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.parquet"), buf.Bytes())
	cat, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{numbered("x.parquet", 2)[0], fault("x.parquet/000000001", premix.NoLabel)}, rows)
	if why, want := reasons(t, cat, Options{}), "row 1, in row group 0: the label is null"; !strings.Contains(why, want) {
		t.Errorf("%q, want %q", why, want)
	}
}
