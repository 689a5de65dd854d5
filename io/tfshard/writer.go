package tfshard

import (
	"errors"
	"io"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

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
