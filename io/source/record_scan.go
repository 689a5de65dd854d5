package source

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/io/window"
)

// recordSlack is what a record may have beside an image of the largest size.
const recordSlack = 16 << 20

// A recordScanner walks through the records of a TFRecord file by its window, so that it knows
// where bytes are and whether an end is the file's.
type recordScanner struct {
	w      *window.Window
	number int64 // of the next record
	next   int64 // its offset
	buf    []byte
	head   [12]byte
	done   bool
	rescue bool // after a broken head or an impossible length, look for the next good head
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
	lost  int64 // bytes behind the record that are lost with it, or unknown; 0 if it is the record alone
}

func (f *recordFault) Error() string { return f.fault.Reason }

func (s *recordScanner) faultf(r record, kind premix.FaultKind, format string, args ...any) error {
	reason := r.place() + fmt.Sprintf(format, args...)
	return &recordFault{r, &premix.Fault{Kind: kind, Reason: reason}, 0}
}

// losing says how many bytes are lost with the record of a fault.
func losing(bytes int64, err error) error {
	if f, ok := err.(*recordFault); ok {
		f.lost = bytes
	}
	return err
}

// header reads the head of the next record. Its errors are io.EOF, a *recordFault, or of the
// environment.
func (s *recordScanner) header(ctx context.Context) (record, error) {
	if err := ctx.Err(); err != nil {
		return record{}, err
	}
	r := record{number: s.number, offset: s.next}
	if s.done || s.w.End >= 0 && s.next >= s.w.End {
		s.done = true
		return r, io.EOF
	}
	if s.next > s.w.Pos {
		if err := s.w.Skip(s.next - s.w.Pos); err != nil {
			return r, s.stop(r, err, "the file ends inside of the record before")
		}
	}
	have, err := s.w.Peek(len(s.head))
	switch {
	case err != nil:
		return r, s.stop(r, err, "the file ends early")
	case len(have) == 0:
		s.done = true
		return r, io.EOF
	case len(have) < len(s.head):
		s.done = true
		return r, losing(unknown, s.faultf(r, premix.Truncated, "%d of the %d bytes of its head", len(have), len(s.head)))
	}
	copy(s.head[:], have)
	length := binary.LittleEndian.Uint64(s.head[:])
	if binary.LittleEndian.Uint32(s.head[8:]) != tfrecord.Mask(s.head[:8]) {
		if r.offset == 0 && s.rescue {
			head, _ := s.w.Peek(tarBlock)
			if i := impostorOf(head, s.w.Max, ""); i != nil {
				s.done = true
				return r, &recordFault{r, premix.AsFault(i.fault()), i.bytes}
			}
		}
		return r, s.broken(ctx, r, -1, premix.Corrupt, "length checksum mismatch")
	}
	if length > 1<<62 || s.w.Max >= 0 && int64(length) > s.w.Max-s.w.Pos-int64(len(s.head)) {
		return r, s.broken(ctx, r, -1, premix.Truncated, fmt.Sprintf("it says that it has %d bytes, more than the file", length))
	}
	if err := s.w.Skip(int64(len(s.head))); err != nil {
		return r, err
	}
	r.size = int64(length)
	s.number++
	s.next = r.offset + tfrecord.Overhead + r.size
	return r, nil
}

// broken is the fault of a record whose head is broken, or states a length that cannot be. The next
// record begins where the next head is whose checksum is right: that has 32 bits, and the upper half
// of a length is 0 besides, so that data hardly ever look like one. If it is at end, where it should be by the
// length, the record is only too large; end may be −1. kind is that of a record that none follows.
func (s *recordScanner) broken(ctx context.Context, r record, end int64, kind premix.FaultKind, what string) error {
	if s.done = !s.rescue; s.done {
		return s.faultf(r, kind, "%s: what follows is lost", what)
	}
	s.number = r.number + 1
	err := s.w.Skip(max(0, r.offset+1-s.w.Pos))
	for err == nil {
		if err = ctx.Err(); err != nil {
			return err
		}
		var p []byte
		p, err = s.w.Peek(resyncBytes)
		at, step := findHead(p), len(p)
		switch {
		case at >= 0:
			step, err = at, nil
		case len(p) == resyncBytes:
			step, err = len(p)-len(s.head)+1, nil
		case err == nil:
			err = io.ErrUnexpectedEOF // it is the end
		}
		if err := s.w.Skip(int64(step)); err != nil {
			return err
		}
		if at >= 0 || s.w.End >= 0 && s.w.Pos >= s.w.End {
			break
		}
	}
	if err != nil && !s.w.Ended(err) && premix.AsFault(err) == nil {
		return err
	}
	s.next, s.done = s.w.Pos, err != nil
	if s.w.End >= 0 {
		s.next = min(s.next, s.w.End)
	}
	switch {
	case premix.AsFault(err) != nil:
		f := premix.AsFault(err)
		return losing(s.streamLost(), s.faultf(r, f.Kind, "%s: no record follows, %d bytes are lost; %s", what, s.next-r.offset, f.Reason))
	case s.next == end:
		return s.faultf(r, premix.TooLarge, "%s", what)
	case err == nil:
		return losing(s.next-r.offset, s.faultf(r, premix.Corrupt, "%s: %d bytes are lost up to the next record", what, s.next-r.offset))
	}
	return losing(max(s.next-r.offset, 1), s.faultf(r, kind, "%s: no record follows, %d bytes are lost", what, s.next-r.offset))
}

