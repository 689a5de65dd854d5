package peakfile

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/hfparquet"
)

// maxGroup bounds the columns that are read of a row group, in bytes.
const maxGroup = 1 << 30

// names are all columns that mean something.
var names = []string{
	"name", "replica", "flat", "peak_col", "peak_row", "trough_col", "trough_row", "peak_x", "peak_y", "trough_x", "trough_y",
}

// parquet reads a table of the Parquet format.
func (b *builder) parquet(ctx context.Context) error {
	r, err := blob.OpenAt(ctx, b.uri)
	if err != nil {
		return fmt.Errorf("peakfile: %w", err)
	}
	defer r.Close()
	f, err := hfparquet.Open(r, r.Size(), maxGroup)
	if err != nil {
		return b.parquetError(err)
	}
	var have []string
	for _, n := range names {
		if f.Has(n) {
			have = append(have, n)
		}
	}
	at, err := b.choose(have)
	if err != nil {
		return err
	}
	line := int64(0)
	for g := range f.Groups() {
		err := f.Scan(g, have, func(v []parquet.Value) error {
			line++
			return b.values(line, have, at, v)
		})
		if err != nil {
			return b.parquetError(err)
		}
	}
	return nil
}

// parquetError keeps what is wrong with the file apart from what is wrong with its medium.
func (b *builder) parquetError(err error) error {
	if errors.Is(err, hfparquet.ErrFormat) {
		return errorf("%s: %v", b.uri, err)
	}
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return fmt.Errorf("peakfile: %w", err)
}

// values takes in the values of a row.
func (b *builder) values(line int64, names []string, at [columns]int, v []parquet.Value) error {
	var numbers [columns]float64
	for c := colReplica; c < columns; c++ {
		numbers[c] = -1
		if at[c] < 0 {
			continue
		}
		x, ok := numeric(v[at[c]])
		if !ok {
			return errorf("%s:%d: %s is not a number", b.uri, line, names[at[c]])
		}
		numbers[c] = x
	}
	name := v[at[colName]]
	if name.IsNull() || name.Kind() != parquet.ByteArray {
		return errorf("%s:%d: name is not text", b.uri, line)
	}
	replica := 0
	if at[colReplica] >= 0 {
		replica = int(pixel(numbers[colReplica]))
	}
	return b.add(line, string(name.ByteArray()), replica, numbers[colFlat] == 1, numbers[colPeakX], numbers[colPeakY], numbers[colLowX], numbers[colLowY])
}

// numeric is a value as a number: null is none, true is 1.
func numeric(v parquet.Value) (x float64, ok bool) {
	if v.IsNull() {
		return math.NaN(), true
	}
	switch v.Kind() {
	case parquet.Boolean:
		if v.Boolean() {
			return 1, true
		}
		return 0, true
	case parquet.Int32:
		return float64(v.Int32()), true
	case parquet.Int64:
		return float64(v.Int64()), true
	case parquet.Float:
		return float64(v.Float()), true
	case parquet.Double:
		return v.Double(), true
	}
	return 0, false
}
