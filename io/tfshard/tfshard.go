// Package tfshard writes and reads shards of tf.train.Example, in the form of [Slim], of [TFDS] or of
// [ArrayRecord]. They differ in the names of features and files, and in the files beside the shards:
//
//   - [Slim], named tfrecord: the keys of TF-slim, which tf.data pipelines, TPU code, DALI and the
//     Python package tfrecord read. image/class/label counts from 1, everything of our own from 0.
//   - [TFDS], named tfds: a folder that tfds.builder_from_directory and tfds.load read without any
//     code. All labels count from 0.
//   - [ArrayRecord], named array_record: the same folder and the same records in ArrayRecord files, which
//     tfds.data_source and Grain read at any place.
//
// The fields of a record keep their names: image/mix/FIELD in one, FIELD in the other. λ becomes a
// float32, the only float that an example can hold. Beside each shard of TFRecord there is an index, which
// DALI requires: one line for each record, with its offset and length.
package tfshard

import (
	"fmt"
	"path"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
)

// A profile says how a record becomes an example.
type profile struct {
	name  string
	array bool // the files are ArrayRecord, not TFRecord
	// encode adds all features of a record.
	encode func(*tfexample.Encoder, *shard.Record)
	// decode fills an empty record; what an example lacks stays −1, 0 or empty, except for the
	// image, without which there is no record.
	decode func(*tfexample.Example, *shard.Record) error
}

// checkForm refuses what a list of float32 cannot hold.
func checkForm(name string, s *shard.Spec) error {
	if s.LabelForm == shard.Dense16 {
		return fmt.Errorf("%s: the label form %s needs float16, which tf.train.Example does not have; use %s", name, shard.Dense16, shard.Dense)
	}
	return nil
}

// indexPath puts the index of a shard into the folder __index__ beside it.
func indexPath(p string) string { return path.Join(path.Dir(p), "__index__", path.Base(p)+".idx") }
