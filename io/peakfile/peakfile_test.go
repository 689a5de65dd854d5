package peakfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string) *Table {
	t.Helper()
	info, err := Look(t.Context(), path, Known{})
	if err != nil {
		t.Fatal(err)
	}
	table, err := Open(t.Context(), info)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestCSV(t *testing.T) {
	table := open(t, write(t, "peaks.CSV", "\xef\xbb\xbfnote,name,peak_row,peak_col,trough_row,trough_col,flat\r\n"+
		"x,a/1.jpg,3,4,5,6,\r\n"+
		"x,\"a/2, or \"\"so\"\".jpg\",3.9,1e2,-0.5,0,false\n"+
		"x,a/3.jpg,nan,4,5,6,\n"+
		"x,a/4.jpg,3,,5,6,\n"+
		"x,a/5.jpg,3,4,5,,\n"+
		"x,a/6.jpg,1e400,-inf,5,5,0\n"+
		"x,a/7.jpg,,,,,True\n"))
	want := Info{URI: table.info.URI, Kind: KindTable, Digest: table.info.Digest, Entries: 7, Troughs: true}
	if diff := cmp.Diff(want, table.Info()); diff != "" {
		t.Errorf("info: %s", diff)
	}
	tests := []struct {
		name  string
		want  Row
		fault string
	}{
		{"a/1.jpg", Row{"line 2 of the file of peaks", premix.Peak{X: 4, Y: 3}, premix.Peak{X: 6, Y: 5}, false}, ""},
		{`a/2, or "so".jpg`, Row{"line 3 of the file of peaks", premix.Peak{X: 100, Y: 3}, premix.Peak{X: 0, Y: -1}, false}, ""},
		{"a/3.jpg", Row{}, "line 4 of the file of peaks: peak_row is no number"},
		{"a/4.jpg", Row{}, "line 5 of the file of peaks: peak_col is no number"},
		{"a/5.jpg", Row{}, "line 6 of the file of peaks: its trough is no number"},
		{"a/6.jpg", Row{"line 7 of the file of peaks", premix.Peak{X: -1 << 30, Y: 1 << 30}, premix.Peak{X: 5, Y: 5}, false}, ""},
		{"a/7.jpg", Row{"line 8 of the file of peaks", premix.Peak{}, premix.NoPeak, true}, ""},
		{"a/8.jpg", Row{}, "the file of peaks has no row for this image"},
	}
	for _, tt := range tests {
		got, err := table.Find(tt.name, 5)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if f := premix.AsFault(err); (tt.fault != "") != (f != nil) || f != nil && (f.Reason != tt.fault || f.Kind != premix.BadPeak) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.fault)
		}
	}
}

