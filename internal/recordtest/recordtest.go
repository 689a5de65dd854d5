// Package recordtest has TFRecord files that are damaged, and what is found in each: by a strict reader, by one that
// goes on behind the damage, and by that where it does not know how long the file is. The tests of all who read
// TFRecords take their files from here.
package recordtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/premix/premix/io/tfrecord"
)

// A File is a TFRecord file of up to three records, and what is found in it.
type File struct {
	Name string
	Data []byte
	// Strict is what tfrecord.NewReader finds: verify, reindex and inspect read so.
	Strict []Row
	// Rescue is what tfrecord.Options.Rescue finds in a file whose size is known, as an input is.
	Rescue []Row
	// Stream is the same where the size is not known, as of a compressed file. It is nil if Rescue holds there too.
	Stream []Row
	// Large is set if a record is above the limit.
	Large bool
}

// A Row is a record that is read, or a fault.
type Row struct {
	Record int // which of the three records; −1: a fault
	Kind   tfrecord.Kind
	At     int64
	Lost   int64
	Detail string
}

func (r Row) String() string {
	if r.Record >= 0 {
		return fmt.Sprint("record ", r.Record)
	}
	return fmt.Sprintf("kind %d at %d, %d lost: %s", r.Kind, r.At, r.Lost, r.Detail)
}

// Streamed is what a reader that goes on finds where it does not know the size.
func (f *File) Streamed() []Row {
	if f.Stream != nil {
		return f.Stream
	}
	return f.Rescue
}

func fault(kind tfrecord.Kind, at int, lost int64, format string, args ...any) Row {
	return Row{-1, kind, int64(at), lost, fmt.Sprintf(format, args...)}
}

func good(i int) Row { return Row{Record: i} }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 4
	return data
}

// head is that of a record of n bytes.
func head(n uint64) []byte {
	h := binary.LittleEndian.AppendUint64(nil, n)
	return binary.LittleEndian.AppendUint32(h, tfrecord.Mask(h))
}

const (
	badData   = "data checksum mismatch"
	badLength = "length checksum mismatch"
	lostRest  = badLength + ": what follows is lost"
	upToNext  = ": %d bytes are lost up to the next record"
	noneLeft  = ": no record follows, %d bytes are lost"
	aboveFile = "it says that it has %d bytes, more than the file"
	aboveMost = "%d bytes, the limit is %d"
	headOnly  = "%d of the 12 bytes of its head"
	dataOnly  = "%d of its %d bytes"
	unknown   = -1
)

// mostLarge is the highest limit for which there are files with a record above it.
const mostLarge = 1 << 20

// Files returns the table, with these data of the three records, which have from 48 bytes up to limit. Records above
// limit are too long; files that have one are in the table only if the limit is at most 1 MiB.
func Files(limit int64, data [3][]byte) []File {
	b := &builder{limit: limit, large: make([]byte, min(limit, mostLarge)+1)}
	for i, d := range data {
		b.framed[i], b.size[i] = tfrecord.Append(nil, d), len(d)
	}
	list := append(b.whole(), b.data()...)
	list = append(list, b.lengths()...)
	list = append(list, b.claims()...)
	list = append(list, b.cuts()...)
	list = append(list, b.far()...)
	return slices.DeleteFunc(list, func(f File) bool { return f.Large && limit > mostLarge })
}

// builder has what the files are made of.
type builder struct {
	limit  int64
	framed [3][]byte
	size   [3]int
	large  []byte // a record that is too long
}

func (b *builder) parts() (one, two, three []byte) { return b.framed[0], b.framed[1], b.framed[2] }

// around are the rows of a fault behind the first record, in whose place is nothing, and before the last.
func around(f Row) []Row { return []Row{good(0), f, good(2)} }

