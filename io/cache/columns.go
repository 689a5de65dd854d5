package cache

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix"
)

// A column puts values of one column into the rows that they are of.
type column struct {
	name string
	put  func(rows []premix.Sample, values []parquet.Value) error
}

// columns are those of row, in the order in which they are read: a fault is made by its kind. To read a file column by column takes
// a third of the time that the library takes to make rows of it.
var columns = []column{
	texts("key", func(s *premix.Sample) *string { return &s.Key }),
	texts("name", func(s *premix.Sample) *string { return &s.Name }),
	texts("uri", func(s *premix.Sample) *string { return &s.Location.URI }),
	longs("offset", func(s *premix.Sample) *int64 { return &s.Location.Offset }),
	longs("length", func(s *premix.Sample) *int64 { return &s.Location.Length }),
	{"digest", putDigests},
	ints("label", func(s *premix.Sample) *int { return &s.Label }),
	texts("class", func(s *premix.Sample) *string { return &s.Class }),
	ints("width", func(s *premix.Sample) *int { return &s.Width }),
	ints("height", func(s *premix.Sample) *int { return &s.Height }),
	ints("replica", func(s *premix.Sample) *int { return &s.Replica }),
	doubles("crop_x", func(s *premix.Sample) *float64 { return &s.Crop.X }),
	doubles("crop_y", func(s *premix.Sample) *float64 { return &s.Crop.Y }),
	doubles("crop_w", func(s *premix.Sample) *float64 { return &s.Crop.W }),
	doubles("crop_h", func(s *premix.Sample) *float64 { return &s.Crop.H }),
	flags("flip", func(s *premix.Sample) *bool { return &s.Flip }),
	ints("peak_row", func(s *premix.Sample) *int { return &s.Peak.Y }),
	ints("peak_col", func(s *premix.Sample) *int { return &s.Peak.X }),
	ints("trough_row", func(s *premix.Sample) *int { return &s.Trough.Y }),
	ints("trough_col", func(s *premix.Sample) *int { return &s.Trough.X }),
	flags("flat", func(s *premix.Sample) *bool { return &s.Flat }),
	{"failure_kind", putKinds},
	{"failure_stage", func(rows []premix.Sample, values []parquet.Value) error {
		for i := range rows {
			if rows[i].Fault != nil {
				rows[i].FaultStage = premix.Stage(values[i].ByteArray())
			}
		}
		return nil
	}},
	{"failure_reason", func(rows []premix.Sample, values []parquet.Value) error {
		for i := range rows {
			if f := rows[i].Fault; f != nil {
				f.Reason = fromText(string(values[i].ByteArray()))
			}
		}
		return nil
	}},
}

// texts is a column of strings. Those of a batch share memory, and equal ones that follow each other are one.
func texts(name string, of func(*premix.Sample) *string) column {
	return column{name, func(rows []premix.Sample, values []parquet.Value) error {
		var all strings.Builder
		n := 0
		var before []byte
		for i := range values {
			b := values[i].ByteArray()
			if !bytes.Equal(b, before) {
				n += len(b)
			}
			before = b
		}
		last := "" // of the batch
		all.Grow(n)
		for i := range values {
			if b := values[i].ByteArray(); string(b) != last {
				from := all.Len()
				all.Write(b)
				last = all.String()[from:]
			}
			*of(&rows[i]) = fromText(last)
		}
		return nil
	}}
}

func longs(name string, of func(*premix.Sample) *int64) column {
	return column{name, func(rows []premix.Sample, values []parquet.Value) error {
		for i := range values {
			*of(&rows[i]) = values[i].Int64()
		}
		return nil
	}}
}

func ints(name string, of func(*premix.Sample) *int) column {
	return column{name, func(rows []premix.Sample, values []parquet.Value) error {
		for i := range values {
			*of(&rows[i]) = int(values[i].Int32())
		}
		return nil
	}}
}

func doubles(name string, of func(*premix.Sample) *float64) column {
	return column{name, func(rows []premix.Sample, values []parquet.Value) error {
		for i := range values {
			*of(&rows[i]) = values[i].Double()
		}
		return nil
	}}
}

func flags(name string, of func(*premix.Sample) *bool) column {
	return column{name, func(rows []premix.Sample, values []parquet.Value) error {
		for i := range values {
			*of(&rows[i]) = values[i].Boolean()
		}
		return nil
	}}
}

func putDigests(rows []premix.Sample, values []parquet.Value) error {
	for i := range values {
		d, b := &rows[i].Digest, values[i].ByteArray()
		if len(b) != 2*len(d) {
			return fmt.Errorf("digest %q", b)
		}
		if _, err := hex.Decode(d[:], b); err != nil {
			return fmt.Errorf("digest %q", b)
		}
	}
	return nil
}

// putKinds makes the faults. Who keeps the row of a failure keeps no memory of other rows with it.
func putKinds(rows []premix.Sample, values []parquet.Value) error {
	for i := range values {
		b := values[i].ByteArray()
		if len(b) == 0 {
			continue
		}
		s := &rows[i]
		s.Fault = &premix.Fault{Kind: premix.FaultKind(b)}
		for _, text := range []*string{&s.Key, &s.Name, &s.Location.URI, &s.Class} {
			*text = strings.Clone(*text)
		}
	}
	return nil
}

// read reads a column of some rows, which may be more than the file has. It returns how many it has.
func (c *column) read(chunk parquet.ColumnChunk, rows []premix.Sample, values []parquet.Value) (n int, err error) {
	err = eachBatch(chunk, values, func(values []parquet.Value) error {
		k := len(values)
		if k > len(rows)-n {
			return fmt.Errorf("column %s: more than %d values", c.name, len(rows))
		}
		if err := c.put(rows[n:n+k], values); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		n += k
		return nil
	})
	return n, err
}

// eachBatch reads the values of a column, as many as fit into values at a time. What these refer to is valid until f returns.
func eachBatch(chunk parquet.ColumnChunk, values []parquet.Value, f func([]parquet.Value) error) error {
	r := parquet.NewColumnChunkValueReader(chunk)
	defer r.Close()
	for {
		n, err := r.ReadValues(values)
		if err := f(values[:n]); err != nil {
			return err
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case n == 0:
			return io.ErrNoProgress
		}
	}
}

// read appends the rows of a file.
func (c *Chunk) read(f *parquet.File) error {
	values := make([]parquet.Value, batch)
	for _, g := range f.RowGroups() {
		n := g.NumRows()
		if n < 0 || n > rowGroup {
			return fmt.Errorf("a row group of %d rows", n)
		}
		from := len(c.Rows)
		c.Rows = slices.Grow(c.Rows, int(n))[:from+int(n)]
		chunks := g.ColumnChunks()
		for i := range columns {
			column := &columns[i]
			at, ok := f.Schema().Lookup(column.name)
			if !ok {
				return fmt.Errorf("no column %s", column.name)
			}
			got, err := column.read(chunks[at.ColumnIndex], c.Rows[from:], values)
			if err != nil {
				return err
			}
			if got != int(n) {
				return fmt.Errorf("column %s has %d values, and its row group %d rows", column.name, got, n)
			}
		}
	}
	return nil
}
