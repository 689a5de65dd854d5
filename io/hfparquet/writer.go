package hfparquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
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
	rows    *parquet.GenericWriter[any]
	row     [1]parquet.Row
	zero    parquet.Row // a dense label of zeros
	err     error       // the first one; final
	closed  bool
	count   int   // rows in the open group
	held    int64 // bytes of images in the open group
	payload int64
}

// A sink remembers the first error of the underlying writer, and stays broken.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	s.err = err
	return n, err
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
	options := []parquet.WriterOption{
		parquet.CreatedBy("premix", "1", "parquet"),
		parquet.KeyValueMetadata(metaKey, meta),
		parquet.DataPageVersion(1),
		parquet.MaxRowsPerRowGroup(groupRows),
		parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain),
		// The bounds of images and names would put whole ones into the footer.
		parquet.SkipPageBounds("image", "bytes"),
		parquet.SkipPageStatistics("image", "bytes"),
	}
	schema := pairSchema
	if s.Dense() {
		schema, t.zero = denseSchema, zeroLabel(len(s.Classes))
	}
	t.rows = parquet.NewGenericWriter[any](&t.out, append(options, schema)...)
	return t
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
	t.row[0] = appendRow(t.row[0][:0], t.zero, r)
	_, err := t.rows.WriteRows(t.row[:])
	t.count++
	t.held += int64(len(r.Image))
	t.payload += int64(len(r.Image))
	if err == nil && (t.count == groupRows || t.held >= groupBytes) {
		t.count, t.held = 0, 0
		err = t.rows.Flush()
	}
	t.note(err)
	return t.err
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
		t.note(t.rows.Close())
	}
	t.closed = true
	return t.err
}

func (t *writer) Index() []byte { return nil }

// Payload counts the bytes of the images.
func (t *writer) Payload() int64 { return t.payload }
