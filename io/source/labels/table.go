// Package labels reads lists that give images their classes: tables with a column that names the images
// and one that names the classes, in CSV and its relatives, JSON lines, Parquet, or text.
//
// Call [Parse] for the rows of a file, [Table.Choose] for the columns, and [Table.List] for what says
// the class of an image. The package opens nothing.
package labels

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// A Table is the rows of a list as text.
type Table struct {
	// Header has the names of the columns; nil if the file states none, or the first row may be one.
	Header []string
	Rows   [][]string
	// words says that columns are separated by spaces, so that the last one may hold some.
	words bool
}

// Parse reads a list. The name of the file says whether it is JSON lines or Parquet; the separator of
// other lists is found in their first line: tab, semicolon, comma, or spaces, with comments after #.
// Data is bounded by the caller.
func Parse(name string, data []byte) (*Table, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".parquet":
		return parseParquet(data)
	case ".jsonl", ".ndjson":
		return parseJSON(data)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8 text")
	}
	first := firstLine(data)
	for _, comma := range "\t;," {
		if strings.ContainsRune(first, comma) {
			return parseSeparated(data, comma)
		}
	}
	return parseWords(data), nil
}

func firstLine(data []byte) string {
	for line := range strings.Lines(string(data[:min(len(data), 1<<16)])) {
		if text := strings.TrimSpace(line); text != "" && text[0] != '#' {
			return text
		}
	}
	return ""
}

func parseSeparated(data []byte, comma rune) (*Table, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	t := &Table{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func parseWords(data []byte) *Table {
	t := &Table{words: true}
	for line := range strings.Lines(string(data)) {
		if row := strings.Fields(line); len(row) > 0 && row[0][0] != '#' {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func parseJSON(data []byte) (*Table, error) {
	var objects []map[string]any
	names := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	for {
		var o map[string]any
		err := dec.Decode(&o)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(objects)+1, err)
		}
		for k, v := range o {
			switch v.(type) {
			case string, json.Number:
				names[k] = true
			}
		}
		objects = append(objects, o)
	}
	t := &Table{}
	for name := range names {
		t.Header = append(t.Header, name)
	}
	slices.Sort(t.Header)
	for _, o := range objects {
		row := make([]string, len(t.Header))
		for i, name := range t.Header {
			if v, ok := o[name]; ok && v != nil {
				row[i] = fmt.Sprint(v)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// parseParquet reads the columns of strings and integers that have one value a row.
func parseParquet(data []byte) (t *Table, err error) {
	defer func() { // of the library, for files that were damaged
		if p := recover(); p != nil {
			t, err = nil, fmt.Errorf("it is not a Parquet file that can be read: %v", p)
		}
	}()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	t = &Table{}
	columns := map[int]int{} // leaf → column of the table
	for i, field := range f.Schema().Columns() {
		leaf, ok := f.Schema().Lookup(field...)
		if len(field) != 1 || !ok || leaf.MaxRepetitionLevel > 0 {
			continue
		}
		switch leaf.Node.Type().Kind() {
		case parquet.ByteArray, parquet.Int32, parquet.Int64:
			columns[i] = len(t.Header)
			t.Header = append(t.Header, field[0])
		}
	}
	rows := parquet.NewReader(f)
	defer rows.Close()
	buf := make([]parquet.Row, 256)
	for {
		n, err := rows.ReadRows(buf)
		for _, r := range buf[:n] {
			row := make([]string, len(t.Header))
			for _, v := range r {
				if at, ok := columns[v.Column()]; ok && !v.IsNull() {
					row[at] = v.String()
				}
			}
			t.Rows = append(t.Rows, row)
		}
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
