package hfparquet

import (
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// A cursor walks the values of one leaf of a row group.
type cursor struct {
	name   string
	most   int // the highest level of a value
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buf    [64]parquet.Value
	lo, hi int
	row    []parquet.Value // of a list
	float  floatPage
}

// open returns cursors for some leafs of a group. Close them before the next group is opened.
func (f *File) open(group int, leafs []int) ([]*cursor, error) {
	chunks, err := f.load(group, leafs)
	if err != nil {
		return nil, err
	}
	columns := f.f.RowGroups()[group].ColumnChunks()
	cursors := make([]*cursor, len(leafs))
	for i, leaf := range leafs {
		column, ok := columns[leaf].(*parquet.FileColumnChunk)
		if !ok {
			return nil, formatError("column %d of row group %d is not in a file", leaf, group)
		}
		// The pages are inflated while they are read, and end where the chunk says.
		m := &f.f.Metadata().RowGroups[group].Columns[leaf].MetaData
		size := m.TotalCompressedSize
		m.TotalCompressedSize = math.MaxInt64 / 2
		cursors[i] = &cursor{name: chunks[i].name, pages: column.PagesFrom(chunks[i])}
		if l, ok := f.f.Schema().Lookup(f.paths[leaf]...); ok {
			cursors[i].most = l.MaxDefinitionLevel
		}
		m.TotalCompressedSize = size
	}
	return cursors, nil
}

func closeAll(cursors []*cursor) {
	for _, c := range cursors {
		parquet.Release(c.page)
		c.page = nil
		c.pages.Close()
	}
}

// peek makes a value available, or returns io.EOF after the last.
func (c *cursor) peek() error {
	for c.lo == c.hi {
		if c.values != nil {
			n, err := c.values.ReadValues(c.buf[:])
			c.lo, c.hi = 0, n
			if err != nil && err != io.EOF {
				return err
			}
			if n > 0 {
				return nil
			}
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		}
		page, err := c.pages.ReadPage()
		if err != nil {
			return err
		}
		c.page, c.values = page, page.Values()
	}
	return nil
}

// one returns the value of the next row of a column that is not a list. It is valid until the next
// call.
func (c *cursor) one() (parquet.Value, error) {
	err := c.peek()
	if err == io.EOF {
		err = formatError("column %s ends before the others", c.name)
	}
	if err != nil {
		return parquet.Value{}, err
	}
	c.lo++
	v := c.buf[c.lo-1]
	if v.DefinitionLevel() > c.most { // parquet-go takes it for a null
		return v, formatError("column %s has a value of the level %d, the schema has %d", c.name, v.DefinitionLevel(), c.most)
	}
	return v, nil
}

// list returns the values of the next row of a list. Their number is limited by what the pages
// hold.
func (c *cursor) list() ([]parquet.Value, error) {
	c.row = c.row[:0]
	v, err := c.one()
	if err != nil {
		return nil, err
	}
	if !v.IsNull() {
		c.row = append(c.row, v)
	}
	for {
		if err := c.peek(); err == io.EOF {
			return c.row, nil
		} else if err != nil {
			return nil, err
		}
		for ; c.lo < c.hi; c.lo++ {
			v := &c.buf[c.lo]
			if v.RepetitionLevel() == 0 {
				return c.row, nil
			}
			if !v.IsNull() {
				c.row = append(c.row, *v)
			}
		}
	}
}
