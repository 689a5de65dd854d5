package hfparquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

const (
	maxFooter    = 64 << 20
	maxGroupRows = 1 << 24
)

// ErrFormat is wrapped by all errors that say that a file is not Parquet, is damaged, or lacks
// what it should have. Errors of the medium do not wrap it.
var ErrFormat = errors.New("parquet")

func formatError(f string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrFormat, fmt.Errorf(f, args...))
}

// A File is an open Parquet file of images: one of premix, or another in the layout of Hugging
// Face.
type File struct {
	r     io.ReaderAt
	size  int64
	limit int64
	f     *parquet.File
	leafs map[string][]int // by top-level column, the numbers of its leafs
	paths [][]string       // of the leafs
	buf   []byte           // the row group

	footer []byte                      // its codecs are overwritten
	codecs [][]format.CompressionCodec // of each column of each row group
}

// Open reads the footer of a file. Row groups whose columns take more than limit bytes will be
// refused.
func Open(r io.ReaderAt, size, limit int64) (*File, error) {
	f := &File{r: r, size: size, limit: limit, leafs: map[string][]int{}}
	if err := f.checkFooter(); err != nil {
		return nil, err
	}
	var err error
	if e := caught(func() error {
		f.f, err = parquet.OpenFile(readerAt{f}, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return nil
	}); e != nil {
		err = e
	}
	if err != nil {
		return nil, f.explain(err)
	}
	f.paths = f.f.Schema().Columns()
	for i, p := range f.paths {
		f.leafs[p[0]] = append(f.leafs[p[0]], i)
	}
	for i, g := range f.f.Metadata().RowGroups {
		if len(f.codecs) <= i || len(f.codecs[i]) != len(g.Columns) {
			return nil, formatError("row group %d is there twice, or in part", i)
		}
		if g.NumRows < 0 || g.NumRows > maxGroupRows || len(g.Columns) != len(f.paths) {
			return nil, formatError("row group %d has %d rows and %d columns, the schema has %d", i, g.NumRows, len(g.Columns), len(f.paths))
		}
	}
	return f, nil
}

// readerAt keeps the error of the medium apart from those that follow from it.
type readerAt struct{ f *File }

type mediumError struct{ err error }

func (e *mediumError) Error() string { return e.err.Error() }
func (e *mediumError) Unwrap() error { return e.err }

func (r readerAt) ReadAt(p []byte, off int64) (int, error) {
	if n := int64(len(r.f.footer)); n > 0 && off == r.f.size-8-n && int64(len(p)) == n {
		return copy(p, r.f.footer), nil
	}
	n, err := r.f.r.ReadAt(p, off)
	if n == len(p) {
		err = nil
	}
	if err != nil && err != io.EOF {
		err = &mediumError{err}
	}
	return n, err
}

// explain makes a format error of everything but an error of the medium.
func (f *File) explain(err error) error {
	var m *mediumError
	if errors.As(err, &m) {
		return fmt.Errorf("parquet: %w", m) // which stays one, whatever is said beside it
	}
	if errors.Is(err, ErrFormat) {
		return err
	}
	return formatError("%s", strings.TrimPrefix(err.Error(), "parquet: "))
}

// caught turns a panic of the decoder, which meets hostile bytes with some, into an error.
func caught(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = formatError("the decoder gave up: %v", r)
		}
	}()
	return f()
}

// Groups is the number of row groups.
func (f *File) Groups() int { return len(f.f.RowGroups()) }

// Rows is the number of rows of a group.
func (f *File) Rows(group int) int64 { return f.f.RowGroups()[group].NumRows() }

// Has reports whether there is a column of that name.
func (f *File) Has(column string) bool { return len(f.leafs[column]) > 0 }

// Plain are the columns of texts and numbers that have one value a row, in the order of the schema.
func (f *File) Plain() []string {
	var names []string
	for _, path := range f.paths {
		if len(path) != 1 || len(f.leafs[path[0]]) != 1 {
			continue
		}
		leaf, ok := f.f.Schema().Lookup(path[0])
		if !ok || leaf.MaxRepetitionLevel > 0 {
			continue
		}
		switch leaf.Node.Type().Kind() {
		case parquet.ByteArray, parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
			names = append(names, path[0])
		}
	}
	return names
}

// Texts reports whether a column is one of texts, one a row.
func (f *File) Texts(column string) bool {
	leafs := f.leafs[column]
	if len(leafs) != 1 || len(f.paths[leafs[0]]) != 1 {
		return false
	}
	leaf, ok := f.f.Schema().Lookup(column)
	return ok && leaf.MaxRepetitionLevel == 0 && leaf.Node.Type().Kind() == parquet.ByteArray
}

