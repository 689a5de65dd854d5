// Package tfrecord reads and writes TFRecord files: call [NewReader], or [Open] for a file that is
// damaged, and [NewWriter]. The file frames
// records as TensorFlow does:
//
//	file   = { record }
//	record = length crc(length) data crc(data)
//
//	length = uint64, little endian
//	crc(x) = uint32, little endian: c = CRC-32C of x, then ((c>>15 | c<<17) + 0xa282ead8) mod 2^32
//
// The masking and the order are those of tensorflow/core/lib/io/record_writer.h. A file
// has no header, no end marker and no index; an empty file has no records. What the records mean is
// up to the caller: usually each is a tf.train.Example (package tfexample).
package tfrecord

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Overhead is what the framing adds to a record.
const Overhead = 16

const headerSize, footerSize = 12, 4

// defaultMaxRecord limits the length of a record if no other limit is given.
const defaultMaxRecord = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Mask returns the masked CRC-32C of data.
func Mask(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// appendHeader appends the header of a record of n bytes.
func appendHeader(dst []byte, n int) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(n))
	return binary.LittleEndian.AppendUint32(dst, Mask(dst[start:]))
}

// Append appends data as one framed record.
func Append(dst, data []byte) []byte {
	dst = appendHeader(dst, len(data))
	dst = append(dst, data...)
	return binary.LittleEndian.AppendUint32(dst, Mask(data))
}

// A Kind says what is wrong with a file.
type Kind int

// The kinds of errors.
const (
	Truncated       Kind = iota + 1 // the file ends inside a record
	BadLength                       // the checksum of a length does not match
	BadData                         // the checksum of the data does not match: reading can go on
	TooLong                         // a record is longer than the limit
	UnderlyingRead                  // what it reads from failed; Err says how
	UnderlyingWrite                 // the same while writing
)

// An Error says what is wrong with which record.
type Error struct {
	Kind   Kind
	Record int64 // number of the record, from 0
	Offset int64 // of the record's first byte
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
	return fmt.Sprintf("tfrecord: record %d at byte %d: %s", e.Record, e.Offset, what)
}

func (e *Error) Unwrap() error { return e.Err }
