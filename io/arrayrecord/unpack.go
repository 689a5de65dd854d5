package arrayrecord

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// An unpacker takes chunks of records apart. What it returns is valid until its next call.
type unpacker struct{ sizes, values []byte }

// records returns the sizes of a chunk's records, as varints, and the records. They fit each other and the header.
func (u *unpacker) records(c *chunk) (sizes, values []byte, fault *Error) {
	bad := func(format string, args ...any) ([]byte, []byte, *Error) {
		return nil, nil, &Error{Kind: BadData, detail: fmt.Sprintf(format, args...)}
	}
	if c.kind != kindRecords || len(c.data) == 0 {
		return bad("a chunk of no data")
	}
	packing, rest := c.data[0], c.data[1:]
	n, w := binary.Uvarint(rest)
	if w <= 0 || n > uint64(len(rest)-w) {
		return bad("the sizes of its chunk have %d bytes, the chunk %d", n, len(rest))
	}
	sizes, values = rest[w:w+int(n)], rest[w+int(n):]
	if packing != 0 {
		var err error
		if u.sizes, err = inflate(u.sizes, packing, sizes, min(10*c.header.records, max(c.most, 10))); err == nil {
			u.values, err = inflate(u.values, packing, values, c.decoded)
		}
		switch {
		case errors.Is(err, errPacking):
			return nil, nil, &Error{Kind: Unsupported, detail: fmt.Sprintf("%v %#02x of its chunk: write the file with zstd or uncompressed", err, packing)}
		case err != nil:
			return bad("its chunk cannot be decompressed: %v", err)
		}
		sizes, values = u.sizes, u.values
	}
	total, count := uint64(0), uint64(0)
	for p := sizes; len(p) > 0; count++ {
		size, w := binary.Uvarint(p)
		if w <= 0 || size > uint64(len(values))-total {
			return bad("the sizes of the records in its chunk are wrong")
		}
		total += size
		p = p[w:]
	}
	if total != uint64(len(values)) || total != c.decoded || count != c.header.records {
		return bad("its chunk has %d records of %d bytes, its header says %d of %d", count, len(values), c.header.records, c.decoded)
	}
	if count == 0 {
		return bad("a chunk of no records")
	}
	return sizes, values, nil
}

// entries calls f for each entry of a footer after its first message.
func entries(sizes, values []byte, f func(Entry)) error {
	for len(sizes) > 0 {
		size, n := binary.Uvarint(sizes)
		e, ok := parseEntry(values[:size])
		if !ok {
			return errors.New("the footer has an entry that is not one of a chunk")
		}
		f(e)
		sizes, values = sizes[n:], values[size:]
	}
	return nil
}

// postscriptOf returns where the footer is, if a chunk is the postscript: the first of three equal records says it.
func postscriptOf(c *chunk, sizes, values []byte) (footer int64, ok bool) {
	if c.begin%blockSize != 0 || c.header.records != 3 || len(values)%3 != 0 {
		return 0, false
	}
	n := len(values) / 3
	if !bytes.Equal(values[:n], values[n:2*n]) || !bytes.Equal(values[:n], values[2*n:]) {
		return 0, false
	}
	if size, _ := binary.Uvarint(sizes); size != uint64(n) {
		return 0, false
	}
	return parsePostscript(values[:n])
}

var (
	errPacking = errors.New("the compression")
	errLonger  = errors.New("it has more bytes than it says")
)

// inflate returns what src holds, at most most bytes, in the memory of dst. Nothing is allocated that src could not
// fill, but for Zstandard, whose smallest blocks make 128 KiB.
func inflate(dst []byte, packing byte, src []byte, most uint64) ([]byte, error) {
	size, n := binary.Uvarint(src)
	if n <= 0 || size > most {
		return dst[:0], fmt.Errorf("it says that it has %d bytes, at most %d are right", size, most)
	}
	src = src[n:]
	var err error
	switch packing {
	case 'z':
		var d *zstd.Decoder
		if d, err = zstdDecoder(); err != nil {
			return dst[:0], err
		}
		dst = slices.Grow(dst[:0], int(min(size, (uint64(len(src))/4+1)<<17))) // a block has at least four bytes
		dst, err = d.DecodeAll(src, dst[:0:min(uint64(cap(dst)), size)])
	case 's':
		var length int
		if length, err = snappy.DecodedLen(src); err == nil {
			if uint64(length) != size || length > 32*len(src) { // at most 64 bytes for every three
				return dst[:0], snappy.ErrCorrupt
			}
			dst = slices.Grow(dst[:0], length)
			dst, err = snappy.Decode(dst[:length], src)
		}
	case 'b':
		dst, err = drain(dst[:0], brotli.NewReader(bytes.NewReader(src)), int(size))
	default:
		return dst[:0], errPacking
	}
	if err == nil && uint64(len(dst)) != size {
		err = fmt.Errorf("it has %d bytes, and says %d", len(dst), size)
	}
	return dst, err
}

// zstdDecoder stops where the memory that it is given ends, whatever a frame says of its size.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderConcurrency(0))
})

// drain appends all that r has to dst, in steps, since only r knows how much that is.
func drain(dst []byte, r io.Reader, most int) ([]byte, error) {
	for {
		if len(dst) == cap(dst) {
			dst = slices.Grow(dst, max(4<<10, len(dst)))
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > most:
			return dst, errLonger
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}
