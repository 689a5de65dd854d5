package tfshard

import (
	"io"

	"github.com/premix/premix/io/shard"
)

// ArrayRecord is the shard format named array_record: a folder of TFDS whose files are ArrayRecord. Its records are
// those of [TFDS]. Only tfds.data_source, and programs that read the files themselves, such as Grain, take it:
// as_dataset of TFDS refuses it. The files have a footer, and need no index.
type ArrayRecord struct{}

var _ shard.Format = ArrayRecord{}

var arrayRecord = &profile{name: "array_record", array: true, encode: encodeTFDS, decode: decodeTFDS}

// Name returns "array_record", which is what dataset_info.json calls the format of its files.
func (ArrayRecord) Name() string { return arrayRecord.name }

// Traits are those of TFDS.
func (ArrayRecord) Traits() shard.Traits { return TFDS{}.Traits() }

// Check refuses what TFDS refuses.
func (ArrayRecord) Check(s shard.Spec) error { return arrayRecord.checkTFDS(s) }

// ShardPath is NAME/1.0.0/NAME-SPLIT[_rNNN].array_record-00000-of-01024.
func (ArrayRecord) ShardPath(s shard.Spec, n int64) string { return tfdsPath(s, n, arrayRecord.name) }

// IndexPath is empty: a file ends with where its records are.
func (ArrayRecord) IndexPath(shard.Spec, int64) string { return "" }

// NewWriter writes a shard to w.
func (f ArrayRecord) NewWriter(w io.Writer, s shard.Spec) shard.Writer {
	return newWriter(arrayRecord, w, s, f.Check(s))
}

// NewReader reads a shard front to back, and compares its footer with what it has read.
func (ArrayRecord) NewReader(r io.Reader, o shard.ReadOptions) shard.Reader {
	return newReader(arrayRecord, r, o)
}

// SideFiles are those of TFDS; dataset_info.json states the other format of files.
func (ArrayRecord) SideFiles(sets []shard.Set) ([]shard.File, error) {
	return arrayRecord.sideFiles(sets, arrayRecord.name)
}
