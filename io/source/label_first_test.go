package source

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/tfrecord"
)

// TestFirstLabels: labels that cannot be right are refused before any work; a few bad ones are not.
func TestFirstLabels(t *testing.T) {
	var members []file
	var records []byte
	var rows []parquetRow
	for i := range firstEntries {
		label := 3 + i%2
		members = append(members, file{fmt.Sprintf("s%04d.jpg", i), picture(i)}, file{fmt.Sprintf("s%04d.cls", i), fmt.Append(nil, label)})
		records = tfrecord.Append(records, example(map[string]any{"image": picture(i), "label": label}))
		rows = append(rows, parquetRow{parquetImage{picture(i), ""}, int64(label), 0})
	}
	for file, data := range map[string][]byte{
		"x.tar": tarOf(t, members...), "x.tar.gz": tartest.Gzip(t, tarOf(t, members...)), "x.tfrecord": records, "x.parquet": parquetOf(t, rows),
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, file), data)
		in := []Input{{"", dir}}
		wantUsage(t, Options{Classes: []string{"a", "b", "c"}}, in, "none of the first 16 labels", file, "label 3, but the class list has 3", "--label-offset")
		if _, err := Discover(t.Context(), in, Options{Classes: []string{"a", "b", "c", "d"}}); err != nil {
			t.Errorf("%s: every second label is right: %v", file, err)
		}
		put(t, filepath.Join(dir, "classes.txt"), []byte("a\nb\nc\n"))
		wantUsage(t, Options{}, in, "none of the first 16 labels")
	}
}

// TestNoLabels: images without labels, as a test split has them, are refused before any work; a few
// among others are rows of failures.
func TestNoLabels(t *testing.T) {
	for _, test := range []struct {
		name   string
		file   func(labels ...int) (name string, data []byte)
		reason string // of label −1
	}{
		{"tar", func(labels ...int) (string, []byte) {
			var members []file
			for i, l := range labels {
				members = append(members, file{fmt.Sprintf("s%04d.jpg", i), picture(i)}, file{fmt.Sprintf("s%04d.cls", i), fmt.Append(nil, l)})
			}
			return "x.tar", tarOf(t, members...)
		}, "byte 0: label -1"},
		{"TFRecord", func(labels ...int) (string, []byte) {
			var list [][]byte
			for i, l := range labels {
				list = append(list, example(map[string]any{"image": picture(i), "label": l}))
			}
			return "x.tfrecord", recordsOf(list...)
		}, "record 0 at byte 0: label -1"},
		{"TF-slim", func(labels ...int) (string, []byte) {
			var list [][]byte
			for i, l := range labels {
				list = append(list, slim(i, l))
			}
			return "x.tfrecord", recordsOf(list...)
		}, "record 0 at byte 0: label -1"},
		{"Parquet", func(labels ...int) (string, []byte) {
			var list []parquetRow
			for i, l := range labels {
				list = append(list, parquetRow{parquetImage{picture(i), ""}, int64(l), 0})
			}
			return "x.parquet", parquetOf(t, list, parquet.MaxRowsPerRowGroup(5))
		}, "row 0, in row group 0: label -1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			in := []Input{{"", dir}}
			none := slices.Repeat([]int{-1}, firstNone)
			name, data := test.file(none...)
			put(t, filepath.Join(dir, name), data)
			wantUsage(t, Options{}, in, fmt.Sprintf("--in %s: none of the first 64 images of %s has a label (%s", dir, name, test.reason), "test split", "--split")

			// One label among them is enough.
			none[7] = 0
			_, data = test.file(none...)
			put(t, filepath.Join(dir, name), data)
			_, rows := scan(t, Options{}, in...)
			for i, r := range rows {
				if (r.Kind == premix.NoLabel) != (i != 7) || len(rows) != firstNone {
					t.Errorf("row %d: %v", i, r)
				}
			}

			// A whole Parquet file of fewer images is known to have none. A tar may have been cut off.
			_, data = test.file(-1, -1)
			put(t, filepath.Join(dir, name), data)
			if test.name == "Parquet" {
				wantUsage(t, Options{}, in, "none of the first 2 images of x.parquet has a label")
			} else if _, rows := scan(t, Options{}, in...); len(rows) != 2 {
				t.Error(rows)
			}
		})
	}
}

// TestForeignNames: names of classes of which the list of another input has none.
func TestForeignNames(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "folder", "cat", "a.jpg"), picture(0))
	var members []file
	for i := range firstEntries {
		members = append(members, file{fmt.Sprintf("s%04d.jpg", i), picture(i)}, file{fmt.Sprintf("s%04d.json", i), []byte(`{"label":"ball"}`)})
	}
	put(t, filepath.Join(dir, "w", "x.tar"), tarOf(t, members...))
	in := []Input{{"", filepath.Join(dir, "folder")}, {"", filepath.Join(dir, "w")}}
	wantUsage(t, Options{}, in, "none of the first 16 labels is in the class list", `class "ball" is not in the class list`)
	if _, rows := scan(t, Options{Classes: []string{"cat"}}, in...); len(rows) != firstEntries+1 {
		t.Errorf("%d rows", len(rows))
	}
}
