package hfparquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

// codecs are those that are read.
var codecs = []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Zstd, &parquet.Gzip, &parquet.Brotli, &parquet.Lz4Raw}

// A page is inflated behind what is there, and to no more than it says.
func TestInflate(t *testing.T) {
	for _, codec := range codecs {
		for _, n := range []int{0, 1, 100, 1 << 20} {
			page, err := codec.Encode(nil, make([]byte, n))
			if err != nil {
				t.Fatal(err)
			}
			name, id := fmt.Sprintf("%v, %d bytes", codec, n), codec.CompressionCodec()
			for _, size := range []int{n, n + 1000} {
				out, err := inflate([]byte("head"), id, page, int64(size))
				if err != nil || string(out[:4]) != "head" || len(out) != 4+n || len(bytes.Trim(out[4:], "\x00")) > 0 {
					t.Errorf("%s, in %d: %d bytes, %v", name, size, len(out), err)
				}
			}
			if n == 0 {
				continue
			}
			if _, err := inflate(make([]byte, 0, 2*n), id, page, int64(n-1)); err == nil {
				t.Errorf("%s, in %d: no error", name, n-1)
			}
			for cut := 1; cut < min(len(page), 60) && id != format.Uncompressed; cut++ {
				if id == format.Brotli && cut == len(page)-1 {
					continue // the mark of the end, behind all values
				}
				if out, err := inflate(nil, id, page[:cut], int64(n)); err == nil && len(out) == n {
					t.Errorf("%s, cut to %d bytes: no error", name, cut)
				}
			}
		}
	}
	for _, codec := range []format.CompressionCodec{format.LZO, format.Lz4, 99, -1} {
		if _, err := inflate(nil, codec, []byte("x"), 1); !errors.Is(err, ErrUnsupported) {
			t.Errorf("codec %d: %v", codec, err)
		}
	}
}

// A page of a few bytes does not cost what its header says.
func TestInflateMemory(t *testing.T) {
	for _, codec := range codecs {
		page, err := codec.Encode(nil, []byte("a few bytes"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := inflate(nil, codec.CompressionCodec(), page, 1<<40)
		if err != nil || cap(out) > 2<<20 {
			t.Errorf("%v: room for %d bytes, %v", codec, cap(out), err)
		}
	}
	huge := binary.AppendUvarint(nil, 1<<31)
	if _, err := inflate(nil, format.Snappy, append(huge, "abc"...), 1<<40); err == nil {
		t.Error("a snappy block that says 2 GiB: no error")
	}
}

// Spark writes Zstandard as a stream: frames of many blocks that do not state their size.
func TestZstdStream(t *testing.T) {
	var b bytes.Buffer
	e, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		e.Reset(&b)
		if _, err := io.Copy(e, bytes.NewReader(make([]byte, 1<<20))); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := inflate(nil, format.Zstd, b.Bytes(), 2<<20); err != nil || len(out) != 2<<20 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if _, err := inflate(nil, format.Zstd, b.Bytes(), 2<<20-1); !errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		t.Errorf("in a smaller page: %v", err)
	}
}