// Integers reports whether a column is one of integers, not a list, and says in Parquet's words what
// it is otherwise.
func (f *File) Integers(column string) (bool, string) {
	leafs := f.leafs[column]
	if len(leafs) != 1 || len(f.paths[leafs[0]]) != 1 {
		return false, "a group"
	}
	leaf, ok := f.f.Schema().Lookup(column)
	switch {
	case !ok || leaf.MaxRepetitionLevel > 0:
		return false, "a list"
	case leaf.Node.Type().Kind() == parquet.Int32 || leaf.Node.Type().Kind() == parquet.Int64:
		return true, ""
	}
	return false, leaf.Node.Type().String()
}

// Classes returns the class names of a column that the file declares as a ClassLabel of Hugging
// Face, or nil.
func (f *File) Classes(column string) []string { return classesOf(f.features()[column]) }

// ClassLabels are the columns that declare class names, sorted.
func (f *File) ClassLabels() []string {
	var columns []string
	for column, feature := range f.features() {
		if f.Has(column) && classesOf(feature) != nil {
			columns = append(columns, column)
		}
	}
	slices.Sort(columns)
	return columns
}

// features are what Hugging Face's metadata say of the columns; nil if there is none.
func (f *File) features() map[string]json.RawMessage {
	text, _ := f.f.Lookup(metaKey)
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if json.Unmarshal([]byte(text), &meta) != nil {
		return nil
	}
	return meta.Info.Features
}

func classesOf(feature json.RawMessage) []string {
	var label struct {
		Type  string   `json:"_type"`
		Names []string `json:"names"`
	}
	if json.Unmarshal(feature, &label) != nil {
		return nil
	}
	if label.Type != "ClassLabel" || len(label.Names) == 0 {
		return nil
	}
	return label.Names
}

// load reads the chunks of some leafs of a group and checks their page headers.
func (f *File) load(group int, leafs []int) ([]*chunk, error) {
	columns := f.f.Metadata().RowGroups[group].Columns
	chunks := make([]*chunk, len(leafs))
	starts := make([]int64, len(leafs))
	total := int64(0)
	for i, leaf := range leafs {
		if err := f.unsupported(group, leaf); err != nil {
			return nil, err
		}
		m := &columns[leaf].MetaData
		start := m.DataPageOffset
		if d := m.DictionaryPageOffset; d > 0 && d < start {
			start = d
		}
		n := m.TotalCompressedSize
		if start < 4 || n < 0 || start > f.size || n > f.size-start {
			return nil, formatError("column %s lies at byte %d with %d bytes, the file has %d", strings.Join(f.paths[leaf], "."), start, n, f.size)
		}
		if total += n; total > f.limit {
			return nil, formatError("row group %d is larger than the limit of %d bytes", group, f.limit)
		}
		starts[i] = start
	}
	if int64(cap(f.buf)) < total {
		f.buf = make([]byte, total) // no more than the file has
	}
	rest := f.buf[:total]
	for i, leaf := range leafs {
		n := columns[leaf].MetaData.TotalCompressedSize
		c := &chunk{name: strings.Join(f.paths[leaf], "."), codec: f.codecs[group][leaf]}
		c.rest, rest = rest[:n:n], rest[n:]
		if _, err := (readerAt{f}).ReadAt(c.rest, starts[i]); err != nil {
			return nil, f.explain(err)
		}
		if err := f.checkPages(group, leaf, c.rest); err != nil {
			return nil, formatError("row group %d, column %s: %w", group, c.name, err)
		}
		chunks[i] = c
	}
	return chunks, nil
}

// checkPages walks the pages of a chunk before anything is allocated for them.
func (f *File) checkPages(group, leaf int, data []byte) error {
	inflated, values := int64(0), int64(0)
	for len(data) > 0 {
		h, err := parsePageHeader(data)
		if err != nil {
			return err
		}
		if h.compressed > int64(len(data)-h.size) {
			return fmt.Errorf("a page of %d bytes, %d are left", h.compressed, len(data)-h.size)
		}
		inflated += h.uncompressed
		if format.PageType(h.kind) != format.DictionaryPage {
			values += h.values
		}
		if inflated > f.limit || values > f.limit/8 || h.values > f.limit/8 {
			return fmt.Errorf("pages of %d bytes and %d values are above the limit of %d bytes", inflated, values, f.limit)
		}
		if h.levels > min(h.compressed, h.uncompressed) {
			return fmt.Errorf("levels of %d bytes in a page of %d", h.levels, h.compressed)
		}
		data = data[h.size+int(h.compressed):]
	}
	if l, ok := f.f.Schema().Lookup(f.paths[leaf]...); ok && l.MaxRepetitionLevel == 0 && values != f.Rows(group) {
		return fmt.Errorf("pages of %d values in a group of %d rows", values, f.Rows(group))
	}
	return nil
}