// findHead finds the first head of a record in p; −1 if there is none. Where the upper half of a length
// would not be zero, the places are passed over at which the same bytes would be in it; and of zeros, of
// which there may be a gigabyte, no checksum is computed.
func findHead(p []byte) int {
	for i := 0; i+12 <= len(p); {
		if upper := binary.LittleEndian.Uint32(p[i+4:]); upper != 0 {
			i += (bits.Len32(upper) + 7) / 8
			continue
		}
		want := maskOfZero
		if binary.LittleEndian.Uint32(p[i:]) != 0 {
			want = tfrecord.Mask(p[i : i+8])
		}
		if binary.LittleEndian.Uint32(p[i+8:]) == want {
			return i
		}
		i++
	}
	return -1
}

// maskOfZero is the checksum of the length 0.
var maskOfZero = tfrecord.Mask(make([]byte, 8))

// resyncBytes is how much is looked at in one go.
const resyncBytes = 4096

// stop ends the scan with an error of the window.
func (s *recordScanner) stop(r record, err error, what string) error {
	s.done = true
	if f := premix.AsFault(err); f != nil {
		return losing(s.streamLost(), s.faultf(r, f.Kind, "%s", f.Reason))
	}
	if s.w.Ended(err) {
		return losing(unknown, s.faultf(r, premix.Truncated, "%s", what))
	}
	return err
}

// streamLost is how many bytes of a compressed file are lost after an error of the stream, or unknown.
func (s *recordScanner) streamLost() int64 {
	if s.w.Lost == nil {
		return unknown
	}
	return s.w.Lost()
}

// large is the fault of a record above the limit. It is skipped by its length if another record, or
// the end, is where that says; otherwise the length is wrong, whatever its checksum says.
func (s *recordScanner) large(ctx context.Context, r record, limit int64) error {
	what := fmt.Sprintf("%d bytes, the limit is %d", r.size, limit)
	from, end := s.w.Pos, s.next
	if s.w.Max >= 0 && (s.w.End < 0 || end <= s.w.End) && end <= s.w.Max {
		if err := s.w.Skip(end - from); err != nil {
			return err
		}
		head, err := s.w.Peek(len(s.head))
		if err != nil {
			return err
		}
		if len(head) == 0 || findHead(head) == 0 {
			return s.faultf(r, premix.TooLarge, "%s", what)
		}
		if ok, err := s.w.Back(from); err != nil || !ok {
			return cmp.Or(err, s.faultf(r, premix.TooLarge, "%s", what))
		}
	}
	return s.broken(ctx, r, end, premix.Truncated, what)
}

// record reads the next record and checks it. Records above the limit are faults.
func (s *recordScanner) record(ctx context.Context, limit int64) (record, error) {
	r, err := s.header(ctx)
	if err != nil {
		return r, err
	}
	if r.size > limit {
		return r, s.large(ctx, r, limit)
	}
	s.buf, err = s.w.Fill(s.buf, r.size+4)
	if err != nil {
		return r, s.stop(r, err, fmt.Sprintf("%d of its %d bytes", len(s.buf), r.size))
	}
	r.data = s.buf[:r.size]
	if binary.LittleEndian.Uint32(s.buf[r.size:]) != tfrecord.Mask(r.data) {
		return r, s.faultf(r, premix.Corrupt, "data checksum mismatch")
	}
	return r, nil
}
