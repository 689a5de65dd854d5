package tfrecord

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// IsHead reports whether p begins with a length whose checksum is right.
func IsHead(p []byte) bool {
	return len(p) >= headerSize && binary.LittleEndian.Uint32(p[8:]) == Mask(p[:8])
}

// FindHead finds the first head of a record in p; −1 if there is none. Where the upper half of a length
// would not be zero, the places are passed over at which the same bytes would be in it; and of zeros, of
// which there may be a gigabyte, no checksum is computed.
func FindHead(p []byte) int {
	for i := 0; i+12 <= len(p); {
		if upper := binary.LittleEndian.Uint32(p[i+4:]); upper != 0 {
			i += (bits.Len32(upper) + 7) / 8
			continue
		}
		want := maskOfZero
		if binary.LittleEndian.Uint32(p[i:]) != 0 {
			want = Mask(p[i : i+8])
		}
		if binary.LittleEndian.Uint32(p[i+8:]) == want {
			return i
		}
		i++
	}
	return -1
}

// maskOfZero is the checksum of the length 0.
var maskOfZero = Mask(make([]byte, 8))

// resyncBytes is how much is looked at in one go.
const resyncBytes = 4096

// broken is the error of a record whose head is broken, or states a length that cannot be. The next
// record begins where the next head is whose checksum is right: that has 32 bits, and the upper half
// of a length is 0 besides, so that data hardly ever look like one. If it is at end, where it should be
// by the length, the record is only too long; end may be −1. kind is that of a record that none follows.
func (r *Reader) broken(end int64, kind Kind, what string) error {
	if !r.o.Rescue {
		return r.final(r.fault(kind, unknown, what+": what follows is lost"))
	}
	found, err := r.resync()
	if err != nil && !r.w.Ended(err) {
		return r.medium(err, fmt.Sprintf("%s: no record follows, %d bytes are lost; %v", what, r.next-r.offset, err))
	}
	lost := r.next - r.offset
	switch {
	case r.next == end:
		e := r.fault(TooLong, 0, what)
		if !found {
			return r.final(e)
		}
		return e
	case found:
		return r.fault(BadLength, lost, fmt.Sprintf("%s: %d bytes are lost up to the next record", what, lost))
	}
	return r.final(r.fault(kind, max(lost, 1), fmt.Sprintf("%s: no record follows, %d bytes are lost", what, lost)))
}

// resync moves next to the next head behind the beginning of the last record, or to where it gave up. It
// has found one too where the records end that are asked for.
func (r *Reader) resync() (found bool, err error) {
	err = r.w.Skip(max(0, r.offset+1-r.w.Pos))
	end := r.w.End
	for err == nil && !found {
		if r.o.Interrupted != nil {
			if err := r.o.Interrupted(); err != nil {
				return false, err
			}
		}
		var p []byte
		p, err = r.w.Peek(resyncBytes)
		at, step := FindHead(p), len(p)
		switch {
		case at >= 0:
			step, err = at, nil
		case len(p) == resyncBytes:
			step, err = len(p)-headerSize+1, nil
		case err == nil:
			err = io.ErrUnexpectedEOF // it is the end
		}
		if err := r.w.Skip(int64(step)); err != nil {
			return false, err
		}
		found = at >= 0 || end >= 0 && r.w.Pos >= end
	}
	r.next = r.w.Pos
	if end >= 0 {
		r.next = min(r.next, end)
	}
	return err == nil, err
}

// large is the error of a record above the limit. It is skipped by its length if another record, or
// the end, is where that says; otherwise the length is wrong, whatever its checksum says.
func (r *Reader) large() error {
	what := fmt.Sprintf("%d bytes, the limit is %d", r.size, r.o.MaxRecord)
	from, end := r.w.Pos, r.next
	if size := r.w.Max; size >= 0 && (r.w.End < 0 || end <= r.w.End) && end <= size {
		if err := r.w.Skip(end - from); err != nil {
			return r.medium(err, "")
		}
		head, err := r.w.Peek(headerSize)
		if err != nil {
			return r.medium(err, "")
		}
		if len(head) == 0 || FindHead(head) == 0 {
			return r.fault(TooLong, 0, what)
		}
		if ok, err := r.w.Back(from); err != nil {
			return r.medium(err, "")
		} else if !ok {
			return r.fault(TooLong, 0, what)
		}
	}
	return r.broken(end, Truncated, what)
}
