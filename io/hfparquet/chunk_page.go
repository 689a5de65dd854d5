package hfparquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// endPage ends the open page. The first error stays.
func (c *chunkWriter) endPage() {
	if c.err == nil && c.rows > 0 {
		c.err = c.closePage()
	}
}

// closePage makes header and levels of the open page.
func (c *chunkWriter) closePage() error {
	p := c.body()
	encoding := format.Plain
	if c.dict != nil {
		encoding = format.RLEDictionary
		var err error
		if *p, err = new(rle.DictionaryEncoding).EncodeInt32(*p, c.picks); err != nil {
			return err
		}
	}
	levels, err := c.levels()
	if err != nil {
		return err
	}
	lo, hi := c.span.values(c.kind)
	header := format.DataPageHeader{
		NumValues: int32(c.values), Encoding: encoding,
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	}
	if least, most := lo.Bytes(), hi.Bytes(); c.bounded && (c.dict != nil || len(most) > 0) {
		// parquet-go leaves out the bounds of a PLAIN page of empty texts.
		header.Statistics = format.Statistics{Min: least, Max: most, MinValue: least, MaxValue: most}
	}
	h := format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(header)}
	head := &c.pages[c.used].head
	size, err := c.header((*head)[:0], &h, levels, *p)
	if err != nil {
		return err
	}
	*head = append(c.head.b, levels...)
	c.places = append(c.places, format.PageLocation{
		Offset: c.meta.TotalCompressedSize, CompressedPageSize: int32(size), FirstRowIndex: c.firstRow,
	})
	c.count(format.DataPage, encoding, size)
	c.index.IndexPage(int64(c.values), 0, lo, hi)
	c.whole.merge(&c.span)
	c.meta.NumValues += int64(c.values)
	c.firstRow += int64(c.rows)
	if c.list {
		c.pageLevels[0] = append(c.pageLevels[0], int64(c.rows), int64(c.values-c.rows))
	}
	for range c.defined {
		c.pageLevels[1] = append(c.pageLevels[1], 0)
	}
	c.pageLevels[1] = append(c.pageLevels[1], int64(c.values))
	c.used++
	c.clearPage()
	return nil
}

// levels encodes those of the open page, each kind after its length. The result is valid until
// the next call.
func (c *chunkWriter) levels() ([]byte, error) {
	out := c.defines[:0]
	section := func(levels []byte, width int) error {
		encoded, err := (&rle.Encoding{BitWidth: width}).EncodeLevels(nil, levels)
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(encoded))), encoded...)
		return err
	}
	if c.list {
		if err := section(c.repeated, 1); err != nil {
			return nil, err
		}
	}
	// All are the same: the list's own levels give the memory.
	defines := slices.Grow(c.repeated[:0], c.values)[:c.values]
	c.repeated = defines
	fill(defines, c.defined)
	err := section(defines, bits.Len8(c.defined))
	c.defines = out
	return out, err
}

// header encodes the header of a page after head, into c.head, and returns the size of the whole page.
func (c *chunkWriter) header(head []byte, h *format.PageHeader, parts ...[]byte) (int64, error) {
	size, sum := int64(0), uint32(0)
	for _, p := range parts {
		size += int64(len(p))
		sum = crc32.Update(sum, crc32.IEEETable, p)
	}
	if size > maxPage {
		return 0, fmt.Errorf("column %v: a page of %d bytes is above the limit of 2 GiB", c.path, size)
	}
	h.UncompressedPageSize, h.CompressedPageSize, h.CRC = int32(size), int32(size), int32(sum)
	c.head.b = head
	err := c.encoder.Encode(h)
	return size + int64(len(c.head.b)), err
}

func (c *chunkWriter) count(kind format.PageType, encoding format.Encoding, size int64) {
	c.meta.TotalCompressedSize += size
	c.meta.TotalUncompressedSize += size
	for i := range c.meta.EncodingStats {
		if s := &c.meta.EncodingStats[i]; s.PageType == kind {
			s.Count++
			return
		}
	}
	c.meta.EncodingStats = append(c.meta.EncodingStats, format.PageEncodingStats{PageType: kind, Encoding: encoding, Count: 1})
}
