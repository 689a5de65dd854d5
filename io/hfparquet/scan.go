package hfparquet

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Scan calls yield for each row of a group with the values of some columns, none of them a list
// or a struct, in the order asked for; a value may be null. The values are valid until yield
// returns. An error of yield is returned as it is; others wrap [ErrFormat] or are errors of the
// medium. Memory is bounded by the size of the row group.
func (f *File) Scan(group int, columns []string, yield func(row []parquet.Value) error) error {
	leafs := make([]int, len(columns))
	for i, name := range columns {
		if len(f.leafs[name]) != 1 || len(f.paths[f.leafs[name][0]]) != 1 {
			return formatError("there is no plain column %s", name)
		}
		leafs[i] = f.leafs[name][0]
		if l, ok := f.f.Schema().Lookup(name); !ok || l.MaxRepetitionLevel > 0 {
			return formatError("column %s is a list", name)
		}
	}
	values := make([]parquet.Value, len(leafs))
	return eachRow(f, group, leafs, func(cursors []*cursor) (_ []parquet.Value, err error) {
		for i, c := range cursors {
			if values[i], err = c.one(); err != nil {
				return nil, err
			}
		}
		return values, nil
	}, yield)
}

// eachRow calls next for each row of a group with cursors into some leafs, and yield with its result.
// An error of yield is returned as it is; others wrap [ErrFormat] or are errors of the medium.
func eachRow[Row any](f *File, group int, leafs []int, next func([]*cursor) (Row, error), yield func(Row) error) error {
	if f.Rows(group) == 0 {
		return nil // pyarrow writes no place for its columns
	}
	var cursors []*cursor
	var stopped error
	err := caught(func() (err error) {
		if cursors, err = f.open(group, leafs); err != nil {
			return err
		}
		for n := range f.Rows(group) {
			row, err := next(cursors)
			if err != nil {
				return fmt.Errorf("row %d: %w", n, err)
			}
			if stopped = yield(row); stopped != nil {
				return io.EOF
			}
		}
		return nil
	})
	closeAll(cursors)
	if stopped != nil {
		return stopped
	}
	if err != nil {
		return f.explain(fmt.Errorf("row group %d: %w", group, err))
	}
	return nil
}
