// Package tfshard holds the two shard formats that are TFRecords of tf.train.Example and differ
// in what the features, the files and their companions are called:
//
//   - [Slim], named tfrecord: the keys of TF-slim, which tf.data pipelines, TPU code, DALI and the
//     Python package tfrecord read. image/class/label counts from 1, everything of our own from 0.
//   - [TFDS], named tfds: a folder that tfds.builder_from_directory and tfds.load read without any
//     code. All labels count from 0.
//
// The fields of a record keep their names: image/mix/FIELD in one, FIELD in the other. λ becomes a
// float32, the only float that an example can hold. Beside each shard there is an index, which
// DALI requires: a line a record, of its offset and length.
package tfshard

import (
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// A profile says how a record becomes an example.
type profile struct {
	name string
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

// writer implements shard.Writer.
type writer struct {
	*profile
	spec   shard.Spec
	w      *tfrecord.Writer
	err    error
	closed bool
	enc    tfexample.Encoder
	buf    []byte
}

func newWriter(p *profile, w io.Writer, s shard.Spec, check error) *writer {
	return &writer{profile: p, spec: s, w: tfrecord.NewWriter(w), err: check}
}

func (t *writer) Write(r *shard.Record) error {
	if t.err == nil && t.closed {
		t.err = errors.New(t.name + ": write after close")
	}
	if t.err == nil {
		t.err = r.Check(&t.spec)
	}
	if t.err != nil {
		return t.err
	}
	sized := *r
	if sized.W == 0 && sized.H == 0 {
		sized.W, sized.H = t.spec.Size.W, t.spec.Size.H
	}
	t.enc.Reset()
	t.encode(&t.enc, &sized)
	t.buf = t.enc.Append(t.buf[:0])
	t.err = t.w.Write(t.buf)
	return t.err
}

func (t *writer) Close() error {
	if !t.closed && t.err == nil {
		t.err = t.w.Close()
	}
	t.closed = true
	return t.err
}

func (t *writer) Index() []byte  { return t.w.Index() }
func (t *writer) Payload() int64 { return t.w.Payload() }

// reader implements shard.Reader.
type reader struct {
	*profile
	r      *tfrecord.Reader
	report func(shard.Deviation)
	ex     tfexample.Example
	enc    tfexample.Encoder
	buf    []byte
}

func newReader(p *profile, r io.Reader, o shard.ReadOptions) *reader {
	return &reader{profile: p, r: tfrecord.NewReader(r, o.Limit()), report: o.Report}
}

func (t *reader) Offset() int64 { return t.r.Offset() }

func (t *reader) Next(rec *shard.Record) error {
	rec.Reset()
	data, err := t.r.Next()
	if err != nil {
		var e *tfrecord.Error
		if errors.As(err, &e) && e.Kind == tfrecord.BadData {
			return &shard.RecordError{Record: e.Record, Offset: e.Offset, Err: errors.New(t.name + ": data checksum mismatch")}
		}
		return err
	}
	unstated(rec)
	if err = t.ex.Parse(data); err == nil {
		err = t.decode(&t.ex, rec)
	}
	if err != nil {
		return &shard.RecordError{Record: t.r.Record(), Offset: t.r.Offset(), Err: fmt.Errorf("%s: %w", t.name, err)}
	}
	if t.report != nil {
		t.lint(rec, data)
	}
	return nil
}

// unstated sets what an example may lack.
func unstated(rec *shard.Record) {
	rec.Label, rec.LabelA, rec.LabelB = -1, -1, -1
	rec.Peak.X, rec.Peak.Y = -1, -1
}
