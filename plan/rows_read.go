package plan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/premix/premix"
)

var errRows = errors.New("ends or overflows")

// rowReader reads a batch. Names and URIs are spelled out in text, where spans point, and become
// strings all at once. The first error sticks: reads after it give zeros.
type rowReader struct {
	src    []byte
	err    error
	text   []byte
	places []place
	shapes []shape
	spans  []rowSpans
	name   span
	end    int64
	spool  premix.Location // the last one, its URI unused
	prev   Row
	spots  []Spot // of the rows that are to come
	more   int    // of each row
}

type span struct{ lo, hi int }

// rowSpans are the texts of a row; a URI that needs no text of its own is that of place.
type rowSpans struct {
	name       span
	uri, spool spelled
	spooled    bool
}

type spelled struct {
	place int // −1: in text
	span  span
}

// ReadRows appends the rows of a batch to dst, samples freshly allocated. Bytes that are no
// batch of AppendRows are an error, whatever they are; memory is bounded by a multiple of len(src)
// and 64 MiB of names.
func ReadRows(dst []Row, src []byte) ([]Row, error) {
	if len(src) == 0 || src[0] != rowsVersion && src[0] != moreVersion {
		return dst, errors.New("plan: rows: not a batch of this version")
	}
	r := rowReader{src: src[1:], text: make([]byte, 0, 2*len(src))}
	count, base := r.uint(), r.uint()
	if r.err != nil || count > uint64(len(r.src)/leastRow) || count > maxRows || base > math.MaxInt64 {
		return dst, fmt.Errorf("plan: rows: a batch of %d bytes cannot hold %d rows", len(src), count)
	}
	if src[0] == moreVersion {
		more := r.uint()
		if r.err != nil || more < 1 || more > maxMore || count*(leastRow+more) > uint64(len(r.src)) {
			return dst, fmt.Errorf("plan: rows: a batch of %d bytes cannot hold %d rows with %d further peaks", len(src), count, more)
		}
		r.more, r.spots = int(more), make([]Spot, int(count)*int(more))
	}
	start, n := len(dst), int(count)
	samples := make([]premix.Sample, n)
	r.spans = make([]rowSpans, n)
	r.prev = Row{Ordinal: -1, Sample: &premix.Sample{}}
	dst = slices.Grow(dst, n)
	for i := range n {
		row := Row{Sample: &samples[i]}
		r.row(&row, &r.spans[i], base)
		if r.err != nil {
			return dst[:start], fmt.Errorf("plan: rows: row %d of %d: %w", i, n, r.err)
		}
		r.prev = row
		dst = append(dst, row)
	}
	if len(r.src) > 0 {
		return dst[:start], fmt.Errorf("plan: rows: %d bytes after the last of %d rows", len(r.src), n)
	}
	r.strings(dst[start:])
	return dst, nil
}

// strings turns the spelled texts into the rows' strings.
func (r *rowReader) strings(rows []Row) {
	text := string(r.text)
	uri := func(s spelled) string {
		if s.place >= 0 {
			return r.places[s.place].text
		}
		return text[s.span.lo:s.span.hi]
	}
	for i, s := range r.spans {
		rows[i].Sample.Name = text[s.name.lo:s.name.hi]
		rows[i].Sample.Location.URI = uri(s.uri)
		if s.spooled {
			rows[i].Spool.URI = uri(s.spool)
		}
	}
}

func (r *rowReader) row(row *Row, spans *rowSpans, base uint64) {
	s := row.Sample
	flags := r.byte()
	s.Flip, s.Flat = flags&flagFlip != 0, flags&flagFlat != 0
	s.Replica = r.prev.Sample.Replica
	if flags&flagReplica != 0 {
		s.Replica = r.small()
	}
	row.Ordinal = r.add(r.prev.Ordinal, r.int(), 1)
	position := r.uint()
	if position > math.MaxInt64-base {
		r.err = errRows
	}
	row.Position = int64(base + position)
	row.Label = int(r.add(int64(r.prev.Label), r.int(), 0))
	if row.Label > maxInt {
		r.err = errRows
	}
	s.Label = row.Label
	spans.name = r.nameOf()
	spans.uri = r.place()
	s.Location.Offset = r.add(r.end, r.int(), 1) - 1
	s.Location.Length = r.length(s.Location.Offset, r.uint())
	r.end = max(s.Location.Offset, 0) + max(s.Location.Length, 0)
	r.shape(s, flags&flagCrop != 0)
	s.Peak, s.Trough = premix.NoPeak, premix.NoPeak
	if flags&flagPeak != 0 {
		s.Peak = premix.Peak{X: r.small(), Y: r.small()}
	}
	if flags&flagTrough != 0 {
		s.Trough = premix.Peak{X: r.small(), Y: r.small()}
	}
	if flags&flagDigest != 0 {
		copy(s.Digest[:], r.bytes(uint64(len(s.Digest))))
	}
	if flags&flagSpool != 0 {
		spans.spool, spans.spooled = r.place(), true
		end := r.spool.Offset + max(r.spool.Length, 0)
		row.Spool.Offset = r.add(end, r.int(), 0)
		row.Spool.Length = r.length(row.Spool.Offset, uint64(r.add(r.spool.Length, r.int(), 1)))
		r.spool = row.Spool
	}
	if r.more > 0 {
		row.More, r.spots = r.spots[:r.more:r.more], r.spots[r.more:]
		for i := range row.More {
			r.spot(&row.More[i])
		}
	}
}

