package cache

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix"
)

// Each column of a file is read, and once.
func TestColumns(t *testing.T) {
	var names, want []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	for _, path := range parquet.SchemaOf(row{}).Columns() {
		want = append(want, path[0])
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("columns that are read: %q, of a file: %q", names, want)
	}
}

// A file of several row groups is read whole, and its failures, whose strings are their own.
func TestRowGroups(t *testing.T) {
	m, c := chunk(2*rowGroup + 5)
	bad := &c.Rows[rowGroup+1]
	bad.Fault, bad.FaultStage = &premix.Fault{Kind: premix.Corrupt, Reason: "a \xff byte"}, premix.StageDecode
	data, err := encode(m, c)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := decode(bytes.Clone(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != len(c.Rows) {
		t.Fatalf("%d rows, want %d", len(got.Rows), len(c.Rows))
	}
	for i := range got.Rows {
		a, b := got.Rows[i], c.Rows[i]
		if (a.Fault == nil) != (b.Fault == nil) || a.Fault != nil && *a.Fault != *b.Fault {
			t.Fatalf("row %d: fault %v, want %v", i, a.Fault, b.Fault)
		}
		if a.Fault, b.Fault = nil, nil; a != b {
			t.Fatalf("row %d: %+v, want %+v", i, a, b)
		}
	}
}

// Equal strings that follow each other, as the addresses of a tar's images, take memory once.
func TestTextsOnce(t *testing.T) {
	const n = 1 << 20
	rows, values := make([]premix.Sample, batch), make([]parquet.Value, batch)
	text := bytes.Repeat([]byte{'a'}, n)
	for i := range values {
		values[i] = parquet.ByteArrayValue(text[:n-i/(batch/2)])
	}
	c := columns[slices.IndexFunc(columns, func(c column) bool { return c.name == "uri" })]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := c.put(rows, values); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4*n {
		t.Errorf("two strings of 1 MiB take %d MiB", got>>20)
	}
	if a, b := len(rows[0].Location.URI), len(rows[batch-1].Location.URI); a != n || b != n-1 {
		t.Errorf("lengths %d and %d", a, b)
	}
}
