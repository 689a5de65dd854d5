// Package arrayrecord reads and writes ArrayRecord files, which JAX's input pipelines (Grain, and
// data_source of TensorFlow Datasets) read at any place: call [NewWriter] for a file, [NewReader] or
// [Open] to read one front to back, and [ReadIndex] for where its records are.
//
// A file is one of Riegeli, whose records are in chunks, with a list of the chunks at its end:
//
//	file       = signature { chunk } footer padding postscript padding
//	chunk      = header data zeros
//	header     = hash data-size hash(data) kind records decoded-size
//	data       = compression sizes-length sizes values      of kind r
//	sizes      = { varint }                                 length of each record
//	values     = { bytes }                                  the records
//
// Each multiple of 65,536 bytes has a header of 24 bytes, which interrupts the chunk that it falls into:
//
//	block      = hash previous next
//
// previous is how far before it the chunk begins, and next how far after its beginning the chunk ends.
// The footer is a chunk of protobuf messages; padding reaches up to the next multiple of 65,536.
// Numbers are little endian. Hashes are HighwayHash of 64 bits, with the key of Riegeli.
//
// Sources: google/riegeli doc/riegeli_records_file_format.md, google/array_record cpp/layout.proto and
// cpp/array_record_writer.cc. What records mean is up to the caller: TensorFlow Datasets keeps a
// tf.train.Example in each.
package arrayrecord

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/minio/highwayhash"
)

const (
	blockSize   = 1 << 16
	blockHeader = 24
	usable      = blockSize - blockHeader
	chunkHeader = 40
)

// The kinds of chunks.
const (
	kindSignature  = 's'
	kindMetadata   = 'm'
	kindPadding    = 'p'
	kindRecords    = 'r'
	kindTransposed = 't'
)

// maxChunk is the most that a chunk of several records may hold, packed or not, in bytes, and how many records it may
// have.
const maxChunk = 256 << 20

// defaultMaxRecord limits the length of a record if no other limit is given.
const defaultMaxRecord = 1 << 30

var hashKey = []byte("Riegeli/records\nRiegeli/records\n")

func hashOf(p []byte) uint64 { return highwayhash.Sum64(p, hashKey) }

// overhead is how many bytes of block headers fall into size bytes of a chunk that begin at pos.
func overhead(pos, size int64) int64 {
	return blockHeader * ((size + (pos+usable-1)%blockSize) / usable)
}

// chunkEnd is where a chunk ends. ok is false where that is beyond what an int64 has.
func chunkEnd(begin int64, h *header) (end int64, ok bool) {
	const most = 1 << 60
	if begin > most || h.size > most || h.records > most {
		return 0, false
	}
	size := int64(h.size) + chunkHeader
	end = begin + size + overhead(begin, size)
	// A chunk has a byte for each record, and does not end in a block header or right after one.
	least := begin + int64(h.records)
	if at := least % blockSize; at > 0 && at <= blockHeader {
		least += blockHeader + 1 - at
	}
	return max(end, least), true
}

// A header is that of a chunk.
type header struct {
	size     uint64 // of the data, without block headers
	dataHash uint64
	kind     byte
	records  uint64
	decoded  uint64 // bytes of all records
}

func (h *header) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, 8)...)
	dst = binary.LittleEndian.AppendUint64(dst, h.size)
	dst = binary.LittleEndian.AppendUint64(dst, h.dataHash)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.kind)|h.records<<8)
	dst = binary.LittleEndian.AppendUint64(dst, h.decoded)
	binary.LittleEndian.PutUint64(dst[start:], hashOf(dst[start+8:]))
	return dst
}

// parse reads a header, and reports whether its hash is right.
func (h *header) parse(p []byte) bool {
	h.size = binary.LittleEndian.Uint64(p[8:])
	h.dataHash = binary.LittleEndian.Uint64(p[16:])
	h.kind = p[24]
	h.records = binary.LittleEndian.Uint64(p[24:]) >> 8
	h.decoded = binary.LittleEndian.Uint64(p[32:])
	return binary.LittleEndian.Uint64(p) == hashOf(p[8:chunkHeader])
}

// appendBlock appends the block header at pos, in or before a chunk from begin to end.
func appendBlock(dst []byte, pos, begin, end int64) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, 8)...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(pos-begin))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(end-pos))
	binary.LittleEndian.PutUint64(dst[start:], hashOf(dst[start+8:]))
	return dst
}

// parseBlock reads a block header, and reports whether its hash is right.
func parseBlock(p []byte) (previous, next uint64, ok bool) {
	return binary.LittleEndian.Uint64(p[8:]), binary.LittleEndian.Uint64(p[16:]), binary.LittleEndian.Uint64(p) == hashOf(p[8:blockHeader])
}

// IsHead reports whether head is the beginning of an ArrayRecord file, or of another one of Riegeli.
// It looks at 64 bytes.
func IsHead(head []byte) bool {
	return len(head) >= len(signature) && string(head[:len(signature)]) == signature
}

// signature is how each file begins: a block header, and a chunk without data.
var signature = func() string {
	h := header{kind: kindSignature, dataHash: hashOf(nil)}
	return string(h.append(appendBlock(nil, 0, 0, blockHeader+chunkHeader)))
}()

// varintSize is how many bytes a varint takes.
func varintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// A Kind says what is wrong with a file.
type Kind int

// The kinds of errors. After BadData, TooLong and Unsupported a strict reader goes on with the next record.
const (
	Truncated       Kind = iota + 1 // the file ends inside a chunk, or without a footer
	BadHead                         // the header of a chunk is wrong: nobody knows where the next one is
	BadData                         // the hash of the data does not match, or they are not what the header says
	BadFooter                       // the footer is not one of the records before it
	TooLong                         // a record, or a chunk of several, is longer than the limit
	Unsupported                     // a kind of chunk, or a compression, that this package does not read
	UnderlyingRead                  // what it reads from failed; Err says how
	UnderlyingWrite                 // the same while writing
)

// An Error says what is wrong with which record.
type Error struct {
	Kind   Kind
	Record int64 // number of the record, from 0
	Offset int64 // of the first byte of its chunk
	// Lost is how many bytes are lost, which may have held more records; 0 if it is the record alone, −1
	// if nobody knows.
	Lost   int64
	Err    error // set for UnderlyingRead and UnderlyingWrite
	detail string
}

const unknown = -1

// Detail says what is wrong, without the place.
func (e *Error) Detail() string {
	if e.detail == "" && e.Err != nil {
		return e.Err.Error()
	}
	return e.detail
}

func (e *Error) Error() string {
	what := e.Detail()
	if e.Kind == Truncated {
		what = "truncated: " + what
	}
	return fmt.Sprintf("arrayrecord: record %d at byte %d: %s", e.Record, e.Offset, what)
}

func (e *Error) Unwrap() error { return e.Err }

// GoesOn reports whether a strict reader goes on with the record after the error.
func (e *Error) GoesOn() bool { return e.Kind == BadData || e.Kind == TooLong || e.Kind == Unsupported }
