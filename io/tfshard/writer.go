package tfshard

import (
	"errors"
	"io"

	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// A frameWriter writes the records of a file, whatever they are.
type frameWriter interface {
	Write([]byte) error
	Close() error
	Payload() int64
}

// writer implements shard.Writer.
type writer struct {
	*profile
	spec   shard.Spec
	w      frameWriter
	err    error
	closed bool
	enc    tfexample.Encoder
	buf    []byte
}

func newWriter(p *profile, w io.Writer, s shard.Spec, check error) *writer {
	t := &writer{profile: p, spec: s, err: check}
	if p.array {
		t.w = arrayrecord.NewWriter(w)
	} else {
		t.w = tfrecord.NewWriter(w)
	}
	return t
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

// Index is nil where the file has a footer.
func (t *writer) Index() []byte {
	if w, ok := t.w.(*tfrecord.Writer); ok {
		return w.Index()
	}
	return nil
}

func (t *writer) Payload() int64 { return t.w.Payload() }
