package hfparquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// inflate appends what src inflates to, at most size bytes, to dst. Nothing is allocated that src
// could not fill, but for Zstandard, whose smallest blocks make 128 KiB.
func inflate(dst []byte, codec format.CompressionCodec, src []byte, size int64) ([]byte, error) {
	if len(src) == 0 && size == 0 {
		return dst, nil // a page of nulls
	}
	switch codec {
	case format.Uncompressed:
		if int64(len(src)) > size {
			return nil, errLarger
		}
		return append(dst, src...), nil
	case format.Snappy:
		return inflateSnappy(dst, src, size)
	case format.Lz4Raw:
		size = min(size, 256*int64(len(src)))
		dst = slices.Grow(dst, int(size))
		n, err := lz4.UncompressBlock(src, dst[len(dst):len(dst)+int(size)])
		if err != nil {
			return nil, fmt.Errorf("LZ4: a damaged block, or one larger than its page: %w", err)
		}
		return dst[:len(dst)+n], nil
	case format.Zstd:
		d, err := zstdDecoder()
		if err != nil {
			return nil, err
		}
		size = min(size, (int64(len(src))/4+1)<<17) // a block has at least four bytes
		dst = slices.Grow(dst, int(size))
		out, err := d.DecodeAll(src, dst[len(dst):len(dst):len(dst)+int(size)])
		if err != nil {
			return nil, err
		}
		return dst[:len(dst)+len(out)], nil
	case format.Gzip:
		r, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return drain(dst, r, size)
	case format.Brotli:
		return drain(dst, brotli.NewReader(bytes.NewReader(src)), size)
	}
	return nil, unsupportedError("compression %v", codec)
}

var errLarger = errors.New("a page that inflates to more than its header says")

// zstdDecoder stops where the memory that it is given ends, whatever a frame says of its size.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0))
})

// inflateSnappy allocates what the block says, which is at most 64 bytes for every three.
func inflateSnappy(dst, src []byte, size int64) ([]byte, error) {
	n, err := snappy.DecodedLen(src)
	switch {
	case err != nil:
		return nil, err
	case int64(n) > size:
		return nil, errLarger
	case n > 32*len(src):
		return nil, snappy.ErrCorrupt
	}
	dst = slices.Grow(dst, n)
	if _, err := snappy.Decode(dst[len(dst):len(dst)+n], src); err != nil {
		return nil, err
	}
	return dst[:len(dst)+n], nil
}

// drain appends all that r has to dst, in steps, since only r knows how much that is.
func drain(dst []byte, r io.Reader, size int64) ([]byte, error) {
	start := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, max(4<<10, len(dst)-start))
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case int64(len(dst)-start) > size:
			return nil, errLarger
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return nil, err
		}
	}
}
