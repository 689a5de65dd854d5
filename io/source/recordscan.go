package source

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tfrecord"
)

// recordSlack is what a record may have beside an image of the largest size.
const recordSlack = 16 << 20

// A recordScanner walks through the records of a TFRecord file by its window, so that it knows
// where bytes are and whether an end is the file's.
type recordScanner struct {
	w      *window
	number int64 // of the next record
	next   int64 // its offset
	buf    []byte
	head   [12]byte
	done   bool
	over   bool // the last record was above the limit and is being skipped
	rescue bool // behind a broken head, look for the next good one
}

// A record is one record of the file; data are valid until the next call.
type record struct {
	number int64
	offset int64 // of its first framing byte
	size   int64
	data   []byte
}

// place begins what is said of a record.
func (r *record) place() string { return fmt.Sprintf("record %d at byte %d: ", r.number, r.offset) }

// A recordFault is a defect of one record.
type recordFault struct {
	record
	fault *premix.Fault
}

func (f *recordFault) Error() string { return f.fault.Reason }

func (s *recordScanner) faultf(r record, kind premix.FaultKind, format string, args ...any) error {
	reason := r.place() + fmt.Sprintf(format, args...)
	return &recordFault{r, &premix.Fault{Kind: kind, Reason: reason}}
}

// header reads the head of the next record. Its errors are io.EOF, a *recordFault, or of the
// environment.
func (s *recordScanner) header(ctx context.Context) (record, error) {
	if err := ctx.Err(); err != nil {
		return record{}, err
	}
	r := record{number: s.number, offset: s.next}
	if s.done || s.w.end >= 0 && s.next >= s.w.end {
		s.done = true
		return r, io.EOF
	}
	if s.next > s.w.pos {
		if err := s.w.skip(s.next - s.w.pos); err != nil {
			if s.over && s.w.ended(err) {
				s.done = true
				return r, io.EOF
			}
			return r, s.stop(r, err, "the file ends inside of the record before")
		}
	}
	have, err := s.w.peek(len(s.head))
	switch {
	case err != nil:
		return r, s.stop(r, err, "the file ends early")
	case len(have) == 0:
		s.done = true
		return r, io.EOF
	case len(have) < len(s.head):
		s.done = true
		return r, s.faultf(r, premix.Truncated, "%d of the %d bytes of its head", len(have), len(s.head))
	}
	copy(s.head[:], have)
	length := binary.LittleEndian.Uint64(s.head[:])
	if binary.LittleEndian.Uint32(s.head[8:]) != tfrecord.Mask(s.head[:8]) {
		return r, s.broken(ctx, r)
	}
	if err := s.w.skip(int64(len(s.head))); err != nil {
		return r, err
	}
	if length > 1<<62 || s.w.max >= 0 && int64(length) > s.w.max-s.w.pos {
		s.done = true
		return r, s.faultf(r, premix.Truncated, "it says that it has %d bytes, more than the file", length)
	}
	r.size = int64(length)
	s.number++
	s.next = r.offset + tfrecord.Overhead + r.size
	return r, nil
}

// broken is the fault of a record whose head is broken. Its length is not known, so the next record
// begins where the next head is whose checksum is right: that has 32 bits, and the upper half of a
// length is 0 besides, so that no accident makes one.
func (s *recordScanner) broken(ctx context.Context, r record) error {
	if s.done = !s.rescue; s.done {
		return s.faultf(r, premix.Corrupt, "length checksum mismatch: what follows is lost")
	}
	s.number++
	err := s.w.skip(1)
	for err == nil {
		if err = ctx.Err(); err != nil {
			return err
		}
		var p []byte
		p, err = s.w.peek(resyncBytes)
		at := findHead(p)
		if at >= 0 || len(p) == resyncBytes {
			err = nil
		} else if err == nil {
			err = io.ErrUnexpectedEOF // it is the end
		}
		step := at
		if step < 0 {
			step = max(1, len(p)-len(s.head)+1)
		}
		if err != nil {
			step = len(p)
		}
		if err := s.w.skip(int64(step)); err != nil {
			return err
		}
		if at >= 0 || s.w.end >= 0 && s.w.pos >= s.w.end {
			break
		}
	}
	if err != nil && !s.w.ended(err) && premix.AsFault(err) == nil {
		return err
	}
	if s.next = s.w.pos; err != nil {
		s.done = true
		return s.faultf(r, premix.Corrupt, "length checksum mismatch: no record follows, %d bytes are lost", s.next-r.offset)
	}
	if s.w.end >= 0 {
		s.next = min(s.next, s.w.end)
	}
	return s.faultf(r, premix.Corrupt, "length checksum mismatch: %d bytes are lost up to the next record", s.next-r.offset)
}

// findHead finds the first head of a record in p; −1 if there is none.
func findHead(p []byte) int {
	for i := 0; i+12 <= len(p); i++ {
		if h := p[i : i+12]; binary.LittleEndian.Uint32(h[4:]) == 0 && binary.LittleEndian.Uint32(h[8:]) == tfrecord.Mask(h[:8]) {
			return i
		}
	}
	return -1
}

// resyncBytes is how much is looked at in one go.
const resyncBytes = 4096

// stop ends the scan with an error of the window.
func (s *recordScanner) stop(r record, err error, what string) error {
	s.done = true
	if f := premix.AsFault(err); f != nil {
		return s.faultf(r, f.Kind, "%s", f.Reason)
	}
	if s.w.ended(err) {
		return s.faultf(r, premix.Truncated, "%s", what)
	}
	return err
}

// record reads the next record and checks it. Records above the limit are faults, and skipped.
func (s *recordScanner) record(ctx context.Context, limit int64) (record, error) {
	r, err := s.header(ctx)
	if err != nil {
		return r, err
	}
	if s.over = r.size > limit; s.over {
		return r, s.faultf(r, premix.TooLarge, "%d bytes, the limit is %d", r.size, limit)
	}
	s.buf, err = s.w.read(s.buf, r.size+4)
	if err != nil {
		return r, s.stop(r, err, fmt.Sprintf("%d of its %d bytes", len(s.buf), r.size))
	}
	r.data = s.buf[:r.size]
	if binary.LittleEndian.Uint32(s.buf[r.size:]) != tfrecord.Mask(r.data) {
		return r, s.faultf(r, premix.Corrupt, "data checksum mismatch")
	}
	return r, nil
}
