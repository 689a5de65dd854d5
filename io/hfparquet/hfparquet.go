// Package hfparquet writes and reads shards as the Parquet files of Hugging Face datasets, through
// [Format]. [Open] reads any Parquet file of images:
//
//	data/SPLIT[_rNNN]-00000-of-01024.parquet
//
//	image       group { bytes binary, path string }    the encoded image and its file name
//	label       int64      a ClassLabel, as are label_a and label_b
//	key … source           the other fields of a record, under their names
//	soft_label  list of float, with dense labels
//
// The key "huggingface" of the file's metadata holds the features as JSON, so that datasets shows
// images and class names without any code. Columns can be null, as datasets requires, but never are.
// They are plain, but for a dictionary of repeated values, and not compressed: images do not compress
// further. Each page has a CRC-32. A row group holds at most 100 rows or 64 MiB, as the hub's viewer asks for; the writer
// holds one of them in memory.
//
// Replicas are splits of their own, SPLIT_rNNN, since datasets takes the name of a split from the
// part of the file name before the number.
package hfparquet

import (
	"fmt"
	"io"

	"github.com/premix/premix/io/shard"
)

// Format is the shard format named parquet.
type Format struct{}

var _ shard.Format = Format{}

// Name returns "parquet".
func (Format) Name() string { return "parquet" }

// Traits says that a shard is read from its end, and that neither the size of the image nor the
// class name is kept in a row. Pages have checksums, but headers and footer have none. All splits have
// one schema.
func (Format) Traits() shard.Traits { return shard.Traits{RandomAccess: true, OneSchema: true} }

// Check refuses the label form dense16, since readers of Parquet's float16 are rare.
func (Format) Check(s shard.Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	if s.LabelForm == shard.Dense16 {
		return fmt.Errorf("parquet: the label form %s is for webdataset only; use %s", shard.Dense16, shard.Dense)
	}
	return nil
}

// ShardPath is data/SPLIT[_rNNN]-00000-of-01024.parquet.
func (Format) ShardPath(s shard.Spec, n int64) string {
	return fmt.Sprintf("data/%s-%05d-of-%05d.parquet", s.SplitName("_"), n, s.Shards)
}

// IndexPath is empty: a Parquet file is its own index.
func (Format) IndexPath(shard.Spec, int64) string { return "" }

// NewWriter writes a shard to w.
func (f Format) NewWriter(w io.Writer, s shard.Spec) shard.Writer { return newWriter(w, s, f.Check(s)) }

// NewReader reads a shard, row group by row group. R must be a shard.RandomAccess.
func (Format) NewReader(r io.Reader, o shard.ReadOptions) shard.Reader { return newReader(r, o) }

// SideFiles returns none: the files describe themselves. Label form and image format must be
// those of all splits, since datasets keeps one schema for them.
func (Format) SideFiles(sets []shard.Set) ([]shard.File, error) {
	sets, err := shard.Merge(sets)
	if err != nil {
		return nil, err
	}
	return nil, shard.SameForm(sets)
}
