package hfparquet

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
)

// reader implements shard.Reader.
type reader struct {
	file    *File
	limit   int64
	report  func(shard.Deviation)
	group   int // the next to open
	left    int64
	fields  []field
	cursors []*cursor
	number  int64
	path    string // image.path without its extension
	err     error
}

// A field is a leaf and what is done with its value, or that of a list, or where a list of floats
// goes. One of the three is set.
type field struct {
	column string
	leaf   int
	value  func(*shard.Record, parquet.Value) error
	list   func(*shard.Record, []parquet.Value) error
	floats func(*shard.Record) *[]float32
}

func newReader(r io.Reader, o shard.ReadOptions) *reader {
	t := &reader{limit: o.Limit(), report: o.Report}
	ra, ok := r.(shard.RandomAccess)
	if !ok {
		t.err = errors.New("parquet: reading starts at the end of the file: the reader must have ReadAt and Size")
		return t
	}
	if t.file, t.err = Open(ra, ra.Size(), t.limit); t.err != nil {
		return t
	}
	t.err = caught(func() error {
		err := t.bind()
		if err == nil && t.report != nil {
			t.lintFile() // printing a hostile schema can panic
		}
		return err
	})
	return t
}

func (t *reader) Offset() int64 { return max(0, t.number-1) }

// bind finds the columns of a record among those of the file. The image has to be there.
func (t *reader) bind() error {
	for _, want := range recordFields {
		for _, leaf := range t.file.leafs[strings.Split(want.column, ".")[0]] {
			path := t.file.paths[leaf]
			if name := strings.Join(path, "."); name == want.column || want.value == nil && len(path) == 3 && path[0] == want.column {
				want.leaf = leaf
				if set := want.value; want.column == "image.path" {
					want.value = func(r *shard.Record, v parquet.Value) error {
						err := set(r, v)
						t.path = r.Key
						return err
					}
				}
				t.fields = append(t.fields, want)
			}
		}
	}
	if len(t.fields) == 0 || t.fields[0].column != "image.bytes" {
		return formatError("there is no column image.bytes; the columns are %v", t.file.paths)
	}
	return nil
}

// Next returns the next row.
func (t *reader) Next(rec *shard.Record) error {
	rec.Reset()
	if t.err == nil {
		t.err = caught(func() error { return t.next(rec) })
		if t.err != nil && t.err != io.EOF {
			t.err = fmt.Errorf("row %d: %w", t.number, t.file.explain(t.err))
		}
	}
	if t.err != nil {
		closeAll(t.cursors)
		t.cursors = nil
		return t.err
	}
	t.number++
	if t.report != nil {
		t.lint(rec)
	}
	return nil
}

func (t *reader) next(rec *shard.Record) error {
	for t.left == 0 {
		closeAll(t.cursors)
		t.cursors = nil
		if t.group == t.file.Groups() {
			return io.EOF
		}
		if t.left = t.file.Rows(t.group); t.left == 0 {
			t.group++
			continue
		}
		leafs := make([]int, len(t.fields))
		for i := range t.fields {
			leafs[i] = t.fields[i].leaf
		}
		var err error
		if t.cursors, err = t.file.open(t.group, leafs); err != nil {
			return err
		}
		t.group++
	}
	t.left--
	rec.Label, rec.LabelA, rec.LabelB, rec.Peak = -1, -1, -1, premix.NoPeak
	for i := range t.fields {
		f, c := &t.fields[i], t.cursors[i]
		var err error
		switch {
		case f.floats != nil:
			dst := f.floats(rec)
			*dst, err = c.floats(*dst)
		case f.list != nil:
			var v []parquet.Value
			if v, err = c.list(); err == nil {
				err = f.list(rec, v)
			}
		default:
			var v parquet.Value
			if v, err = c.one(); err == nil && !v.IsNull() {
				err = f.value(rec, v)
			}
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", f.column, err)
		}
	}
	return nil
}
