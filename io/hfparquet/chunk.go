package hfparquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// pageSize ends a page: 98 % of 256 KiB, counted as the buffers of parquet-go count.
const pageSize = 256901

// maxPage leaves room for a header in 31 bits.
const maxPage = math.MaxInt32 - 1<<20

// A chunkWriter makes the chunk of a leaf in the open row group, byte for byte the one that
// parquet-go's GenericWriter makes of the same values: data pages of version 1, not compressed,
// PLAIN or with a dictionary, and no value null. parquet-go takes values one by one, 24 bytes each,
// which costs more than the image where a dense label has a thousand of them; so the pages are made
// here, of its encodings, headers and indexes.
type chunkWriter struct {
	path    []string
	kind    parquet.Kind
	list    bool
	defined byte // the definition level of every value
	bounded bool // pages and chunk state the least and the greatest value
	index   parquet.ColumnIndexer
	dict    *dictionary
	err     error

	// The open page.
	rows, values, size int
	repeated           []byte // the repetition levels of a list
	defines            []byte // scratch for the definition levels
	picks              []int32
	span               span

	// The open row group: used pages are closed; the next one is open.
	pages      []page
	used       int
	whole      span
	meta       format.ColumnMetaData
	places     []format.PageLocation
	firstRow   int64
	text       int64 // bytes of texts without their lengths
	pageLevels [2][]int64
	encoder    thrift.Encoder
	head       appender
}

// A page is a header with the levels, and the values.
type page struct{ head, body []byte }

// An appender is a writer to memory.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// newChunkWriters returns those of all leafs of a schema.
func newChunkWriters(schema *parquet.Schema) ([]*chunkWriter, error) {
	var columns []*chunkWriter
	for _, path := range schema.Columns() {
		leaf, ok := schema.Lookup(path...)
		if !ok || leaf.MaxDefinitionLevel < 1 || leaf.MaxRepetitionLevel > 1 {
			return nil, fmt.Errorf("parquet: column %v has levels that the writer does not make", path)
		}
		t := leaf.Node.Type()
		c := &chunkWriter{
			path: path, kind: t.Kind(), list: leaf.MaxRepetitionLevel > 0, defined: byte(leaf.MaxDefinitionLevel),
			// The bounds of images would put whole ones into the footer.
			bounded: !slices.Equal(path, imagePath),
			index:   t.NewColumnIndexer(parquet.DefaultColumnIndexSizeLimit),
		}
		encodings := []format.Encoding{format.Plain, format.RLE}
		if e := leaf.Node.Encoding(); e != nil && e.Encoding() == format.RLEDictionary {
			c.dict = &dictionary{texts: map[string]int32{}, floats: map[uint32]int32{}}
			encodings = append(encodings, format.RLEDictionary)
		}
		c.meta = format.ColumnMetaData{
			Type: format.Type(c.kind), Encoding: encodings, PathInSchema: path,
			Codec: parquet.Uncompressed.CompressionCodec(),
		}
		c.encoder.Reset(new(thrift.CompactProtocol).NewWriter(&c.head))
		columns = append(columns, c)
	}
	return columns, nil
}

// reset begins another row group, and keeps the memory of the last one, but for large images: each
// row group may have its own at another place, and all of them together would stay.
func (c *chunkWriter) reset() {
	for i := range c.pages {
		if cap(c.pages[i].body) > 4*pageSize {
			c.pages[i].body = nil
		}
	}
	c.used, c.firstRow, c.text, c.err = 0, 0, 0, nil
	c.clearPage()
	c.whole = span{}
	c.index.Reset()
	c.places = nil // the index of the last row group is still to be written
	c.pageLevels = [2][]int64{}
	m := &c.meta
	m.NumValues, m.TotalUncompressedSize, m.TotalCompressedSize = 0, 0, 0
	m.Statistics, m.SizeStatistics, m.EncodingStats = format.Statistics{}, format.SizeStatistics{}, nil
	if c.dict != nil {
		c.dict.reset()
	}
}

func (c *chunkWriter) clearPage() {
	c.rows, c.values, c.size = 0, 0, 0
	c.repeated, c.picks = c.repeated[:0], c.picks[:0]
	c.span = span{}
	if c.used < len(c.pages) {
		c.pages[c.used].body = c.pages[c.used].body[:0]
	}
}

// body is that of the open page.
func (c *chunkWriter) body() *[]byte {
	if c.used == len(c.pages) {
		c.pages = append(c.pages, page{})
	}
	return &c.pages[c.used].body
}

// add counts a row of some values that take size bytes, and ends the page if it is full.
func (c *chunkWriter) add(values, size int) {
	c.rows++
	c.values += values
	if c.list {
		size += 8 + 2*values
		c.repeated = append(c.repeated, 0)
		start := len(c.repeated)
		c.repeated = slices.Grow(c.repeated, values)[:start+values-1]
		fill(c.repeated[start:], 1)
	} else {
		size += 4 + values
	}
	c.size += size
	if c.size >= pageSize {
		c.endPage()
	}
}