func TestReplicas(t *testing.T) {
	table := open(t, write(t, "peaks.csv", "name,replica,peak_x,peak_y\na,1,10,20\na,0,30,40\n"))
	if i := table.Info(); !i.Original || !i.PerReplica || !i.Later || i.Troughs {
		t.Errorf("%+v", i)
	}
	for replica, x := range []int{30, 10} {
		if r, err := table.Find("a", replica); err != nil || r.Peak.X != x || r.Trough != premix.NoPeak {
			t.Errorf("replica %d: %+v, %v", replica, r, err)
		}
	}
	if _, err := table.Find("a", 2); premix.AsFault(err) == nil || !strings.Contains(err.Error(), "in replica 2") {
		t.Errorf("%v", err)
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a.csv", "", "a.csv: the file is empty"},
		{"a.csv", "name,peak_row,peak_col\n", "a.csv: no peaks"},
		{"a.csv", "peak_row,peak_col\n1,1\n", "a.csv: there is no column name"},
		{"a.csv", "name,peak_x\na,1\n", "a.csv: there is no column peak_y"},
		{"a.csv", "name,peak_x,peak_y,trough_x\na,1,1,1\n", "of trough_y and trough_x there is only one"},
		{"a.csv", "name,name,peak_x,peak_y\na,a,1,1\n", "two columns name"},
		{"a.csv", "name,peak_x,peak_y,peak_row\na,1,1,1\n", "peaks are given twice"},
		{"a.csv", "name,peak_x,peak_y\na,1,1\nb,one,1\n", `a.csv:3: peak_x "one" is not a number`},
		{"a.csv", "name,peak_x,peak_y\na,1,1\nb,1\n", "a.csv:3: wrong number of fields"},
		{"a.csv", "name,peak_x,peak_y\n\"a,1,1\nb,1,1\n", "a.csv:"},
		{"a.csv", "name,peak_x,peak_y\n\"" + strings.Repeat("a", 3<<20), "a quote not closed"},
		{"a.csv", "name,peak_x,peak_y,flat\na,1,1,maybe\n", `a.csv:2: flat "maybe" is neither`},
		{"a.csv", "name,peak_x,peak_y,replica\na,1,1,x\n", `a.csv:2: replica "x" is not a whole number`},
		{"a.csv", "name,peak_x,peak_y,replica\na,1,1,1000\n", `a.csv:2: replica 1000`},
		{"a.csv", "name,peak_x,peak_y\n,1,1\n", "a.csv:2: the name is empty"},
		{"a.csv", "name,peak_x,peak_y\na,1,1\nb,1,1\n\nb,2,2\na,2,2\n", "a.csv:5: the image of line 3 of the file of peaks again"},
		{"a.parquet", "PAR1 no PAR1", "a.parquet: parquet: "},
		{"a.txt", "name,peak_x,peak_y\na,1,1\n", "is called .csv or .parquet"},
	}
	for _, tt := range tests {
		_, err := Look(t.Context(), write(t, tt.name, tt.text), Known{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: %v, want %q", tt.text, err, tt.want)
		}
	}
	if _, err := Look(t.Context(), filepath.Join(t.TempDir(), "none.csv"), Known{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestChanged holds that a worker does not go on with another file than the launcher looked at.
func TestChanged(t *testing.T) {
	path := write(t, "a.csv", "name,peak_x,peak_y\na,1,1\n")
	info, err := Look(t.Context(), path, Known{})
	if err != nil {
		t.Fatal(err)
	}
	tables.Clear() // as in another process
	if err := os.WriteFile(path, []byte("name,peak_x,peak_y\na,1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), info); err == nil || !strings.Contains(err.Error(), "is not what it was") {
		t.Errorf("%v", err)
	}
}

func parquetFile[T any](t *testing.T, path string, rows []T) {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestParquet reads the types that pandas writes, in two files of a folder.
func TestParquet(t *testing.T) {
	type row struct {
		Row  *float64 `parquet:"peak_row,optional"`
		Name *string  `parquet:"name,optional"`
		Col  int64    `parquet:"peak_col"`
		Rep  float32  `parquet:"replica"`
		Flat bool     `parquet:"flat"`
		More []string `parquet:"more,list"`
	}
	text := func(s string) *string { return &s }
	number := func(x float64) *float64 { return &x }
	dir := t.TempDir()
	parquetFile(t, filepath.Join(dir, "0.parquet"), []row{{number(5), text("a"), 7, 0, false, nil}, {nil, text("b"), 7, 0, false, nil}})
	parquetFile(t, filepath.Join(dir, "1.parquet"), []row{{number(math.NaN()), text("c"), 7, 0, false, nil}, {nil, text("a"), -1, 1, true, nil}})
	if err := os.WriteFile(filepath.Join(dir, "fingerprint.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	table := open(t, dir)
	if i := table.Info(); !i.Folder || i.Entries != 4 || !i.PerReplica || i.Original {
		t.Errorf("%+v", i)
	}
	if r, err := table.Find("a", 0); err != nil || r.Peak != (premix.Peak{X: 7, Y: 5}) || r.Place != "line 1 of 0.parquet" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := table.Find("a", 1); err != nil || !r.Flat {
		t.Errorf("%+v, %v", r, err)
	}
	for name, want := range map[string]string{"b": "line 2 of 0.parquet: peak_row is no number", "c": "line 1 of 1.parquet: peak_row is no number"} {
		if _, err := table.Find(name, 0); premix.AsFault(err) == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}

	parquetFile(t, filepath.Join(dir, "2.parquet"), []row{{number(1), text("b"), 1, 0, false, nil}})
	if _, err := Look(t.Context(), dir, Known{}); err == nil || !strings.Contains(err.Error(), "2.parquet:1: the image of line 2 of 0.parquet again") {
		t.Errorf("%v", err)
	}
	parquetFile(t, filepath.Join(dir, "2.parquet"), []row{{number(1), nil, 1, 0, false, nil}})
	if _, err := Look(t.Context(), dir, Known{}); err == nil || !strings.Contains(err.Error(), "2.parquet:1: name is not text") {
		t.Errorf("%v", err)
	}
	parquetFile(t, filepath.Join(dir, "2.parquet"), []struct {
		Name string `parquet:"name"`
		Row  int32  `parquet:"peak_row"`
		Col  string `parquet:"peak_col"`
	}{{"z", 1, "x"}})
	if _, err := Look(t.Context(), dir, Known{}); err == nil || !strings.Contains(err.Error(), "has other columns than 0.parquet") {
		t.Errorf("%v", err)
	}
}

// TestCache reads a folder of the peaks cache.
func TestCache(t *testing.T) {
	dir := t.TempDir()
	store := cache.Open(dir, "f", []byte("{}"))
	rows := []premix.Sample{
		{Name: "a", Replica: 0, Peak: premix.Peak{X: 1, Y: 2}, Trough: premix.NoPeak},
		{Name: "a", Replica: 1, Peak: premix.Peak{X: 3, Y: 4}, Trough: premix.NoPeak},
	}
	if _, err := store.Save(t.Context(), "chunk", cache.Meta{Replicas: []int{0, 1}}, &cache.Chunk{Rows: rows}); err != nil {
		t.Fatal(err)
	}
	// Another run has added one of the replicas, too.
	if _, err := store.Save(t.Context(), "chunk", cache.Meta{Replicas: []int{1}}, &cache.Chunk{Rows: rows[1:]}); err != nil {
		t.Fatal(err)
	}
	table := open(t, store.URI())
	if i := table.Info(); i.Troughs || !i.PerReplica || i.Entries != 2 {
		t.Errorf("troughs of −1 everywhere are none: %+v", i)
	}
	if r, err := table.Find("a", 1); err != nil || r.Peak != (premix.Peak{X: 3, Y: 4}) || r.Trough != premix.NoPeak {
		t.Errorf("%+v, %v", r, err)
	}
	// The image was changed and kept its size: the cache has both.
	changed := []premix.Sample{rows[0], rows[1]}
	for i := range changed {
		changed[i].Digest[0]++
		changed[i].Peak.X++
	}
	if _, err := store.Save(t.Context(), "chunk", cache.Meta{Replicas: []int{0, 1}}, &cache.Chunk{Rows: changed}); err != nil {
		t.Fatal(err)
	}
	if _, err := Look(t.Context(), store.URI(), Known{}); err == nil || !strings.Contains(err.Error(), "again (a peaks cache") || !strings.Contains(err.Error(), "premix peaks --cache DIR") {
		t.Errorf("two states of an image: %v", err)
	}
}

func TestMaps(t *testing.T) {
	dir := t.TempDir()
	png := func(depth, color byte) []byte {
		b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), make([]byte, 17)...)
		b[24], b[25] = depth, color
		return b
	}
	for name, data := range map[string][]byte{
		"a/1.png": png(8, 0), "a/2.JPEG.png": png(8, 0), "a/3.png": png(16, 0), "a/4.png": png(8, 2), "a/5.png": []byte("GIF89a"), "a/6.jpg": png(8, 0),
	} {
		if err := os.MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	info, err := Look(t.Context(), dir, Known{})
	if err != nil || info.Kind != KindMaps || info.Entries != 5 || !info.Troughs {
		t.Fatalf("%+v, %v", info, err)
	}
	for name, want := range map[string]string{
		"a/1.JPEG": "", "a/2.JPEG": "", "a/3.jpg": "16 bits: want 8-bit gray", "a/4.jpg": "colour type 2", "a/5.jpg": "is no PNG", "a/6.jpg": "there is no map a/6.png",
	} {
		_, err := ReadMap(context.Background(), nil, dir, name)
		if want == "" && err == nil {
			continue
		}
		if f := premix.AsFault(err); f == nil || f.Kind != premix.BadPeak || !strings.Contains(f.Reason, want) || want == "" {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again, err := Look(t.Context(), moved, Known{})
	if err != nil || again.Digest != info.Digest {
		t.Errorf("the hash depends on the place: %v", err)
	}
	if err := os.Rename(filepath.Join(moved, "a/1.png"), filepath.Join(moved, "a/7.png")); err != nil {
		t.Fatal(err)
	}
	if other, err := Look(t.Context(), moved, Known{}); err != nil || other.Digest == info.Digest {
		t.Errorf("the hash does not depend on the names: %v", err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"name,peak_row,peak_col\na,1,2\n", "name,peak_x,peak_y,replica,flat,trough_x,trough_y\n\"a\nb\",1,nan,3,true,-1,-1\n", "\xef\xbb\xbfname,peak_x,peak_y\r\na,,\r\n", "name\n\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &builder{uri: "x.csv", files: []string{"x.csv"}}
		if err := b.readCSV(bytes.NewReader(data)); err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%v is no mistake of the file", err)
			}
			return
		}
		table, err := b.finish()
		if err != nil {
			return
		}
		for _, r := range table.rows {
			if r.line < 2 || int(r.line) > bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+1 {
				t.Errorf("line %d of %q", r.line, data)
			}
		}
	})
}

func ExampleTable_Find() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "peaks.csv")
	os.WriteFile(path, []byte("name,peak_x,peak_y\ncat/1.jpg,120,80\n"), 0o644)
	info, _ := Look(context.Background(), path, Known{})
	table, _ := Open(context.Background(), info)
	row, _ := table.Find("cat/1.jpg", 0)
	_, missing := table.Find("cat/2.jpg", 0)
	fmt.Println(row.Peak, missing)
	// Output: {120 80} the file of peaks has no row for this image
}
