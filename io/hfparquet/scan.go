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
	var cursors []*cursor
	var stopped error
	err := caught(func() (err error) {
		if cursors, err = f.open(group, leafs); err != nil {
			return err
		}
		values := make([]parquet.Value, len(cursors))
		for row := range f.Rows(group) {
			for i, c := range cursors {
				if values[i], err = c.one(); err != nil {
					return fmt.Errorf("row %d: %w", row, err)
				}
			}
			if stopped = yield(values); stopped != nil {
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