func (b *builder) whole() []File {
	one, two, three := b.parts()
	all := []Row{good(0), good(1), good(2)}
	garbage := bytes.Repeat([]byte("garbage "), 640)
	return []File{
		{Name: "whole", Data: join(one, two, three), Strict: all, Rescue: all},
		{Name: "empty"},
		{Name: "garbage", Data: garbage, Strict: []Row{fault(tfrecord.BadLength, 0, unknown, lostRest)},
			Rescue: []Row{fault(tfrecord.BadLength, 0, 5120, badLength+noneLeft, 5120)}},
	}
}

// data are files with damage in the data of records.
func (b *builder) data() []File {
	one, two, three := b.parts()
	at := len(one)
	inData := around(fault(tfrecord.BadData, at, 0, badData))
	last := []Row{good(0), good(1), fault(tfrecord.BadData, at+len(two), 0, badData)}
	hole := join(one, two, three)
	clear(hole[at/2 : at+len(two)/2])
	first := fault(tfrecord.BadData, 0, 0, badData)
	return []File{
		{Name: "data", Data: join(one, flip(two, 40), three), Strict: inData, Rescue: inData},
		{Name: "data checksum", Data: join(one, flip(two, len(two)-1), three), Strict: inData, Rescue: inData},
		{Name: "last data", Data: join(one, two, flip(three, 40)), Strict: last, Rescue: last},
		{Name: "hole", Data: hole, Strict: []Row{first, fault(tfrecord.BadLength, at, unknown, lostRest)},
			Rescue: []Row{first, fault(tfrecord.BadLength, at, int64(len(two)), badLength+upToNext, len(two)), good(2)}},
	}
}

// lengths are files with damage in the heads of records.
func (b *builder) lengths() []File {
	one, two, three := b.parts()
	at, n := len(one), len(two)
	var list []File
	for _, i := range []int{0, 7, 8, 11} {
		list = append(list, File{Name: fmt.Sprint("length, byte ", i), Data: join(one, flip(two, i), three),
			Strict: []Row{good(0), fault(tfrecord.BadLength, at, unknown, lostRest)},
			Rescue: around(fault(tfrecord.BadLength, at, int64(n), badLength+upToNext, n))})
	}
	return append(list, File{Name: "last length", Data: join(one, two, flip(three, 8)),
		Strict: []Row{good(0), good(1), fault(tfrecord.BadLength, at+n, unknown, lostRest)},
		Rescue: []Row{good(0), good(1), fault(tfrecord.BadLength, at+n, int64(len(three)), badLength+noneLeft, len(three))}})
}

