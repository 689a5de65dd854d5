package source

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	pqformat "github.com/parquet-go/parquet-go/format"
	"github.com/premix/premix"
	"github.com/premix/premix/io/shard/shardtest"
)

// pictureRows are n rows of the labels from, from+1, …
func pictureRows(from, n int) []parquetRow {
	var list []parquetRow
	for i := range n {
		list = append(list, parquetRow{parquetImage{picture(from + i), "a.jpg"}, int64(from + i), 0})
	}
	return list
}

// TestParquetRefused: what a footer shows is no damage. In the first file of an input it is refused
// before any work; in a later one a row stands for each row group, and says how many images it has.
func TestParquetRefused(t *testing.T) {
	good := parquetOf(t, pictureRows(0, 3))
	later := parquetOf(t, pictureRows(3, 6), parquet.MaxRowsPerRowGroup(2))
	codec := func(group int, id pqformat.CompressionCodec) []byte {
		return shardtest.Refoot(t, later, func(m *pqformat.FileMetaData) { m.RowGroups[group].Columns[0].MetaData.Codec = id })
	}
	lz4 := "column image.bytes is compressed by LZ4 in its deprecated form"
	encrypted := append(bytes.Clone(later[:len(later)-4]), "PARE"...)
	for _, test := range []struct {
		name   string
		data   []byte
		why    string
		rows   int     // that are good
		images []int64 // that are lost, by row
	}{
		{"the first group", codec(0, pqformat.Lz4), lz4, 7, []int64{2}},
		{"the last group", codec(2, pqformat.Lz4), lz4, 7, []int64{2}},
		{"labels of another type", labelled(t, 1.5), "column label is DOUBLE, and labels are integers or texts", 3, []int64{1}},
		{"encrypted", encrypted, "the file is encrypted", 3, []int64{0}},
	} {
		dir, alone := t.TempDir(), t.TempDir()
		put(t, filepath.Join(dir, "a.parquet"), good)
		put(t, filepath.Join(dir, "b.parquet"), test.data)
		put(t, filepath.Join(alone, "b.parquet"), test.data)
		if test.name != "labels of another type" { // which has a message of its own
			wantUsage(t, Options{}, []Input{{"", alone}}, "b.parquet: "+test.why)
		}
		var first []row
		for _, n := range []int{1, 3, 100} {
			cat, rows := scan(t, Options{ChunkImages: n}, Input{"", dir})
			if n > 1 && cmp.Diff(first, rows) != "" {
				t.Errorf("%s: rows depend on the size of chunks", test.name)
			}
			first = rows
			var lost []int64
			ok := 0
			for _, e := range entriesOfAll(t, cat) {
				s := &e.Sample
				if s.Fault == nil {
					ok++
					continue
				}
				bytes, is := LostBytes(s)
				lost = append(lost, LostImages(s))
				if !is || bytes <= 0 || s.Fault.Kind != premix.Unsupported || !strings.Contains(s.Fault.Reason, test.why) {
					t.Errorf("%s: %d bytes, %v: %s", test.name, bytes, s.Fault.Kind, s.Fault.Reason)
				}
			}
			if d := cmp.Diff(test.images, lost); d != "" || ok != test.rows {
				t.Errorf("%s: %d rows, want %d; lost: %s", test.name, ok, test.rows, d)
			}
		}
	}
}

func entriesOfAll(t *testing.T, cat *Catalog) (list []Entry) {
	t.Helper()
	for _, c := range cat.Containers {
		chunks, err := Split(t.Context(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range chunks {
			if err := Read(t.Context(), ch, Options{}, 0, func(e Entry) error {
				list = append(list, e)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return list
}

// TestParquetBeside: columns beside image and label may be damaged or of any codec. The path is read
// where it is all that there is.
func TestParquetBeside(t *testing.T) {
	list := append(pictureRows(0, 3), parquetRow{parquetImage{nil, "b.jpg"}, 1, 0})
	data := parquetOf(t, list)
	damage := func(column int) []byte {
		broken := bytes.Clone(data)
		shardtest.Refoot(t, data, func(m *pqformat.FileMetaData) {
			meta := m.RowGroups[0].Columns[column].MetaData
			copy(broken[meta.DataPageOffset:], bytes.Repeat([]byte{0xff}, 8))
		})
		return broken
	}
	other := func(column int) []byte {
		return shardtest.Refoot(t, data, func(m *pqformat.FileMetaData) { m.RowGroups[0].Columns[column].MetaData.Codec = pqformat.LZO })
	}
	const path, fine = 1, 3
	for i, test := range []struct {
		data []byte
		kind premix.FaultKind // of the last row
	}{
		{data, premix.Unsupported}, {damage(path), premix.Empty}, {other(path), premix.Empty},
		{damage(fine), premix.Unsupported}, {other(fine), premix.Unsupported},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "x.parquet"), test.data)
		_, rows := scan(t, Options{}, Input{"", dir})
		want := numbered("x.parquet", 0, 1, 2, -1)
		want[3] = fault(fmt.Sprintf("x.parquet/%09d", 3), test.kind)
		if wantRows(t, want, rows); t.Failed() {
			t.Fatalf("file %d", i)
		}
	}
}
