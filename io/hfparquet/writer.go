package hfparquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/premix/premix/io/shard"
)

const (
	groupRows  = 100
	groupBytes = 64 << 20
	createdBy  = "premix version 1(build parquet)" // parquet.CreatedBy puts it together
)

// writer implements shard.Writer.
type writer struct {
	spec    shard.Spec
	out     sink
	pool    *sync.Pool
	columns []*chunkWriter
	file    format.FileMetaData
	indexes []chunkIndex
	err     error // the first one; final
	closed  bool
	count   int   // rows in the open group
	held    int64 // bytes of images in the open group
	payload int64
}

// A chunkIndex is the index of a chunk.
type chunkIndex struct {
	column format.ColumnIndex
	offset format.OffsetIndex
}

// A sink counts bytes, and remembers the first error of the underlying writer, and stays broken.
type sink struct {
	w    io.Writer
	size int64
	err  error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.size += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	s.err = err
	return n, err
}

// writeAll stops at the first error.
func (s *sink) writeAll(parts ...[]byte) error {
	for _, p := range parts {
		if _, err := s.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func newWriter(w io.Writer, s shard.Spec, check error) *writer {
	t := &writer{spec: s, out: sink{w: w}, err: check}
	if t.err != nil {
		return t
	}
	meta, err := metadata(s.Classes, s.Dense())
	if err != nil {
		t.err = err
		return t
	}
	schema := pairSchema
	t.pool = &pairChunks
	if s.Dense() {
		schema, t.pool = denseSchema, &denseChunks
	}
	if t.file, t.err = fileMetadata(schema, meta); t.err != nil {
		return t
	}
	if used, ok := t.pool.Get().(*[]*chunkWriter); ok {
		t.columns = *used
	} else {
		t.columns, t.err = newChunkWriters(schema)
	}
	return t
}

// The chunks of closed writers: their memory is that of a row group, some megabytes, which
// takes longer to get anew than to fill.
var pairChunks, denseChunks sync.Pool

// fileMetadata returns what the footer says of a file without rows: parquet-go's own words.
func fileMetadata(schema *parquet.Schema, features string) (format.FileMetaData, error) {
	w := parquet.NewGenericWriter[any](io.Discard, schema,
		parquet.CreatedBy("premix", "1", "parquet"), parquet.KeyValueMetadata(metaKey, features))
	if err := w.Close(); err != nil {
		return format.FileMetaData{}, fmt.Errorf("parquet: %w", err)
	}
	return *w.File().Metadata(), nil
}

func (t *writer) Write(r *shard.Record) error {
	if t.err == nil && t.closed {
		t.err = errors.New("parquet: write after close")
	}
	if t.err == nil {
		t.err = r.Check(&t.spec)
	}
	if t.err != nil {
		return t.err
	}
	putRow(t.columns, r)
	t.count++
	t.held += int64(len(r.Image))
	t.payload += int64(len(r.Image))
	if t.count == groupRows || t.held >= groupBytes {
		t.note(t.flush())
	}
	return t.err
}

// flush writes the open row group, if it has rows.
func (t *writer) flush() error {
	if t.count == 0 {
		return nil
	}
	if len(t.file.RowGroups) == parquet.MaxRowGroups {
		return parquet.ErrTooManyRowGroups
	}
	if err := t.begin(); err != nil {
		return err
	}
	g := format.RowGroup{
		NumRows: int64(t.count), FileOffset: t.out.size, Ordinal: int16(len(t.file.RowGroups)),
		SortingColumns: []format.SortingColumn{},
	}
	for _, c := range t.columns {
		chunk, index, err := c.flush(&t.out)
		if err != nil {
			return err
		}
		g.Columns = append(g.Columns, chunk)
		g.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		g.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
		t.indexes = append(t.indexes, index)
		c.reset()
	}
	t.file.RowGroups = append(t.file.RowGroups, g)
	t.file.NumRows += g.NumRows
	t.count, t.held = 0, 0
	return nil
}

const magic = "PAR1"

// begin writes the magic bytes before anything else.
func (t *writer) begin() error {
	if t.out.size > 0 {
		return nil
	}
	_, err := io.WriteString(&t.out, magic)
	return err
}

// finish writes the last row group, the indexes of all, and the footer.
func (t *writer) finish() error {
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	// Thrift is written in small pieces.
	var tail appender
	start := t.out.size
	encoder := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&tail))
	encode := func(v any) (offset int64, length int32, err error) {
		n := len(tail.b)
		err = encoder.Encode(v)
		return start + int64(n), int32(len(tail.b) - n), err
	}
	next := 0
	chunks := func(do func(*format.ColumnChunk, *chunkIndex) error) error {
		next = 0
		for i := range t.file.RowGroups {
			for j := range t.file.RowGroups[i].Columns {
				if err := do(&t.file.RowGroups[i].Columns[j], &t.indexes[next]); err != nil {
					return err
				}
				next++
			}
		}
		return nil
	}
	err := chunks(func(c *format.ColumnChunk, x *chunkIndex) (err error) {
		c.ColumnIndexOffset, c.ColumnIndexLength, err = encode(&x.column)
		return err
	})
	if err == nil {
		err = chunks(func(c *format.ColumnChunk, x *chunkIndex) (err error) {
			c.OffsetIndexOffset, c.OffsetIndexLength, err = encode(&x.offset)
			return err
		})
	}
	if err != nil {
		return err
	}
	_, length, err := encode(&t.file)
	if err != nil {
		return err
	}
	tail.b = append(binary.LittleEndian.AppendUint32(tail.b, uint32(length)), magic...)
	_, err = t.out.Write(tail.b)
	return err
}

// note keeps the first error. The one of the medium is the cause of all others.
func (t *writer) note(err error) {
	if t.out.err != nil {
		err = t.out.err
	}
	if t.err == nil && err != nil {
		t.err = fmt.Errorf("parquet: %w", err)
	}
}

func (t *writer) Close() error {
	if !t.closed && t.err == nil {
		t.note(t.finish())
	}
	t.closed = true
	if t.columns != nil {
		for _, c := range t.columns {
			c.reset()
		}
		used := t.columns
		t.pool.Put(&used)
		t.columns = nil
	}
	return t.err
}

func (t *writer) Index() []byte { return nil }

// Payload counts the bytes of the images.
func (t *writer) Payload() int64 { return t.payload }
