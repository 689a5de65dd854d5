package cache

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/format"

	"github.com/premix/premix"
	"github.com/premix/premix/io/checksum"
)

// The bytes of a file depend on these, and on the rows. Snappy is not used: its assembly and its Go
// code compress differently.
const (
	rowGroup = 8192
	batch    = 512
	metaKey  = "premix"
)

// codec has the encoders of all files: the tables of one take a megabyte.
var codec = &zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}

// A footer is the metadata of a file.
type footer struct {
	Meta
	Sum string `json:"sum"`
}

// sumMark precedes the checksum of a file.
const sumMark checksum.Mark = `"sum":"`

// encode returns a chunk as a Parquet file.
func encode(m Meta, c *Chunk) ([]byte, error) {
	m.Ignored, m.Schema = c.Ignored, Schema
	convert(&m, toText)
	text, err := json.Marshal(footer{m, checksum.None})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[row](&out,
		parquet.CreatedBy("premix cache", "1", "1"),
		parquet.Compression(codec),
		parquet.WriteBufferSize(0), // into memory
		parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.DataPageVersion(1),
		parquet.KeyValueMetadata(metaKey, string(text)),
	)
	rows := make([]row, 0, batch)
	for i := range c.Rows {
		r, err := toRow(&c.Rows[i])
		if err != nil {
			return nil, err
		}
		if rows = append(rows, r); len(rows) == batch || i == len(c.Rows)-1 {
			if _, err := w.Write(rows); err != nil {
				return nil, err
			}
			rows = rows[:0]
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if out.Len() > maxFile {
		return nil, &tooLargeError{len(c.Rows), out.Len()}
	}
	data := out.Bytes()
	sumMark.Set(data)
	return data, nil
}

// A tooLargeError says that rows make a file that would not be read again.
type tooLargeError struct{ rows, bytes int }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("%d images make a file of %d bytes, more than the limit of %d: put them into several containers", e.rows, e.bytes, maxFile)
}

// convert changes the names in m, which are bytes, to text or back.
func convert(m *Meta, f func(string) string) {
	for _, s := range []*string{&m.Container, &m.First, &m.Last, &m.URI, &m.Stamp} {
		*s = f(*s)
	}
}

// decode reads a file that encode wrote, and changes its bytes. Every error is ErrCorrupt.
func decode(data []byte) (c *Chunk, m Meta, err error) {
	err = guard(func() error {
		f, foot, err := open(data)
		if err != nil {
			return err
		}
		c, m = &Chunk{Ignored: foot.Ignored}, foot.Meta
		convert(&m, fromText)
		return c.read(f)
	})
	if err != nil {
		return nil, Meta{}, err
	}
	return c, m, nil
}

// eachFailure checks a file that encode wrote, and changes its bytes. It reads one column only, and calls failed
// with the stage of each row that has one. Every error is ErrCorrupt.
func eachFailure(data []byte, failed func(premix.Stage)) error {
	return guard(func() error {
		f, _, err := open(data)
		if err != nil {
			return err
		}
		column, _ := f.Schema().Lookup("failure_stage")
		values := make([]parquet.Value, batch)
		for _, g := range f.RowGroups() {
			err := eachBatch(g.ColumnChunks()[column.ColumnIndex], values, func(values []parquet.Value) error {
				for _, v := range values {
					if b := v.ByteArray(); len(b) > 0 {
						failed(premix.Stage(b))
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// countRows returns the number of rows of a file, and changes its bytes.
func countRows(data []byte) (n int64, err error) {
	err = guard(func() error {
		f, _, err := open(data)
		if err == nil {
			n = f.NumRows()
		}
		return err
	})
	return n, err
}

// guard makes an ErrCorrupt of every error and panic of f: the Parquet reader panics on some files.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	if err := f(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// open checks a file and reads its footer.
func open(data []byte) (*parquet.File, footer, error) {
	var foot footer
	if err := sumMark.Verify(data); err != nil {
		return nil, foot, err
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, foot, err
	}
	text, ok := f.Lookup(metaKey)
	if !ok {
		return nil, foot, fmt.Errorf("no metadata %q", metaKey)
	}
	if err := json.Unmarshal([]byte(text), &foot); err != nil {
		return nil, foot, fmt.Errorf("metadata: %w", err)
	}
	if foot.Schema != Schema {
		return nil, foot, fmt.Errorf("schema %d, this is %d", foot.Schema, Schema)
	}
	if got, want := f.Schema().String(), schema; got != want {
		return nil, foot, fmt.Errorf("other columns")
	}
	for _, g := range f.Metadata().RowGroups {
		for _, col := range g.Columns {
			if col.MetaData.Codec != format.Zstd {
				return nil, foot, fmt.Errorf("column %v is not compressed with zstd", col.MetaData.PathInSchema)
			}
		}
	}
	return f, foot, nil
}

var schema = parquet.SchemaOf(row{}).String()
