package arrayrecord

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/minio/highwayhash"
)

// writerOptions are those that the footer states: a record in each chunk, not compressed. Python's reader
// looks for "group_size:1," and gives a warning, or an error, where it finds another group size.
const writerOptions = "group_size:1,transpose:false,pad_to_block_boundary:false,uncompressed,max_parallelism:1"

// A Writer writes records, one in each chunk, so that a reader takes no more than the record that it wants. It
// buffers: Close writes the rest. Beside its buffer it holds some 14 bytes for each record, for the footer.
type Writer struct {
	w       *bufio.Writer
	err     error // the first one; final
	closed  bool
	pos     int64
	count   int64
	payload int64
	hash    *highwayhash.Digest64
	prefix  []byte
	scratch []byte
	sizes   []byte // of the footer's entries
	entries []byte
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer {
	hash, err := highwayhash.NewDigest64(hashKey)
	if err == nil {
		return &Writer{w: bufio.NewWriterSize(w, 64<<10), hash: hash}
	}
	return &Writer{err: err} // the key is too short: it is not
}

// Write appends one record. The same records give the same bytes.
func (w *Writer) Write(data []byte) error {
	if w.err == nil && w.closed {
		w.err = errors.New("arrayrecord: write after close")
	}
	if err := w.begin(); err != nil {
		return err
	}
	at := w.pos
	w.prefix = append(w.prefix[:0], 0, byte(varintSize(uint64(len(data)))))
	w.prefix = binary.AppendUvarint(w.prefix, uint64(len(data)))
	if err := w.chunk(kindRecords, 1, len(data), data); err != nil {
		return err
	}
	w.count++
	w.payload += int64(len(data))
	w.entry(appendEntry(w.scratch[:0], uint64(at), uint64(len(data)), 1))
	return nil
}

// entry adds a message to the footer.
func (w *Writer) entry(message []byte) {
	w.scratch = message
	w.sizes = binary.AppendUvarint(w.sizes, uint64(len(message)))
	w.entries = append(w.entries, message...)
}

// begin writes the signature before anything else.
func (w *Writer) begin() error {
	if w.err == nil && w.pos == 0 {
		w.raw([]byte(signature))
	}
	return w.err
}

// chunk writes a chunk whose data are w.prefix and data.
func (w *Writer) chunk(kind byte, records, decoded int, data []byte) error {
	w.hash.Reset()
	w.hash.Write(w.prefix)
	w.hash.Write(data)
	h := header{size: uint64(len(w.prefix) + len(data)), dataHash: w.hash.Sum64(), kind: kind, records: uint64(records), decoded: uint64(decoded)}
	begin := w.pos
	end, ok := chunkEnd(begin, &h)
	if !ok {
		w.err = errors.New("arrayrecord: the file is too large")
		return w.err
	}
	w.scratch = h.append(w.scratch[:0])
	for _, p := range [...][]byte{w.scratch, w.prefix, data} {
		w.within(p, begin, end)
	}
	return w.err
}

// within writes bytes of the chunk from begin to end, and the block headers that are due.
func (w *Writer) within(p []byte, begin, end int64) {
	for len(p) > 0 && w.err == nil {
		at := w.pos % blockSize
		if at == 0 {
			var block [blockHeader]byte
			w.raw(appendBlock(block[:0], w.pos, begin, end))
			at = blockHeader
		}
		n := min(len(p), int(blockSize-at))
		w.raw(p[:n])
		p = p[n:]
	}
}

// raw writes bytes as they are.
func (w *Writer) raw(p []byte) {
	if w.err != nil {
		return
	}
	if _, err := w.w.Write(p); err != nil {
		w.err = &Error{Kind: UnderlyingWrite, Record: w.count, Offset: w.pos, Err: err}
		return
	}
	w.pos += int64(len(p))
}

// pad writes a chunk of zeros up to the next multiple of blockSize, or to the one after where fewer bytes are
// left than a chunk's header takes.
func (w *Writer) pad() error {
	left := int(-w.pos & (blockSize - 1))
	if left == 0 || w.err != nil {
		return w.err
	}
	if left < chunkHeader {
		left += usable
	}
	w.prefix = w.prefix[:0]
	return w.chunk(kindPadding, 0, 0, make([]byte, left-chunkHeader))
}

// Close writes the footer and what is buffered. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		w.closed = true
		return w.err
	}
	w.closed = true
	if w.begin() != nil {
		return w.err
	}
	at := w.pos
	meta := appendMetadata(nil, uint64(w.count), uint64(w.count), writerOptions)
	w.messages(int(w.count)+1, append(binary.AppendUvarint(nil, uint64(len(meta))), w.sizes...), append(meta, w.entries...))
	w.pad()
	post := appendPostscript(nil, uint64(at))
	n := byte(len(post))
	w.messages(3, []byte{n, n, n}, append(append(append([]byte{}, post...), post...), post...))
	w.pad()
	if w.err != nil {
		return w.err
	}
	if err := w.w.Flush(); err != nil {
		w.err = &Error{Kind: UnderlyingWrite, Record: w.count, Offset: w.pos, Err: err}
	}
	return w.err
}

// messages writes a chunk of n records.
func (w *Writer) messages(n int, sizes, values []byte) {
	w.prefix = append(binary.AppendUvarint(append(w.prefix[:0], 0), uint64(len(sizes))), sizes...)
	if w.err == nil {
		w.chunk(kindRecords, n, len(values), values)
	}
}

// Payload is the number of bytes written without the framing.
func (w *Writer) Payload() int64 { return w.payload }
