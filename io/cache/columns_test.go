package cache

import (
	"bytes"
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