// claims are files with records that are above the limit, or say so.
func (b *builder) claims() []File {
	one, two, three := b.parts()
	at, most := len(one), b.limit
	strict := func(n uint64) []Row { return []Row{good(0), fault(tfrecord.TooLong, at, unknown, aboveMost, n, most)} }
	big := tfrecord.Append(nil, b.large)
	size := len(b.large)
	isLong := fault(tfrecord.TooLong, at, 0, aboveMost, size, most)
	lying := func(n uint64) []byte { return join(one, head(n), big[12:], three) }
	wrong := func(n uint64) []Row {
		return around(fault(tfrecord.BadLength, at, int64(len(big)), aboveMost+upToNext, n, most, len(big)))
	}
	beyond := func(n uint64, lost int) []Row {
		return around(fault(tfrecord.BadLength, at, int64(lost), aboveFile+upToNext, n, lost))
	}
	const huge, above = 1 << 40, 1 << 63
	list := []File{
		{Name: "huge", Data: join(one, head(huge), three), Strict: strict(huge), Rescue: beyond(huge, 12),
			Stream: around(fault(tfrecord.BadLength, at, 12, aboveMost+upToNext, huge, most, 12))},
		{Name: "huge at the end", Data: join(one, two, head(huge)),
			Strict: []Row{good(0), good(1), fault(tfrecord.TooLong, at+len(two), unknown, aboveMost, huge, most)},
			Rescue: []Row{good(0), good(1), fault(tfrecord.Truncated, at+len(two), 12, aboveFile+noneLeft, huge, 12)},
			Stream: []Row{good(0), good(1), fault(tfrecord.Truncated, at+len(two), 12, aboveMost+noneLeft, huge, most, 12)}},
		{Name: "too long", Data: join(one, big, three), Strict: strict(uint64(size)), Rescue: around(isLong), Large: true},
		{Name: "too long at the end", Data: join(one, big), Strict: strict(uint64(size)), Rescue: []Row{good(0), isLong}, Large: true},
		{Name: "too long, shorter than it is", Data: lying(uint64(size) + 5), Strict: strict(uint64(size) + 5), Rescue: wrong(uint64(size) + 5), Large: true},
		{Name: "too long and cut", Data: join(one, big[:len(big)/2]), Strict: strict(uint64(size)), Large: true,
			Rescue: []Row{good(0), fault(tfrecord.Truncated, at, int64(len(big)/2), aboveFile+noneLeft, size, len(big)/2)},
			Stream: []Row{good(0), fault(tfrecord.Truncated, at, int64(len(big)/2), aboveMost+noneLeft, size, most, len(big)/2)}},
		{Name: "too long, beyond the end", Data: lying(huge), Strict: strict(huge), Rescue: beyond(huge, len(big)), Stream: wrong(huge), Large: true},
	}
	for _, n := range []uint64{above, 1<<64 - 1} { // no size of a file
		list = append(list,
			File{Name: fmt.Sprint(n), Data: join(one, head(n), three), Strict: strict(n), Rescue: beyond(n, 12)},
			File{Name: fmt.Sprint(n, " before data"), Data: lying(n), Strict: strict(n), Rescue: beyond(n, len(big)), Large: true})
	}
	short := uint64(size) - 1 // it is at the limit, and its data are read
	return append(list, File{Name: "shorter than it is", Data: lying(short), Large: true,
		Strict: []Row{good(0), fault(tfrecord.BadData, at, 0, badData), fault(tfrecord.BadLength, at+int(short)+16, unknown, lostRest)},
		Rescue: []Row{good(0), fault(tfrecord.BadData, at, 0, badData), fault(tfrecord.BadLength, at+int(short)+16, 1, badLength+upToNext, 1), good(2)}})
}

// cuts are files that end too early.
func (b *builder) cuts() []File {
	one, two, _ := b.parts()
	at, size := len(one), b.size[1]
	var list []File
	for _, n := range []int{1, 3, 5, 11} {
		rows := []Row{good(0), fault(tfrecord.Truncated, at, unknown, headOnly, n)}
		list = append(list, File{Name: fmt.Sprint("cut in the head, at ", n), Data: join(one, two[:n]), Strict: rows, Rescue: rows})
	}
	for _, n := range []int{12, 15, 50, len(two) - 5, len(two) - 4, len(two) - 2, len(two) - 1} {
		f := File{Name: fmt.Sprint("cut at ", n), Data: join(one, two[:n]),
			Strict: []Row{good(0), fault(tfrecord.Truncated, at, unknown, dataOnly, n-12, size)},
			Rescue: []Row{good(0), fault(tfrecord.Truncated, at, int64(n), aboveFile+noneLeft, size, n)}}
		if f.Stream = f.Strict; n >= len(two)-4 { // all of the data is there
			f.Rescue = f.Strict
		}
		list = append(list, f)
	}
	return list
}

// far are files in which the next head is at any distance from a broken one.
func (b *builder) far() []File {
	one, two, three := b.parts()
	at := len(one)
	var list []File
	for _, n := range []int{0, 1, 11, 12, 13, 4083, 4084, 4085, 4086, 4095, 4096, 4097, 8170, 50_000} {
		lost := fault(tfrecord.BadLength, at, int64(12+n), badLength+upToNext, 12+n)
		list = append(list, File{Name: fmt.Sprint("far head ", n), Data: join(one, []byte("no head here"), make([]byte, n), two, three),
			Strict: []Row{good(0), fault(tfrecord.BadLength, at, unknown, lostRest)}, Rescue: []Row{good(0), lost, good(1), good(2)}})
	}
	return list
}
