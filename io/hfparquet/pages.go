package hfparquet

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A chunk is a column of a row group in memory. Its pages are compressed; it is read as if they were
// not, from front to back, and one of them at a time is inflated. The headers have been walked.
type chunk struct {
	name  string
	codec format.CompressionCodec
	rest  []byte // pages that were not begun

	plain []byte // the open page, its header first
	buf   []byte // of pages that were inflated
	read  int    // of plain
	at    int64  // offset that is read next
	begun bool
}

// ReadAt reads on. The first offset is taken as the place of the chunk.
func (c *chunk) ReadAt(p []byte, off int64) (n int, err error) {
	if !c.begun {
		c.begun, c.at = true, off
	}
	if off != c.at {
		return 0, errors.New("the pages are not in order")
	}
	for n < len(p) && err == nil {
		if c.read == len(c.plain) {
			err = c.next()
			continue
		}
		k := copy(p[n:], c.plain[c.read:])
		c.read, n = c.read+k, n+k
	}
	c.at += int64(n)
	if n == len(p) {
		err = nil
	}
	return n, err
}

// next opens the next page, or returns io.EOF.
func (c *chunk) next() error {
	c.read, c.plain = 0, nil
	if len(c.rest) == 0 {
		return io.EOF
	}
	h, err := parsePageHeader(c.rest)
	if err != nil {
		return err
	}
	page := c.rest[:h.size+int(h.compressed)]
	c.rest = c.rest[len(page):]
	if h.plain || c.codec == format.Uncompressed {
		c.plain = page
		return nil
	}
	return c.inflate(&h, page[:h.size], page[h.size:])
}

// inflate makes the open page of one that is compressed. Room for the new header is left in front.
func (c *chunk) inflate(h *pageHeader, head, page []byte) error {
	const room = 256
	if h.checksum != 0 && crc32.ChecksumIEEE(page) != uint32(h.checksum) {
		return fmt.Errorf("crc32 checksum mismatch in page of column %q", c.name)
	}
	var header format.PageHeader
	var protocol thrift.CompactProtocol
	if err := thrift.Unmarshal(&protocol, head, &header); err != nil {
		return err
	}
	// Bounds of the values may be long, and nobody asks for them.
	header.DataPageHeader.V.Statistics, header.DataPageHeaderV2.V.Statistics = format.Statistics{}, format.Statistics{}
	body := append(append(c.buf[:0], make([]byte, room)...), page[:h.levels]...)
	body, err := inflate(body, c.codec, page[h.levels:], h.uncompressed-h.levels)
	if err != nil {
		return err
	}
	size := int32(len(body) - room)
	if int64(size) != h.uncompressed {
		// The values that are missing would be looked for in the next page.
		return fmt.Errorf("a page inflates to %d bytes, its header says %d", size, h.uncompressed)
	}
	header.CompressedPageSize, header.UncompressedPageSize, header.CRC = size, size, 0
	plain, err := thrift.Marshal(&protocol, header)
	if err == nil && len(plain) > room {
		err = fmt.Errorf("a page header of %d bytes", len(plain))
	}
	if err != nil {
		return err
	}
	c.read = room - len(plain)
	copy(body[c.read:], plain)
	c.plain, c.buf = body, body
	return nil
}
