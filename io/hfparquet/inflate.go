package hfparquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// checkInflated makes sure that a compressed page does not become larger than its header says,
// which decompressors find out too late.
func checkInflated(codec format.CompressionCodec, page []byte, size int64) error {
	switch codec {
	case format.Uncompressed:
		return nil
	case format.Snappy:
		n, k := binary.Uvarint(page)
		if k <= 0 || n > uint64(size) {
			return fmt.Errorf("a snappy block of %d bytes in a page of %d", n, size)
		}
		return nil
	case format.Zstd:
		return checkZstd(page, size)
	case format.Gzip:
		r, err := gzip.NewReader(bytes.NewReader(page))
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, io.LimitReader(r, size+1))
		if err == nil && n > size {
			err = fmt.Errorf("a gzip stream larger than its page of %d bytes", size)
		}
		return err
	}
	return fmt.Errorf("%w: compression %v", errUnsupported, codec)
}

var errUnsupported = errors.New("not supported")

// checkZstd walks the frames and blocks of a zstd stream (RFC 8878). Each frame states its size, or
// is a single block, which makes 128 KiB at most: some writers leave the size of small pages out.
// Every other frame is refused.
func checkZstd(page []byte, size int64) error {
	for len(page) > 0 {
		var h zstd.Header
		rest, err := h.DecodeAndStrip(page)
		if err != nil {
			return err
		}
		if h.Skippable {
			if uint64(h.SkippableSize) > uint64(len(rest)) {
				return io.ErrUnexpectedEOF
			}
			page = rest[h.SkippableSize:]
			continue
		}
		if h.FrameContentSize > uint64(size) {
			return fmt.Errorf("a zstd frame of %d bytes in a page of %d", h.FrameContentSize, size)
		}
		size -= int64(h.FrameContentSize)
		blocks := 0
		for last := false; !last; blocks++ {
			if blocks > 0 && !h.HasFCS {
				return fmt.Errorf("a zstd frame of several blocks that does not state its size")
			}
			if len(rest) < 3 {
				return io.ErrUnexpectedEOF
			}
			b := uint32(rest[0]) | uint32(rest[1])<<8 | uint32(rest[2])<<16
			n := int(b >> 3)
			if b>>1&3 == 1 { // one byte, repeated
				n = 1
			}
			if len(rest) < 3+n {
				return io.ErrUnexpectedEOF
			}
			rest, last = rest[3+n:], b&1 == 1
		}
		if h.HasCheckSum {
			if len(rest) < 4 {
				return io.ErrUnexpectedEOF
			}
			rest = rest[4:]
		}
		page = rest
	}
	return nil
}
