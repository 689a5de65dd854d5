package mds

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/window"
)

const (
	maxSamples = 1 << 26
	maxConfig  = 1 << 20
	slack      = 1 << 20 // what a sample may have beside an image of the largest size
)

// reader implements shard.Reader.
type reader struct {
	w           *window.Window
	o           shard.ReadOptions
	offsets     []byte // of the samples that are left, and the end
	columns     []column
	image, form string
	begun       bool
	number      int64 // of the next sample
	offset      int64 // of the last one
	buf, again  []byte
	err         error // that ended it
}

func newReader(r io.Reader, o shard.ReadOptions) *reader {
	return &reader{w: window.Stream(r, 0, -1, -1), o: o}
}

func (r *reader) Offset() int64 { return r.offset }

func (r *reader) Next(rec *shard.Record) error {
	rec.Reset()
	if !r.begun && r.err == nil {
		r.begun = true
		r.err = r.begin()
	}
	if r.err != nil {
		return r.err
	}
	if len(r.offsets) == 4 {
		switch p, err := r.w.Peek(1); {
		case err != nil:
			r.err = fmt.Errorf("mds: %w", err)
		case len(p) > 0:
			r.err = fmt.Errorf("mds: bytes follow the last sample, which ends at byte %d", r.w.Pos)
		default:
			r.err = io.EOF
		}
		return r.err
	}
	from, to := r.at(0), r.at(1)
	r.offsets = r.offsets[4:]
	r.offset = from
	number := r.number
	r.number++
	if to < from {
		r.err = fmt.Errorf("mds: sample %d at byte %d: it ends before it begins", number, from)
		return r.err
	}
	bad := func(err error) error { return &shard.RecordError{Record: number, Offset: from, Err: err} }
	if limit := r.o.Limit() + slack; to-from > limit {
		if err := r.w.Skip(to - from); err != nil {
			return r.stop(err)
		}
		return bad(fmt.Errorf("mds: %d bytes, the limit is %d", to-from, limit))
	}
	var err error
	if r.buf, err = r.w.Fill(r.buf, to-from); err != nil {
		return r.stop(err)
	}
	if err := parseSample(r.buf, rec, r.columns, r.image, r.form); err != nil {
		return bad(fmt.Errorf("mds: %w", err))
	}
	if int64(len(rec.Image)) > r.o.Limit() {
		return bad(fmt.Errorf("mds: an image of %d bytes, the limit is %d", len(rec.Image), r.o.Limit()))
	}
	if r.o.Report != nil {
		if r.again = appendSample(r.again[:0], rec, r.form); !bytes.Equal(r.again, r.buf) {
			r.o.Report(shard.Deviation{Record: number, Offset: from, Key: rec.Key, What: "the sample differs from the record written anew"})
		}
	}
	return nil
}

// at is the offset with a number from the next sample on.
func (r *reader) at(i int) int64 { return int64(binary.LittleEndian.Uint32(r.offsets[4*i:])) }

// begin reads what is before the samples.
func (r *reader) begin() error {
	p, err := r.w.Fill(nil, 4)
	if err != nil {
		return r.stop(err)
	}
	n := int64(binary.LittleEndian.Uint32(p))
	if n > maxSamples {
		return fmt.Errorf("mds: a shard of %d samples, at most %d are read", n, maxSamples)
	}
	if r.offsets, err = r.w.Fill(nil, 4*(n+1)); err != nil {
		return r.stop(err)
	}
	size := r.at(0) - r.w.Pos
	if size < 2 || size > maxConfig {
		return fmt.Errorf("mds: the first sample is at byte %d, which leaves %d bytes for the configuration", r.at(0), size)
	}
	text, err := r.w.Fill(nil, size)
	if err != nil {
		return r.stop(err)
	}
	if r.columns, r.image, r.form, err = parseConfig(text); err != nil {
		return fmt.Errorf("mds: %w", err)
	}
	if want := configOf(r.columns).text(); r.o.Report != nil && want != string(text) {
		r.o.Report(shard.Deviation{Record: -1, Offset: r.w.Pos - size, What: "the configuration differs from the one that premix writes"})
	}
	return nil
}

// stop ends the reading where the file ends too early, or with an error of the medium.
func (r *reader) stop(err error) error {
	if r.w.Ended(err) {
		r.err = fmt.Errorf("mds: truncated: the file ends at byte %d, before the end of sample %d", r.w.Pos, max(0, r.number-1))
	} else {
		r.err = fmt.Errorf("mds: %w", err)
	}
	return r.err
}
