package tfshard

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
)

// TFDS is the shard format named tfds: a folder NAME/1.0.0 as TensorFlow Datasets prepares one.
// Replicas are splits of their own, SPLIT_rNNN.
type TFDS struct{}

var _ shard.Format = TFDS{}

var tfds = &profile{name: "tfds", encode: encodeTFDS, decode: decodeTFDS}

// version is that of the folder and of its metadata.
const version = "1.0.0"

// Name returns "tfds".
func (TFDS) Name() string { return tfds.name }

// Traits says that checksums protect each record, that λ is a float32, and that all splits have one
// schema.
func (TFDS) Traits() shard.Traits {
	return shard.Traits{Checksums: true, Float32: true, OneSchema: true}
}

// Check refuses the label form dense16, and class names that TFDS would drop or take for equal:
// it strips white space from them and passes over empty ones.
func (TFDS) Check(s shard.Spec) error { return tfds.checkTFDS(s) }

func (p *profile) checkTFDS(s shard.Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, c := range s.Classes {
		c = strings.TrimSpace(c)
		if c == "" || seen[c] {
			return fmt.Errorf("%s: the class name %q is empty or there twice, without white space at its ends", p.name, c)
		}
		seen[c] = true
	}
	return checkForm(p.name, &s)
}

// ShardPath is NAME/1.0.0/NAME-SPLIT[_rNNN].tfrecord-00000-of-01024.
func (TFDS) ShardPath(s shard.Spec, n int64) string { return tfdsPath(s, n, "tfrecord") }

func tfdsPath(s shard.Spec, n int64, fileFormat string) string {
	return path.Join(s.Name, version, fmt.Sprintf("%s-%s.%s-%05d-of-%05d", s.Name, s.SplitName("_"), fileFormat, n, s.Shards))
}

// IndexPath is the shard's name with .idx in __index__ beside it.
func (f TFDS) IndexPath(s shard.Spec, n int64) string { return indexPath(f.ShardPath(s, n)) }

// NewWriter writes a shard to w.
func (f TFDS) NewWriter(w io.Writer, s shard.Spec) shard.Writer {
	return newWriter(tfds, w, s, f.Check(s))
}

// NewReader reads a shard front to back.
func (TFDS) NewReader(r io.Reader, o shard.ReadOptions) shard.Reader { return newReader(tfds, r, o) }

func encodeTFDS(e *tfexample.Encoder, r *shard.Record) {
	encodeMix(e, tfdsNames, r)
	e.Text("file_name", r.Key+"."+r.ImageFormat)
	e.Bytes("image", r.Image)
	e.Text("key", r.Key)
	e.Ints("label", int64(r.Label))
	if len(r.Soft) > 0 {
		e.Floats("soft_label", r.Soft...)
	}
}

func decodeTFDS(e *tfexample.Example, r *shard.Record) error {
	g := getter{e: e}
	g.image(r, "image")
	g.int(&r.Label, "label")
	g.floats(&r.Soft, "soft_label")
	var file string
	g.text(&file, "file_name")
	dot := strings.LastIndexByte(file, '.')
	if dot >= 0 {
		r.Key, r.ImageFormat = file[:dot], file[dot+1:]
	}
	g.text(&r.Key, "key")
	g.mix(r, tfdsNames)
	return g.err
}