// spot reads what another detector found.
func (r *rowReader) spot(s *Spot) {
	f := r.byte()
	if f&^(flagFlat|flagPeak|flagTrough) != 0 {
		r.err = errRows
	}
	s.Peak, s.Trough, s.Flat = premix.NoPeak, premix.NoPeak, f&flagFlat != 0
	if f&flagPeak != 0 {
		s.Peak = premix.Peak{X: r.small(), Y: r.small()}
	}
	if f&flagTrough != 0 {
		s.Trough = premix.Peak{X: r.small(), Y: r.small()}
	}
}

// length checks a length that was written plus one.
func (r *rowReader) length(offset int64, plusOne uint64) int64 {
	if plusOne > uint64(math.MaxInt64-max(offset, 0)) {
		r.err = errRows
		return 0
	}
	return int64(plusOne) - 1
}

// add is a+b+c, which must not be negative nor overflow.
func (r *rowReader) add(a, b, c int64) int64 {
	if sum := a + b; (sum > a) == (b > 0) && sum <= math.MaxInt64-c && sum+c >= 0 {
		return sum + c
	}
	r.err = errRows
	return 0
}

func (r *rowReader) nameOf() span {
	pre, suf, n := r.uint(), r.uint(), r.uint()
	mid := r.bytes(n)
	last := uint64(r.name.hi - r.name.lo)
	if r.err != nil || pre > last || suf > last-pre || pre+suf+n > maxName {
		r.err = errRows
		return span{}
	}
	if n == 0 && pre+suf == last {
		return r.name
	}
	lo := len(r.text)
	r.text = append(r.text, r.text[r.name.lo:r.name.lo+int(pre)]...)
	r.text = append(r.text, mid...)
	r.text = append(r.text, r.text[r.name.hi-int(suf):r.name.hi]...)
	r.name = span{lo, len(r.text)}
	r.limit()
	return r.name
}

func (r *rowReader) limit() {
	if len(r.text) > maxText {
		r.err = fmt.Errorf("more than %d bytes of names", maxText)
	}
}

func (r *rowReader) place() spelled {
	i := r.uint()
	if i == uint64(len(r.places)) {
		how, n := r.uint(), r.uint()
		text := r.bytes(n)
		if n > maxName || how > maxName+1 {
			r.err = errRows
		}
		if r.err == nil {
			r.places = append(r.places, place{how: int(how), text: string(text)})
		}
	}
	if r.err != nil || i >= uint64(len(r.places)) {
		r.err = errRows
		return spelled{}
	}
	p := &r.places[i]
	if p.how == 0 {
		return spelled{place: int(i)}
	}
	from := r.name.lo + p.how - 1
	if from > r.name.hi || len(p.text)+r.name.hi-from > maxName {
		r.err = errRows
		return spelled{}
	}
	lo := len(r.text)
	r.text = append(r.text, p.text...)
	r.text = append(r.text, r.text[from:r.name.hi]...)
	r.limit()
	return spelled{place: -1, span: span{lo, len(r.text)}}
}

func (r *rowReader) shape(s *premix.Sample, whole bool) {
	i := r.uint()
	if i == uint64(len(r.shapes)) {
		sh := shape{kind: r.byte(), w: r.small(), h: r.small()}
		if sh.kind > shapeCropped {
			r.err = errRows
		}
		for k := 0; k < 4 && sh.kind == shapeCropped; k++ {
			sh.crop[k] = bits.ReverseBytes64(r.uint())
		}
		r.shapes = append(r.shapes, sh)
	}
	if r.err != nil || i >= uint64(len(r.shapes)) || whole != (r.shapes[i].kind == shapePlain) {
		r.err = errRows
		return
	}
	sh := &r.shapes[i]
	s.Width, s.Height = sh.w, sh.h
	v := [4]float64{}
	for k := range v {
		if whole {
			v[k] = float64(r.small())
		} else {
			v[k] = math.Float64frombits(sh.crop[k])
		}
	}
	s.Crop = premix.Crop{X: v[0], Y: v[1], W: v[2], H: v[3]}
}

func (r *rowReader) uint() uint64 {
	v, n := binary.Uvarint(r.src)
	if n <= 0 {
		r.err, r.src = errRows, nil
		return 0
	}
	r.src = r.src[n:]
	return v
}

func (r *rowReader) int() int64 {
	v, n := binary.Varint(r.src)
	if n <= 0 {
		r.err, r.src = errRows, nil
		return 0
	}
	r.src = r.src[n:]
	return v
}

// small is a number up to 2^31−1.
func (r *rowReader) small() int {
	v := r.uint()
	if v > maxInt {
		r.err = errRows
		return 0
	}
	return int(v)
}

func (r *rowReader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// bytes are the next n bytes of the source, not copied.
func (r *rowReader) bytes(n uint64) []byte {
	if n > uint64(len(r.src)) {
		r.err, r.src = errRows, nil
		return nil
	}
	b := r.src[:n]
	r.src = r.src[n:]
	return b
}
