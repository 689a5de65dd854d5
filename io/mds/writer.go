package mds

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix/io/shard"
)

// blockSize is how much memory a writer takes at once.
const blockSize = 1 << 20

// writer implements shard.Writer.
type writer struct {
	w       io.Writer
	spec    shard.Spec
	err     error // the first one; final
	closed  bool
	buf     []byte
	blocks  [][]byte // the samples
	ends    []uint32 // of the samples, from the first one's beginning
	total   int64
	payload int64
}

func (w *writer) Write(r *shard.Record) error {
	if w.err == nil && w.closed {
		w.err = errors.New("mds: write after close")
	}
	if w.err == nil {
		w.err = r.Check(&w.spec)
	}
	if w.err != nil {
		return w.err
	}
	w.buf = appendSample(w.buf[:0], r, w.spec.LabelForm)
	if w.total += int64(len(w.buf)); w.total+4*int64(len(w.ends)) > MaxShard-1<<20 {
		w.err = fmt.Errorf("mds: a shard of more than %d bytes: write more shards, with --samples-per-shard %d or fewer", MaxShard, max(1, len(w.ends)/2))
		return w.err
	}
	w.payload += int64(len(w.buf))
	w.ends = append(w.ends, uint32(w.total))
	for p := w.buf; len(p) > 0; {
		last := len(w.blocks) - 1
		if last < 0 || len(w.blocks[last]) == blockSize {
			w.blocks = append(w.blocks, make([]byte, 0, blockSize))
			last++
		}
		n := min(len(p), blockSize-len(w.blocks[last]))
		w.blocks[last] = append(w.blocks[last], p[:n]...)
		p = p[n:]
	}
	return nil
}

// Close writes the shard.
func (w *writer) Close() error {
	if w.closed || w.err != nil {
		w.closed = true
		return w.err
	}
	w.closed = true
	text := configOf(columnsOf(w.spec.ImageFormat, w.spec.LabelForm, len(w.spec.Classes))).text()
	first := uint32(4 + 4*(len(w.ends)+1) + len(text))
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(w.ends)))
	head = binary.LittleEndian.AppendUint32(head, first)
	for _, end := range w.ends {
		head = binary.LittleEndian.AppendUint32(head, first+end)
	}
	for _, p := range append([][]byte{append(head, text...)}, w.blocks...) {
		if _, err := w.w.Write(p); err != nil {
			w.err = fmt.Errorf("mds: %w", err)
			break
		}
	}
	w.blocks, w.buf = nil, nil
	return w.err
}

// Index is nil: the format has none.
func (w *writer) Index() []byte { return nil }

func (w *writer) Payload() int64 { return w.payload }
