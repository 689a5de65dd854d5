package hfparquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/shard/shardtest"
)

// Lists of floats are the same taken by the page and value by value, whatever the file: nulls, empty
// lists, lists that are null, plain or with a dictionary, pages of one row and of many.
func TestFloats(t *testing.T) {
	for seed := range uint64(120) {
		rng := rand.New(rand.NewPCG(seed, 2))
		element := parquet.Leaf(parquet.FloatType)
		if seed%2 == 1 {
			element = parquet.Encoded(element, &parquet.RLEDictionary)
		}
		nulls, hollow := seed%3 == 1, seed%5 == 1
		list := parquet.List(element)
		definition := 1
		if nulls {
			list, definition = parquet.List(parquet.Optional(element)), 2
		}
		optional := seed%7 < 3
		if optional {
			list = parquet.Optional(list)
			definition++
		}
		var row parquet.Row
		var rows []parquet.Row
		for range rng.IntN(60) {
			row = nil
			n := rng.IntN(40)
			if !hollow {
				n++
			}
			for i := range n {
				v, d := parquet.FloatValue(float32(rng.IntN(9))/8), definition
				if nulls && rng.IntN(4) == 0 {
					v, d = parquet.Value{}, definition-1
				}
				row = append(row, v.Level(min(i, 1), d, 0))
			}
			if n == 0 {
				d := 0
				if optional && rng.IntN(2) == 0 {
					d = 1
				}
				row = append(row, parquet.Value{}.Level(0, d, 0))
			}
			rows = append(rows, row)
		}
		var out bytes.Buffer
		w := parquet.NewGenericWriter[any](&out, parquet.NewSchema("schema", parquet.Group{"soft_label": list}),
			parquet.PageBufferSize(1+rng.IntN(600)), parquet.DataPageVersion(1+int(seed/2%2)))
		if _, err := w.WriteRows(rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if !nulls && !hollow {
			allFlat(t, f)
		}
		var got, want [][]float32
		for g := range f.Groups() {
			for range f.Rows(g) {
				got, want = append(got, nil), append(want, nil)
			}
		}
		each(t, f, func(i int, c *cursor) error { got[i], err = c.floats(got[i]); return err })
		each(t, f, func(i int, c *cursor) error {
			values, err := c.list()
			for _, v := range values {
				want[i] = append(want[i], v.Float())
			}
			return err
		})
		if diff := cmp.Diff(want, got); diff != "" || len(got) != len(rows) {
			t.Fatalf("seed %d, %d rows of %d: %s", seed, len(got), len(rows), diff)
		}
	}
}

// allFlat wants all pages of a file of one leaf to be taken whole.
func allFlat(t *testing.T, f *File) {
	t.Helper()
	for g := range f.Groups() {
		cursors, err := f.open(g, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		for {
			page, err := cursors[0].pages.ReadPage()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := flatFloats(page, nil); !ok {
				t.Fatal("a page is taken value by value")
			}
			parquet.Release(page)
		}
		closeAll(cursors)
	}
}

// each calls do for all rows of a file of one leaf, and expects no more of them.
func each(t *testing.T, f *File, do func(int, *cursor) error) {
	t.Helper()
	n := 0
	for g := range f.Groups() {
		cursors, err := f.open(g, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		for range f.Rows(g) {
			if err := do(n, cursors[0]); err != nil {
				t.Fatalf("row %d: %v", n, err)
			}
			n++
		}
		if err := do(0, cursors[0]); err == nil || !strings.Contains(err.Error(), "ends before the others") {
			t.Fatalf("a row behind the last: %v", err)
		}
		closeAll(cursors)
	}
}

// Pages of version 1 may end within a row.
func TestFloatsAcrossPages(t *testing.T) {
	s := shardtest.Spec(shard.Dense)
	recs := shardtest.Records(s, 3)
	var out bytes.Buffer
	w := newWriter(&out, s, nil)
	for i := range recs {
		if err := w.Write(&recs[i]); err != nil {
			t.Fatal(err)
		}
		soft := w.columns[len(w.columns)-1]
		soft.endPage()
		for range i { // this row goes on for i pages
			soft.shares([]float32{0.125, 0.25})
			soft.repeated[0] = 1
			soft.endPage()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := newReader(bytes.NewReader(out.Bytes()), shard.ReadOptions{})
	for i := range recs {
		var got shard.Record
		if err := r.Next(&got); err != nil {
			t.Fatal(err)
		}
		want := recs[i].Soft
		for range i {
			want = append(want, 0.125, 0.25)
		}
		if diff := cmp.Diff(want, got.Soft); diff != "" {
			t.Errorf("row %d: %s", i, diff)
		}
	}
	if err := r.Next(new(shard.Record)); err != io.EOF {
		t.Error(err)
	}
}

// A pick outside of the dictionary, and a list of something else, are errors.
func TestBadFloats(t *testing.T) {
	s := shardtest.Spec(shard.Dense)
	recs := shardtest.Records(s, 2)
	for _, picks := range [][]int32{{0, 1, 9, 0}, {0, 1, -1, 0}, {1 << 30, 0, 0, 0}} {
		t.Run(fmt.Sprint(picks), func(t *testing.T) {
			var out bytes.Buffer
			w := newWriter(&out, s, nil)
			for i := range recs {
				if err := w.Write(&recs[i]); err != nil {
					t.Fatal(err)
				}
			}
			copy(w.columns[len(w.columns)-1].picks, picks)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			got := shardtest.Read(Format{}, bytes.NewReader(out.Bytes()), 0)
			if got.Err == nil || !strings.Contains(got.Err.Error(), "soft_label") && !strings.Contains(got.Err.Error(), "gave up") {
				t.Errorf("%d records, %v", len(got.Records), got.Err)
			}
		})
	}
	for want, data := range map[string][]byte{
		"column soft_label: holds DOUBLE, want floats": foreign(t, []float64{1, 0}),
		"column soft_label: holds INT32, want floats":  foreign(t, []int32{1, 0}),
		"column soft_label: holds INT64, want floats":  foreign(t, []int64{1, 0}),
	} {
		got := shardtest.Read(Format{}, bytes.NewReader(data), 0)
		if got.Err == nil || !strings.Contains(got.Err.Error(), want) {
			t.Errorf("%v, want %s", got.Err, want)
		}
	}
}

// foreign is a file with a list of another kind.
func foreign[T any](t *testing.T, list []T) []byte {
	type row struct {
		Image struct {
			Bytes []byte `parquet:"bytes"`
			Path  string `parquet:"path"`
		} `parquet:"image"`
		Soft []T `parquet:"soft_label,list"`
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out)
	if _, err := w.Write([]row{{Soft: list}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Pages whose header, levels and values do not agree give the same rows taken whole and value by
// value, and no more of them.
func TestOddFloatPages(t *testing.T) {
	odd := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		element := parquet.Leaf(parquet.FloatType)
		if seed%2 == 1 {
			element = parquet.Encoded(element, &parquet.RLEDictionary)
		}
		var out bytes.Buffer
		w := parquet.NewGenericWriter[any](&out, parquet.NewSchema("schema", parquet.Group{"soft_label": parquet.List(parquet.Optional(element))}),
			parquet.PageBufferSize(100), parquet.DataPageVersion(1+int(seed/2%2)))
		for range 12 {
			var row parquet.Row
			for i := range 1 + rng.IntN(9) {
				v, d := parquet.FloatValue(float32(rng.IntN(9))/8), 2
				if seed%3 == 0 && rng.IntN(4) == 0 {
					v, d = parquet.Value{}, 1
				}
				row = append(row, v.Level(min(i, 1), d, 0))
			}
			if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		raw := changePage(t, out.Bytes(), func(h *format.PageHeader, body []byte) []byte {
			n, kinds := int32(1+rng.IntN(3)), 5
			if seed%2 == 1 {
				kinds = 2 // of picks that are too few, parquet-go gives what lay in its memory
			}
			switch v1, v2 := &h.DataPageHeader, &h.DataPageHeaderV2; rng.IntN(kinds) {
			case 0:
				v2.V.NumNulls += n
			case 4: // values behind those that the levels speak of
				body = append(body, make([]byte, 4*v2.V.NumNulls)...)
				v2.V.NumNulls = 0
			case 1:
				v1.V.NumValues = max(0, v1.V.NumValues-n)
				v2.V.NumValues = max(0, v2.V.NumValues-n)
			case 2:
				body = body[:len(body)-1]
			case 3:
				body[len(body)-1] ^= 1 << rng.IntN(8)
			}
			return body
		})
		whole, wholeErr := rowsOf(raw, (*cursor).floats)
		single, singleErr := rowsOf(raw, func(c *cursor, dst []float32) ([]float32, error) {
			values, err := c.list()
			for _, v := range values {
				dst = append(dst, v.Float())
			}
			return dst, err
		})
		if wholeErr != nil {
			odd++
		}
		// A page is taken whole, or none of its rows.
		if (wholeErr == nil) != (singleErr == nil) || len(whole) > len(single) || len(whole) < len(single) && wholeErr == nil ||
			!cmp.Equal(whole, single[:len(whole)]) {
			t.Errorf("seed %d: %v, %v; value by value %v, %v", seed, whole, wholeErr, single, singleErr)
		}
	}
	if odd == 0 {
		t.Error("no file was at fault")
	}
}

// rowsOf returns the rows before an error.
func rowsOf(raw []byte, read func(*cursor, []float32) ([]float32, error)) (rows [][]float32, err error) {
	f, err := Open(bytes.NewReader(raw), int64(len(raw)), 1<<20)
	if err != nil {
		return nil, err
	}
	err = caught(func() error {
		for g := range f.Groups() {
			cursors, err := f.open(g, []int{0})
			if err != nil {
				return err
			}
			for range f.Rows(g) {
				row, err := read(cursors[0], nil)
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
			closeAll(cursors)
		}
		return nil
	})
	return rows, err
}

// changePage changes the last page of a file of one leaf and one row group, and makes the sizes fit. A
// page whose checksum is 0 is not checked.
func changePage(t *testing.T, raw []byte, change func(*format.PageHeader, []byte) []byte) []byte {
	t.Helper()
	protocol := new(thrift.CompactProtocol)
	footer := raw[len(raw)-8-int(binary.LittleEndian.Uint32(raw[len(raw)-8:])) : len(raw)-8]
	var meta format.FileMetaData
	if err := thrift.Unmarshal(protocol, footer, &meta); err != nil {
		t.Fatal(err)
	}
	m := &meta.RowGroups[0].Columns[0].MetaData
	end := 4 + int(m.TotalCompressedSize)
	at, last := 4, 4
	var size pageHeader
	for at < end {
		var err error
		if size, err = parsePageHeader(raw[at:end]); err != nil {
			t.Fatal(err)
		}
		last, at = at, at+size.size+int(size.compressed)
	}
	var h format.PageHeader
	if err := thrift.Unmarshal(protocol, raw[last:last+size.size], &h); err != nil {
		t.Fatal(err)
	}
	body := change(&h, bytes.Clone(raw[last+size.size:end]))
	h.CRC, h.CompressedPageSize, h.UncompressedPageSize = 0, int32(len(body)), int32(len(body))
	head, err := thrift.Marshal(protocol, &h)
	if err != nil {
		t.Fatal(err)
	}
	out := slices.Concat(raw[:last], head, body)
	m.TotalCompressedSize = int64(len(out)) - 4
	tail, err := thrift.Marshal(protocol, &meta)
	if err != nil {
		t.Fatal(err)
	}
	out = binary.LittleEndian.AppendUint32(append(out, tail...), uint32(len(tail)))
	return append(out, magic...)
}
