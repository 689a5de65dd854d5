package hfparquet

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
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
	var out bytes.Buffer
	type row struct {
		Image struct {
			Bytes []byte `parquet:"bytes"`
			Path  string `parquet:"path"`
		} `parquet:"image"`
		Soft []float64 `parquet:"soft_label,list"`
	}
	w := parquet.NewGenericWriter[row](&out)
	if _, err := w.Write([]row{{Soft: []float64{1, 0}}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := shardtest.Read(Format{}, bytes.NewReader(out.Bytes()), 0)
	if got.Err == nil || !strings.Contains(got.Err.Error(), "column soft_label: holds DOUBLE, want floats") {
		t.Errorf("doubles: %v", got.Err)
	}
}
