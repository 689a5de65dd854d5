package webdataset

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
)

const bufferSize = 64 << 10

// writer implements shard.Writer.
type writer struct {
	w       *bufio.Writer
	spec    shard.Spec
	err     error // the first one; final
	closed  bool
	offset  int64 // of the next header
	samples int64
	payload int64
	lines   []byte // of the index, without the first
	scratch []byte // a small member
	head    [block]byte
	name    []byte
}

func newWriter(w io.Writer, s shard.Spec) *writer {
	t := &writer{w: bufio.NewWriterSize(w, bufferSize), spec: s}
	t.err = Format{}.Check(s)
	return t
}

func (t *writer) Write(r *shard.Record) error {
	if t.err == nil && t.closed {
		t.err = fmt.Errorf("webdataset: write after close")
	}
	if t.err == nil {
		t.err = r.Check(&t.spec)
	}
	if t.err == nil {
		t.record(r)
	}
	return t.err
}

func (t *writer) record(r *shard.Record) {
	start := len(t.lines)
	t.scratch = strconv.AppendInt(t.scratch[:0], int64(r.Label), 10)
	t.member(r.Key, "cls", t.scratch)
	t.member(r.Key, t.spec.ImageFormat, r.Image)
	t.scratch = appendJSON(t.scratch[:0], r)
	t.member(r.Key, "json", t.scratch)
	switch t.spec.LabelForm {
	case shard.Dense:
		t.scratch = npy.AppendFloat32(t.scratch[:0], r.Soft)
		t.member(r.Key, "soft.npy", t.scratch)
	case shard.Dense16:
		t.scratch = npy.AppendFloat16(t.scratch[:0], r.Soft)
		t.member(r.Key, "soft.npy", t.scratch)
	}
	if len(t.lines) > start {
		t.lines[len(t.lines)-1] = '\n'
	}
	t.samples++
}

// member writes a member and appends it to the index line: "ext offset size name ".
func (t *writer) member(key, ext string, data []byte) {
	if t.err != nil {
		return
	}
	t.name = append(append(append(t.name[:0], key...), '.'), ext...)
	h, err := appendHeader(t.head[:0], t.name, int64(len(data)))
	if err == nil {
		_, err = t.w.Write(h)
	}
	if err == nil {
		_, err = t.w.Write(data)
	}
	pad := padding(int64(len(data)))
	if err == nil {
		_, err = t.w.Write(zeros[:pad])
	}
	if err != nil {
		t.err = fmt.Errorf("webdataset: record %d at byte %d: %w", t.samples, t.offset, err)
		return
	}
	t.lines = strconv.AppendInt(append(append(t.lines, ext...), ' '), t.offset+block, 10)
	t.lines = strconv.AppendInt(append(t.lines, ' '), int64(len(data)), 10)
	t.lines = append(append(append(t.lines, ' '), t.name...), ' ')
	t.offset += block + int64(len(data)+pad)
	t.payload += int64(len(data))
}

func (t *writer) Close() error {
	if t.closed {
		return t.err
	}
	t.closed = true
	if t.err != nil {
		return t.err
	}
	_, err := t.w.Write(zeros[:])
	if err == nil {
		err = t.w.Flush()
	}
	if err != nil {
		t.err = fmt.Errorf("webdataset: end of archive at byte %d: %w", t.offset, err)
	}
	return t.err
}

// Index is DALI's index of version 1.2 (tools/wds2idx.py): a line "v1.2 SAMPLES", then a line a
// sample of "EXT DATA-OFFSET SIZE NAME" for each member, with one space between all.
func (t *writer) Index() []byte {
	return append(fmt.Appendf(nil, "v1.2 %d\n", t.samples), t.lines...)
}

func (t *writer) Payload() int64 { return t.payload }
