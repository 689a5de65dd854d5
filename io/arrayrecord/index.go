package arrayrecord

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/premix/premix/io/window"
)

// ErrNoIndex means that the end of a file is not that of an ArrayRecord file, or that its footer does not fit it.
var ErrNoIndex = errors.New("arrayrecord: no footer that fits the file")

// An Index is what the footer of a file says.
type Index struct {
	Chunks  []Entry // in order, one after the other
	Records int64   // of all chunks
	End     int64   // where the footer begins, after the last chunk
}

// Limits of what is read for an index, in bytes. An entry has 33 bytes at most, and its chunk at least 41 in the file,
// so that a footer that fits its file is far below.
const (
	maxPostscript  = 4 << 10
	maxFooterTimes = 64 // for each byte of the file, and maxChunk at most
)

// ReadIndex reads the footer of a file of size bytes: its last 64 KiB, and the footer. It opens no chunk. A footer may
// have 64 bytes, unpacked, for each byte of the file, and 256 MiB at most. The error is ErrNoIndex, or that of at.
func ReadIndex(at io.ReaderAt, size int64) (*Index, error) {
	if size%blockSize != 0 || size < 2*blockSize {
		return nil, ErrNoIndex
	}
	c, sizes, values, err := chunkAt(at, size-blockSize, size, maxPostscript)
	if err != nil {
		return nil, err
	}
	footer, ok := postscriptOf(c, sizes, values)
	if !ok || footer >= c.begin {
		return nil, ErrNoIndex
	}
	if c, sizes, values, err = chunkAt(at, footer, size, min(maxChunk, maxFooterTimes*min(size, maxChunk))); err != nil {
		return nil, err
	}
	n, w := binary.Uvarint(sizes)
	m, ok := parseMetadata(values[:n])
	if !ok || c.header.records != m.chunks+1 || m.chunks > uint64(footer)/chunkHeader {
		return nil, ErrNoIndex
	}
	x := &Index{End: footer}
	next, fits := int64(len(signature)), true
	err = entries(sizes[w:], values[n:], func(e Entry) {
		size := max(chunkHeader, e.Records) // at least
		fits = fits && e.Offset >= next && e.Offset <= footer-size
		next = e.Offset + size
		x.Records += e.Records
	})
	if err != nil || !fits || uint64(x.Records) != m.records {
		return nil, ErrNoIndex
	}
	x.Chunks = make([]Entry, 0, m.chunks) // each fits the file
	return x, entries(sizes[w:], values[n:], func(e Entry) { x.Chunks = append(x.Chunks, e) })
}

// chunkAt reads a chunk of records that holds at most most bytes.
func chunkAt(at io.ReaderAt, pos, size, most int64) (*chunk, []byte, []byte, error) {
	r := Open(window.At(at, pos, -1, size), Options{MaxRecord: most})
	r.most = most
	c := &chunk{}
	var e *Error
	switch err := r.read(c); {
	case err == nil:
	case errors.As(err, &e) && e.Kind == UnderlyingRead:
		return nil, nil, nil, e.Err
	default:
		return nil, nil, nil, ErrNoIndex
	}
	if c.fault == nil {
		var sizes, values []byte
		if sizes, values, c.fault = r.unpack.records(c); c.fault == nil {
			return c, sizes, values, nil
		}
	}
	return nil, nil, nil, ErrNoIndex
}
