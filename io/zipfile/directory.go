// Package zipfile reads zip archives by their central directory: where it is ([Find]), its records ([Directory.Check],
// [Directory.Walk]), and the contents of stored and deflated members ([Reader.Read]).
//
// The directory is believed as a whole or not at all: a record that cannot be right is a fault of the archive. What is
// wrong with a member, or its own header, is a fault of that member alone. An archive may be any bytes: memory is taken
// for what arrives.
package zipfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/premix/premix"
)

// A Directory is the central directory of an archive. It is plain data, which [Find] and [Directory.Check] fill.
type Directory struct {
	At, End int64 // where its records are
	Base    int64 // bytes before the archive, as those of a program that unpacks it; places in the archive count from it
	Members int64 // how many records there are
	Limit   int64 // the first record whose member is beyond what the archive may unpack to, or End
}

const (
	endSize       = 22 // of the end of the directory, without a comment
	end64Size     = 56
	locatorSize   = 20
	recordSize    = 46
	headerSize    = 30
	noSize        = 1<<32 - 1 // the field is in the extra field for ZIP64
	freeOutput    = 1 << 30   // what any archive may unpack to, and how often its bytes beyond that
	ratioOfOutput = 256
)

var le = binary.LittleEndian

// Is reports whether a file begins as a zip archive with members does.
func Is(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

func corrupt(format string, args ...any) error {
	return premix.Faultf(premix.Corrupt, "the directory of the zip archive is broken: "+format, args...)
}

// Find looks for the directory of an archive of size bytes at its end. The error is a fault if there is none that is
// whole, and one of at otherwise.
func Find(at io.ReaderAt, size int64) (d Directory, err error) {
	if size == 0 {
		return d, premix.Faultf(premix.Empty, "the file is empty")
	}
	tail := make([]byte, min(size, locatorSize+endSize+1<<16-1))
	first := size - int64(len(tail))
	if n, err := at.ReadAt(tail, first); n < len(tail) {
		return d, short(err)
	}
	i := lastEnd(tail)
	if i < 0 {
		return d, premix.Faultf(premix.Truncated, "it has no directory, which a zip archive has at its end: it was cut off, or is a part of an archive in several files. Get it again, or join the parts")
	}
	end := tail[i:]
	disks := le.Uint16(end[4:]) | le.Uint16(end[6:])
	members, dirSize, offset := int64(le.Uint16(end[10:])), int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:]))
	d.End = first + int64(i)
	if i >= locatorSize && string(tail[i-locatorSize:i-locatorSize+4]) == "PK\x06\x07" {
		locator := tail[i-locatorSize : i]
		if le.Uint32(locator[4:]) != 0 || le.Uint32(locator[16:]) > 1 {
			disks = 1
		} else if members, dirSize, offset, d.End, err = find64(at, d.End-locatorSize, int64(le.Uint64(locator[8:]))); err != nil {
			return d, err
		}
	} else if le.Uint16(end[8:]) != le.Uint16(end[10:]) {
		disks = 1
	}
	switch {
	case disks != 0 && disks != 1<<16-1:
		return d, premix.Faultf(premix.Unsupported, "it is a part of a zip archive in several files, which is not read: join them, as zip -s 0 does")
	case dirSize < 0 || offset < 0 || dirSize > d.End || offset > d.End-dirSize:
		return d, corrupt("it should have %d bytes at byte %d, and ends at byte %d", dirSize, offset, d.End)
	}
	d.Members, d.At = members, d.End-dirSize
	d.Base = d.At - offset
	d.Limit = d.End
	return d, nil
}

// lastEnd is where the end of the directory is in the tail of a file: the last one that has its comment, or the last
// one if all comments were cut off; or −1.
func lastEnd(tail []byte) int {
	last := -1
	for end := len(tail); ; {
		i := bytes.LastIndex(tail[:end], []byte("PK\x05\x06"))
		switch left := len(tail) - i - endSize; {
		case i < 0:
			return last
		case left >= 0 && left >= int(le.Uint16(tail[i+20:])):
			return i
		case left >= 0 && last < 0:
			last = i
		}
		end = i
	}
}

// find64 reads the end of the directory for ZIP64: before its locator, or where that says.
func find64(at io.ReaderAt, locator, says int64) (members, size, offset, end int64, err error) {
	var p [end64Size]byte
	for _, end = range []int64{locator - end64Size, says} {
		if end < 0 || end > locator-end64Size {
			continue
		}
		if n, err := at.ReadAt(p[:], end); n < len(p) {
			return 0, 0, 0, 0, short(err)
		}
		if string(p[:4]) == "PK\x06\x06" {
			return int64(le.Uint64(p[32:])), int64(le.Uint64(p[40:])), int64(le.Uint64(p[48:])), end, nil
		}
	}
	return 0, 0, 0, 0, corrupt("its end for ZIP64 is not where it should be")
}

// Check walks over all records, which r reads from At to End, and finds what no single record shows: that they are not
// as many as there should be, or that members overlap, which is damage or a trap. It sets Limit.
func (d *Directory) Check(r io.Reader, each func(m *Member)) error {
	type span struct{ from, to int64 }
	var spans []span
	var n, in, out int64
	err := d.Walk(r, d.At, d.End, func(m *Member) error {
		each(m)
		n++
		if m.inside(*d) {
			spans = append(spans, span{m.Header, m.Header + m.least()})
			if m.Fault(freeOutput) == nil { // else it is never read
				in, out = in+m.Packed, out+m.Size
			}
			if out > freeOutput && out/ratioOfOutput > in && d.Limit == d.End {
				d.Limit = m.At
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Writers without ZIP64 state the number of more members without its upper bits.
	if n != d.Members && (d.Members >= 1<<16 || n&(1<<16-1) != d.Members) {
		return corrupt("it should have %d members, and has %d", d.Members, n)
	}
	slices.SortFunc(spans, func(a, b span) int { return int(max(-1, min(1, a.from-b.from))) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return corrupt("the members at the bytes %d and %d overlap, as they do in zip bombs", spans[i-1].from, spans[i].from)
		}
	}
	return nil
}

// Walk calls each for the records of a part of the directory, which r reads from its place from to end. A member and its
// name are valid after the call. The error is that of each, a fault if a record is broken, or one of r.
func (d Directory) Walk(r io.Reader, from, end int64, each func(m *Member) error) error {
	br := bufio.NewReaderSize(r, 64<<10)
	var head [recordSize]byte
	var rest []byte
	for at := from; at < end; {
		if end-at < recordSize {
			return corrupt("it ends within the record at byte %d", at)
		}
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return short(err)
		}
		if string(head[:4]) != "PK\x01\x02" {
			return corrupt("no record is at byte %d", at)
		}
		name, extra, comment := int(le.Uint16(head[28:])), int(le.Uint16(head[30:])), int(le.Uint16(head[32:]))
		size := int64(recordSize + name + extra + comment)
		if end-at < size {
			return corrupt("it ends within the record at byte %d", at)
		}
		rest = slices.Grow(rest[:0], name+extra+comment)[:name+extra+comment]
		if _, err := io.ReadFull(br, rest); err != nil {
			return short(err)
		}
		m, err := parse(at, head[:], rest[:name], rest[name:name+extra])
		if err != nil {
			return err
		}
		m.Header += d.Base
		if m.past = m.At >= d.Limit; !m.inside(d) {
			m.outside = true
		}
		if err := each(m); err != nil {
			return err
		}
		at += size
	}
	return nil
}

// short is an error of a reader that should have had more.
func short(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the zip archive became shorter while it was read")
	}
	return err
}
