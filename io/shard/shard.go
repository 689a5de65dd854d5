// Package shard defines what every shard format shares. To write a shard, take a [Format] from
// package formats, call its NewWriter with a [Spec], Write each [Record], and Close. To read one, call
// NewReader, and Next until io.EOF.
//
// Each format is a package of its own: webdataset, tfshard (TF-slim, TFDS and ArrayRecord),
// hfparquet, mds. Their files have the same names: writer.go and reader.go are the two ends of a shard, encoding.go turns one
// record into bytes and back. Every format holds the same record, keeps the rules of the programs that
// read it, and passes the conformance suite in shardtest:
//
//   - a writer streams: it holds one record, not the shard;
//   - equal records give equal bytes, on every machine;
//   - an error of the underlying writer is reported by Write or, at the latest, by Close, and is
//     final;
//   - a reader checks lengths before it allocates and never returns a record that was not written:
//     a damaged or truncated shard gives an error, with record number and byte offset, or where
//     the format has no checksums, bytes that the format cannot tell from good ones.
package shard

import (
	"bytes"
	"io"
)

// A Format writes and reads shards of one kind. Its methods are safe for concurrent use; its
// writers and readers are not.
type Format interface {
	// Name is the name on the command line: webdataset, tfrecord, tfds, array_record, parquet or mds.
	Name() string
	// Traits says what the format can hold.
	Traits() Traits
	// Check reports what of a Spec the format cannot express.
	Check(Spec) error
	// ShardPath is the path of a shard below the output, slash separated.
	ShardPath(s Spec, shard int64) string
	// IndexPath is the path of a shard's index below the output; empty if the format has none.
	IndexPath(s Spec, shard int64) string
	// NewWriter writes one shard to w. Errors of the Spec are reported by the first Write or Close.
	NewWriter(w io.Writer, s Spec) Writer
	// NewReader reads one shard from its first byte. Where Traits.RandomAccess is set, r must be a
	// [RandomAccess], such as *bytes.Reader and *io.SectionReader.
	NewReader(r io.Reader, o ReadOptions) Reader
	// SideFiles returns the files beside the shards that the format's readers need, rebuilt from
	// all that the output holds: one Set for each split, or for each replica of a split. The order
	// of the sets does not matter.
	SideFiles(sets []Set) ([]File, error)
}

// Traits says what a format can hold. Fields that it cannot hold are zero after reading.
type Traits struct {
	RandomAccess bool // reading starts at the end of the file: NewReader needs a RandomAccess
	Checksums    bool // each record is protected by a checksum
	Float32      bool // Lam and LamDrawn are rounded to float32
	Dense16      bool // the label form dense16 exists
	ImageSize    bool // Record.W and Record.H are kept
	Class        bool // Record.Class is kept
	Whole        bool // a shard begins with where its records are: a writer holds it until Close
	OneSchema    bool // label form and image format are the same in all splits of an output
}

// RandomAccess is what the reader of a format with a footer needs.
type RandomAccess interface {
	io.Reader
	io.ReaderAt
	Size() int64
}

// A Writer writes the records of one shard in order. The first error is final: later calls return
// it again.
type Writer interface {
	// Write appends a record. The record and its slices may be reused afterwards.
	Write(*Record) error
	// Close writes what completes the shard, but does not close, commit or publish the underlying
	// writer.
	Close() error
	// Index returns the contents of the shard's index file after Close; nil if there is none.
	Index() []byte
	// Payload is the number of bytes of the records written so far without the framing of the
	// format: what TFDS calls numBytes.
	Payload() int64
}

// A Reader reads the records of one shard in order.
type Reader interface {
	// Next overwrites all of the record, reusing the capacity of Image and Soft. It returns io.EOF
	// after the last record. An error is final and returned again, unless it is a *RecordError:
	// then reading can go on after the defect.
	Next(*Record) error
	// Offset is the place of the last record, or of what Next reported: a byte offset, except in
	// formats with Traits.RandomAccess, where it is the number of the record.
	Offset() int64
}

// ReadOptions change how a shard is read. The zero value is right for shards of premix.
type ReadOptions struct {
	// Report, if set, is called for everything that differs from what the format's own writer
	// would have written, but that readers accept. Verify uses it.
	Report func(Deviation)
	// MaxBytes limits what a record may hold; 0 means 1 GiB.
	MaxBytes int64
}

// defaultMaxBytes limits a record if ReadOptions do not.
const defaultMaxBytes = 1 << 30

// Limit is o.MaxBytes or its default.
func (o ReadOptions) Limit() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return defaultMaxBytes
}

// A ShardInfo is what the output knows of a finished shard, as a manifest lists it.
type ShardInfo struct {
	// Name is the path of the shard below the output, slash separated.
	Name string `json:"name"`
	// Samples is the number of its records, Bytes the size of the file, PayloadBytes what
	// Writer.Payload said.
	Samples      int64 `json:"samples"`
	Bytes        int64 `json:"bytes"`
	PayloadBytes int64 `json:"payload_bytes"`
	// SHA256 is the hash of the file in lower-case hex.
	SHA256 string `json:"sha256"`
}

// A Set is all shards of a split, or of one replica of a split, in order.
type Set struct {
	Spec   Spec
	Shards []ShardInfo
}

// A File is a side file: its path below the output, slash separated, and its contents.
type File struct {
	Path string
	// Write writes the contents, the same at each call. Its errors are those of w. The list of a million shards takes
	// 100 MB, so nobody holds it.
	Write func(w io.Writer) error
}

// FileOf is a side file with these contents.
func FileOf(path string, data []byte) File {
	return File{path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}}
}

// Data returns the contents.
func (f File) Data() []byte {
	var b bytes.Buffer
	f.Write(&b) // a buffer takes everything
	return b.Bytes()
}
