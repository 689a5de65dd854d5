package labels

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix/io/hfparquet"
)

// maxText bounds the texts of a list, which Parquet may repeat at next to no cost.
const maxText = 512 << 20

// parseParquet reads the columns of texts and numbers that have one value a row.
func parseParquet(data []byte) (*Table, error) {
	f, err := hfparquet.Open(bytes.NewReader(data), int64(len(data)), maxText)
	if err != nil {
		return nil, err
	}
	t := &Table{Header: f.Plain()}
	if len(t.Header) == 0 {
		return nil, errors.New("it has no column of texts or numbers")
	}
	total := 0
	for g := range f.Groups() {
		err := f.Scan(g, t.Header, func(values []parquet.Value) error {
			row := make([]string, len(values))
			for i, v := range values {
				text, err := valueText(v)
				if err != nil {
					return fmt.Errorf("row %d, column %s: %w", len(t.Rows)+1, t.Header[i], err)
				}
				if total += len(text) + 16; total > maxText {
					return fmt.Errorf("its texts take more than %d bytes", maxText)
				}
				row[i] = text
			}
			t.add(row, len(t.Rows)+1)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return t, nil
}

// valueText is a value as a list of text would have it; empty if it is null. Bytes that are no text are
// none either: they are images, or something else that is not asked for.
func valueText(v parquet.Value) (string, error) {
	if v.IsNull() {
		return "", nil
	}
	switch v.Kind() {
	case parquet.ByteArray:
		if b := v.ByteArray(); utf8.Valid(b) {
			return string(b), nil
		}
		return "", nil
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10), nil
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10), nil
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32), nil
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64), nil
	}
	return "", fmt.Errorf("a value of type %v is not text", v.Kind())
}
