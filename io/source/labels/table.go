// Package labels reads lists that give images their classes: tables with a column that names the images
// and one that names the classes, in CSV and its relatives, JSON lines, Parquet, or text whose columns are
// separated by spaces.
//
// [Open] finds the form of a list and its columns, with the help of the images that it is for. [Parse] and
// [Table.List] make the same list again where the columns are known. The package opens no file.
package labels

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/premix/premix/io/webdataset"
)

// A Table is the rows of a list as text.
type Table struct {
	// Header has the names of the columns; nil if the file states none, or the first row may be one.
	Header []string
	Rows   [][]string
	// Lines are the lines of the rows in the file, from 1; in Parquet, the numbers of the rows.
	Lines []int
	// comments are the lines that begin with #: one of them may name the columns.
	comments [][]string
	// words says that columns are separated by spaces, so that the last one may hold some.
	words bool
}

// Spaces is the separator of lists whose columns are separated by any number of spaces.
const Spaces = ' '

// Parse reads a list. Its beginning says whether it is Parquet or JSON lines; in other lists the columns
// are separated as said. Data is bounded by the caller.
func Parse(data []byte, separator rune) (*Table, error) {
	if what := foreign(data); what != "" {
		return nil, errors.New(what)
	}
	if bytes.HasPrefix(data, []byte("PAR1")) {
		return parseParquet(data)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, errors.New("it is not UTF-8 text: convert it, as with iconv -t UTF-8")
	}
	switch {
	case isJSON(data):
		return parseJSON(data)
	case separator == Spaces:
		return parseWords(data), nil
	}
	return parseSeparated(data, separator)
}

// separators are those that the first line of a list may have, the likely ones first.
func separators(data []byte) []rune {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("PAR1")) || isJSON(data) {
		return []rune{0}
	}
	line := firstLine(data)
	var all []rune
	for _, s := range "\t;," {
		if strings.ContainsRune(line, s) {
			all = append(all, s)
		}
	}
	return append(all, Spaces)
}

// firstLine is the first line that is not empty and no comment.
func firstLine(data []byte) string {
	for line := range strings.Lines(string(data[:min(len(data), 1<<16)])) {
		if text := strings.TrimSpace(line); text != "" && text[0] != '#' {
			return text
		}
	}
	return ""
}

func isJSON(data []byte) bool {
	data = bytes.TrimLeft(data[:min(len(data), 1<<10)], " \t\r\n")
	return len(data) > 0 && data[0] == '{'
}

// foreigns are forms that are known by their beginnings and not read, and what to do about them.
var foreigns = []struct{ begins, says string }{
	{"\x1f\x8b", "it is compressed: unpack it"},
	{"\x28\xb5\x2f\xfd", "it is compressed: unpack it"},
	{"\xfd7zXZ", "it is compressed: unpack it"},
	{"BZh", "it is compressed: unpack it"},
	{"PK\x03\x04", "it is a zip archive or a spreadsheet: unpack it, or save it as CSV"},
	{"\xd0\xcf\x11\xe0", "it is a spreadsheet: save it as CSV"},
	{"MATLAB ", "it is a file of MATLAB: in Python, scipy.io.loadmat reads it; write its images and classes as CSV"},
	{"\x89HDF", "it is an HDF5 file: write its images and classes as CSV"},
	{"\x93NUMPY", "it is an array of NumPy: write the images and their classes as CSV"},
	{"\x80\x02", "it is a Python pickle: write its images and classes as CSV"},
	{"\x80\x03", "it is a Python pickle: write its images and classes as CSV"},
	{"\x80\x04", "it is a Python pickle: write its images and classes as CSV"},
	{"\x80\x05", "it is a Python pickle: write its images and classes as CSV"},
	{"version https://git-lfs", "it is a pointer of Git LFS, and not the file: get it with git lfs pull"},
	{"[", "it is a JSON array: write one object a line, as jq -c '.[]' does"},
	{"<", "it is HTML or XML: write the images and their classes as CSV"},
}

// foreign says what data is if it is of a form that is known and not read; empty for others.
func foreign(data []byte) string {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, f := range foreigns {
		if bytes.HasPrefix(data, []byte(f.begins)) {
			return f.says
		}
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "it is UTF-16 text: save it as UTF-8"
	}
	return ""
}

func (t *Table) add(row []string, line int) {
	t.Rows, t.Lines = append(t.Rows, row), append(t.Lines, line)
}

// parseSeparated reads CSV and its relatives. Lines that begin with # are comments.
func parseSeparated(data []byte, comma rune) (*Table, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, true
	t := &Table{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if rest, ok := strings.CutPrefix(row[0], "#"); ok {
			row[0] = strings.TrimSpace(rest)
			t.comments = append(t.comments, row)
			continue
		}
		line, _ := r.FieldPos(0)
		t.add(row, line)
	}
}

// parseWords reads text whose columns are separated by spaces. What follows a lone # is a comment.
func parseWords(data []byte) *Table {
	t := &Table{words: true}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		row := strings.Fields(line)
		switch {
		case len(row) == 0:
		case row[0][0] == '#':
			t.comments = append(t.comments, strings.Fields(strings.TrimLeft(line, "# \t")))
		default:
			if i := slices.Index(row, "#"); i > 0 {
				row = row[:i]
			}
			t.add(row, number)
		}
	}
	return t
}

// parseJSON reads JSON lines as Python writes them: an object a line, whose texts and numbers are the columns. What
// is neither, such as NaN, is an empty cell, so that only a column that is asked for can lack something.
func parseJSON(data []byte) (*Table, error) {
	var objects []map[string]string
	names := map[string]bool{}
	t := &Table{}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		fields, err := webdataset.Fields(text)
		if err != nil {
			return nil, fmt.Errorf("line %d is not one JSON object: %w; write one object a line, with an image and its class", line, err)
		}
		o := map[string]string{}
		for name, value := range fields {
			if cell, ok := jsonCell(value); ok {
				o[name], names[name] = cell, true
			}
		}
		objects, t.Lines = append(objects, o), append(t.Lines, line)
	}
	t.Header = slices.Sorted(maps.Keys(names))
	for _, o := range objects {
		row := make([]string, len(t.Header))
		for i, name := range t.Header {
			row[i] = o[name]
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

// jsonCell is the text of a value; ok is false if it is neither a text nor a number.
func jsonCell(value json.RawMessage) (cell string, ok bool) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil || dec.More() {
		return "", false // nobody may ask for it
	}
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// base is the last part of a name, whose folders may be separated as on Windows.
func base(name string) string { return path.Base(clean(name)) }
