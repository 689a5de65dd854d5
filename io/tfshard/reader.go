package tfshard

import (
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/io/window"
)

// A frameReader reads the records of a file, whatever they are.
type frameReader interface {
	Next() ([]byte, error)
	Record() int64
	Offset() int64
}

// reader implements shard.Reader.
type reader struct {
	*profile
	r      frameReader
	report func(shard.Deviation)
	ex     tfexample.Example
	enc    tfexample.Encoder
	buf    []byte
}

func newReader(p *profile, r io.Reader, o shard.ReadOptions) *reader {
	t := &reader{profile: p, report: o.Report}
	if !p.array {
		t.r = tfrecord.NewReader(r, o.Limit())
		return t
	}
	options := arrayrecord.Options{MaxRecord: o.Limit()}
	if o.Report != nil {
		options.Report = func(offset int64, what string) {
			o.Report(shard.Deviation{Record: t.r.Record() + 1, Offset: offset, What: what})
		}
	}
	t.r = arrayrecord.Open(window.Stream(r, 0, -1, -1), options)
	return t
}

// defectOf returns what is wrong with one record where reading goes on after it; nil for any other error.
func (t *reader) defectOf(err error) error {
	var e *tfrecord.Error
	if errors.As(err, &e) && e.Kind == tfrecord.BadData {
		return &shard.RecordError{Record: e.Record, Offset: e.Offset, Err: errors.New(t.name + ": data checksum mismatch")}
	}
	var a *arrayrecord.Error
	if errors.As(err, &a) && a.GoesOn() {
		return &shard.RecordError{Record: a.Record, Offset: a.Offset, Err: errors.New(t.name + ": " + a.Detail())}
	}
	return nil
}

func (t *reader) Offset() int64 { return t.r.Offset() }

func (t *reader) Next(rec *shard.Record) error {
	rec.Reset()
	data, err := t.r.Next()
	if err != nil {
		if defect := t.defectOf(err); defect != nil {
			return defect
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
