package tfshard

import (
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

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
