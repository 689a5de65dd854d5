package tfshard

import (
	"fmt"
	"io"
	"strings"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
)

// Slim is the shard format named tfrecord: files SPLIT[-rNNN]-00000-of-01024 with TF-slim's keys
// (research/slim/datasets of tensorflow/models).
type Slim struct{}

var _ shard.Format = Slim{}

var slim = &profile{name: "tfrecord", encode: encodeSlim, decode: decodeSlim}

// Name returns "tfrecord".
func (Slim) Name() string { return slim.name }

// Traits says that checksums protect each record, that λ is a float32, and that the image's size
// and the class name are kept.
func (Slim) Traits() shard.Traits {
	return shard.Traits{Checksums: true, Float32: true, ImageSize: true, Class: true}
}

// Check refuses the label form dense16.
func (Slim) Check(s shard.Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	return checkForm(slim.name, &s)
}

// ShardPath is SPLIT[-rNNN]-00000-of-01024.
func (Slim) ShardPath(s shard.Spec, n int64) string {
	return fmt.Sprintf("%s-%05d-of-%05d", s.SplitName("-"), n, s.Shards)
}

// IndexPath is __index__/SPLIT[-rNNN]-00000-of-01024.idx.
func (f Slim) IndexPath(s shard.Spec, n int64) string { return indexPath(f.ShardPath(s, n)) }

// NewWriter writes a shard to w.
func (f Slim) NewWriter(w io.Writer, s shard.Spec) shard.Writer {
	return newWriter(slim, w, s, f.Check(s))
}

// NewReader reads a shard front to back.
func (Slim) NewReader(r io.Reader, o shard.ReadOptions) shard.Reader { return newReader(slim, r, o) }

// SideFiles returns none: readers of this profile find the shards by their names alone.
func (Slim) SideFiles(sets []shard.Set) ([]shard.File, error) {
	_, err := shard.Merge(sets)
	return nil, err
}

const mixPrefix = "image/mix/"

func encodeSlim(e *tfexample.Encoder, r *shard.Record) {
	e.Ints("image/channels", 3)
	e.Ints("image/class/label", int64(r.Label)+1)
	if len(r.Soft) > 0 {
		e.Floats("image/class/soft_label", r.Soft...)
	}
	e.Text("image/class/synset", r.Class)
	e.Text("image/colorspace", "RGB")
	e.Bytes("image/encoded", r.Image)
	e.Text("image/filename", r.Key+"."+r.ImageFormat)
	e.Text("image/format", slimFormat(r.ImageFormat))
	e.Ints("image/height", int64(r.H))
	encodeMix(e, slimNames, r)
	e.Ints("image/width", int64(r.W))
}

func slimFormat(format string) string {
	if format == "jpg" {
		return "JPEG"
	}
	return strings.ToUpper(format)
}

func decodeSlim(e *tfexample.Example, r *shard.Record) error {
	g := getter{e: e}
	g.image(r, "image/encoded")
	g.int(&r.Label, "image/class/label")
	if r.Label >= 0 {
		r.Label-- // 0 is the background class: −1 here
	}
	g.floats(&r.Soft, "image/class/soft_label")
	g.text(&r.Class, "image/class/synset")
	g.int(&r.W, "image/width")
	g.int(&r.H, "image/height")
	g.text(&r.Key, "image/filename")
	if dot := strings.LastIndexByte(r.Key, '.'); dot >= 0 {
		r.Key = r.Key[:dot]
	}
	var format string
	g.text(&format, "image/format")
	if format == "JPEG" {
		format = "jpg"
	}
	r.ImageFormat = strings.ToLower(format)
	g.mix(r, slimNames)
	return g.err
}