// fill is a memset: the copies double.
func fill(b []byte, v byte) {
	if len(b) == 0 {
		return
	}
	b[0] = v
	for n := 1; n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
}

// putBinary takes bytes or a text into a page that is PLAIN, and leaves the bounds alone.
func putBinary[T []byte | string](c *chunkWriter, v T) {
	b := c.body()
	*b = append(binary.LittleEndian.AppendUint32(*b, uint32(len(v))), v...)
	c.text += int64(len(v))
	c.add(1, 4+len(v))
}

func (c *chunkWriter) string(v string) {
	c.span.texts.add(v)
	if c.dict != nil {
		c.picks = append(c.picks, c.dict.text(v))
		c.add(1, 4)
		return
	}
	putBinary(c, v)
}

// integers takes those of a list, or one.
func (c *chunkWriter) integers(v ...int) {
	b := c.body()
	for _, n := range v {
		c.span.integers.add(int64(n))
		*b = binary.LittleEndian.AppendUint64(*b, uint64(n))
	}
	c.add(len(v), 8*len(v))
}

func (c *chunkWriter) double(v float64) {
	c.span.floats.add(v)
	b := c.body()
	*b = binary.LittleEndian.AppendUint64(*b, math.Float64bits(v))
	c.add(1, 8)
}

// flag packs eight values into a byte, the first into its lowest bit.
func (c *chunkWriter) flag(v bool) {
	b, bit := c.body(), c.values%8
	if bit == 0 {
		*b = append(*b, 0)
	}
	n := int64(0)
	if v {
		n = 1
		(*b)[len(*b)-1] |= 1 << bit
	}
	c.span.integers.add(n)
	c.add(1, 1)
}

// shares takes a dense label. Most of its values are as the one before.
func (c *chunkWriter) shares(v []float32) {
	start := len(c.picks)
	c.picks = slices.Grow(c.picks, len(v))[:start+len(v)]
	picks := c.picks[start:]
	last, pick := uint32(0), int32(-1)
	for i, share := range v {
		if b := math.Float32bits(share); b != last || pick < 0 {
			last, pick = b, c.dict.float(b)
			c.span.floats.add(float64(share))
		}
		picks[i] = pick
	}
	c.add(len(v), 4*len(v))
}

// flush writes the chunk, and returns its description and index.
func (c *chunkWriter) flush(w *sink) (format.ColumnChunk, chunkIndex, error) {
	none := func(err error) (format.ColumnChunk, chunkIndex, error) {
		return format.ColumnChunk{}, chunkIndex{}, err
	}
	if c.endPage(); c.err != nil {
		return none(c.err)
	}
	at := w.size
	c.meta.DataPageOffset, c.meta.DictionaryPageOffset = at, 0
	if c.dict != nil {
		h := format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: c.dict.len(), Encoding: format.Plain,
		})}
		size, err := c.header(nil, &h, c.dict.body)
		if err == nil {
			err = w.writeAll(c.head.b, c.dict.body)
		}
		if err != nil {
			return none(err)
		}
		c.count(format.DictionaryPage, format.Plain, size)
		c.meta.DictionaryPageOffset = at
		c.meta.DataPageOffset += size
	}
	for i := range c.pages[:c.used] {
		if err := w.writeAll(c.pages[i].head, c.pages[i].body); err != nil {
			return none(err)
		}
	}
	for i := range c.places {
		c.places[i].Offset += c.meta.DataPageOffset
	}
	if lo, hi := c.whole.values(c.kind); c.bounded {
		c.meta.Statistics = format.Statistics{MinValue: lo.Bytes(), MaxValue: hi.Bytes()}
	}
	index := chunkIndex{c.index.ColumnIndex(), format.OffsetIndex{PageLocations: c.places}}
	index.column.RepetitionLevelHistogram, index.column.DefinitionLevelHistogram = c.pageLevels[0], c.pageLevels[1]
	c.meta.SizeStatistics = format.SizeStatistics{
		UnencodedByteArrayDataBytes: c.text,
		RepetitionLevelHistogram:    sums(c.pageLevels[0], 2),
		DefinitionLevelHistogram:    sums(c.pageLevels[1], int(c.defined)+1),
	}
	return format.ColumnChunk{MetaData: c.meta}, index, nil
}

// sums adds up the histograms of n bins of the pages.
func sums(pages []int64, n int) []int64 {
	if len(pages) == 0 {
		return nil
	}
	out := make([]int64, n)
	for i, v := range pages {
		out[i%n] += v
	}
	return out
}
