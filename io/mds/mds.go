// Package mds writes and reads shards of MosaicML streaming: [Format] is named mds. A folder SPLIT[-rNNN], with an
// index.json, is what StreamingDataset(local=OUT, split="train-r001") reads. A shard is
//
//	shard  = samples(u32) { offset(u32) } config { sample }
//	sample = { size(u32) } { value }
//
// with one offset more than samples, from the beginning of the file, the last one being where it ends. The values of a
// sample are its columns in the order of their names, and it begins with the sizes of those that have not always the
// same. Numbers are little endian. config is the JSON that index.json has of each shard, without the shard's own.
//
// Sources: mosaicml/streaming streaming/base/format/mds/{writer,reader,encodings}.py and base/writer.py.
package mds

import (
	"fmt"
	"io"

	"github.com/premix/premix/io/shard"
)

// Format is the shard format named mds. A shard begins with where its samples are, so a writer holds all of it, which
// is at most [MaxShard].
type Format struct{}

var _ shard.Format = Format{}

// MaxShard is how many bytes a shard may have. The format has 4 GiB; a reader fetches a shard whole, and streaming's
// own writer begins another one at 64 MiB.
const MaxShard = 1 << 30

// Name returns "mds".
func (Format) Name() string { return "mds" }

// Traits says that all label forms exist, and that a writer holds its shard.
func (Format) Traits() shard.Traits { return shard.Traits{Dense16: true, Whole: true} }

// Check refuses nothing more than the Spec itself.
func (Format) Check(s shard.Spec) error { return s.Check() }

// ShardPath is SPLIT[-rNNN]/SPLIT[-rNNN]-00000-of-01024.mds.
func (Format) ShardPath(s shard.Spec, n int64) string {
	name := s.SplitName("-")
	return fmt.Sprintf("%s/%s-%05d-of-%05d.mds", name, name, n, s.Shards)
}

// IndexPath is empty: index.json is a side file.
func (Format) IndexPath(shard.Spec, int64) string { return "" }

// NewWriter writes a shard to w when it is closed.
func (f Format) NewWriter(w io.Writer, s shard.Spec) shard.Writer {
	return &writer{w: w, spec: s, err: f.Check(s)}
}

// NewReader reads a shard front to back.
func (Format) NewReader(r io.Reader, o shard.ReadOptions) shard.Reader { return newReader(r, o) }
