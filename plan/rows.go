package plan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/premix/premix"
)

// # Wire format of a batch of rows
//
// Rows cross the shuffle in batches, since a row alone would cost several times its content.
// U is an unsigned varint, Z a zigzag varint, both as in encoding/binary.
//
//	batch    = version U:count U:base [U:more] { row } base = smallest position; more: version 2 alone
//	row      = flags [U:replica] Z:ordinal U:position Z:label name location shape
//	           [crop] [U:x U:y] [U:x U:y] [digest] [spool] { spot }     as many spots as more says
//	spot     = flags [U:x U:y] [U:x U:y]               the flags of flat, peak and trough
//	ordinal  : difference to the previous row's plus one;  position: above base
//	label    : difference to the previous row's
//	name     = U:prefix U:suffix U:n n bytes           lengths shared with the previous name
//	location = place Z:offset U:length+1               offset: difference to the previous end
//	spool    = place Z:offset Z:length                 likewise; length: to the previous one
//	place    = U:index [ U:how U:n n bytes ]           definition where index is a new one
//	           how 0: the text is the URI;  how k>0: URI = text + name[k-1:]
//	shape    = U:index [ kind U:width U:height ( kind 1: 4 U of the crop's float64 bits, bytes
//	           reversed, so that the zeros at a short fraction's end cost nothing ) ]
//	crop     = U:x U:y U:w U:h                         whole numbers, stated in the flags
//	digest   = 16 bytes
//
// Optional parts are announced by the flags, in the order of their bits below.
const (
	rowsVersion = 1
	moreVersion = 2 // of rows with the peaks of several detectors

	flagFlip     = 1 << 0
	flagFlat     = 1 << 1
	flagReplica  = 1 << 2 // differs from the previous row's
	flagCrop     = 1 << 3 // whole numbers in the row; else the crop is that of the shape
	flagPeak     = 1 << 4
	flagTrough   = 1 << 5
	flagDigest   = 1 << 6
	flagSpool    = 1 << 7
	shapePlain   = 0
	shapeCropped = 1

	leastRow = 11       // bytes that every row takes
	maxRows  = 1 << 20  // of a batch
	maxName  = 1 << 16  // bytes of a name or URI
	maxText  = 64 << 20 // bytes of all names and URIs of a batch once they are spelled out
	maxMore  = 63       // detectors beside the first
	maxInt   = math.MaxInt32
)

// shape is what many images of a set have in common.
type shape struct {
	w, h int
	kind byte
	crop [4]uint64 // bits of the float64s; zero for shapePlain
}

// place is how a URI follows from a name.
type place struct {
	how  int
	text string
}

type rowWriter struct {
	dst       []byte
	places    map[place]int
	shapes    map[shape]int
	prev      Row
	name      string
	end       int64
	spoolEnd  int64
	spoolSize int64
	text      int
}

// AppendRows appends one batch of rows to dst. What the mix stage does not need is left out:
// of a Sample it carries Name, Location, Digest, Width, Height, Replica, Crop, Flip, Peak,
// Trough and Flat; Label becomes that of the row. Rows in the order of the input, with names
// close to their neighbours', come out smallest.
//
// It is an error if there are more than 2^20 rows or 64 MiB of names and URIs, if a name or a
// URI has more than 64 KiB, or if a number is out of range or the sample failed.
func AppendRows(dst []byte, rows []Row) ([]byte, error) {
	if len(rows) > maxRows {
		return dst, fmt.Errorf("plan: %d rows in a batch, at most %d", len(rows), maxRows)
	}
	base := int64(0)
	for i := range rows {
		if i == 0 || rows[i].Position < base {
			base = rows[i].Position
		}
	}
	if base < 0 {
		return dst, errors.New("plan: a row has a negative position")
	}
	start, version, more := len(dst), byte(rowsVersion), 0
	if len(rows) > 0 && len(rows[0].More) > 0 {
		version, more = moreVersion, len(rows[0].More)
	}
	dst = append(dst, version)
	dst = binary.AppendUvarint(dst, uint64(len(rows)))
	dst = binary.AppendUvarint(dst, uint64(base))
	if more > 0 {
		dst = binary.AppendUvarint(dst, uint64(more))
	}
	w := rowWriter{dst: dst, places: map[place]int{}, shapes: map[shape]int{}}
	w.prev = Row{Ordinal: -1, Sample: &premix.Sample{}}
	for i := range rows {
		err := w.row(&rows[i], base)
		if n := len(rows[i].More); err == nil && (n != more || n > maxMore) {
			err = fmt.Errorf("plan: %s: peaks of %d further detectors, the first row has %d, at most %d", rows[i].Sample.Name, n, more, maxMore)
		}
		if err != nil {
			return dst[:start], err
		}
	}
	return w.dst, nil
}

func (w *rowWriter) row(r *Row, base int64) error {
	s := r.Sample
	if err := encodable(r); err != nil {
		return err
	}
	crop, whole := wholeCrop(s.Crop)
	flags := w.flags(r, whole)
	w.dst = append(w.dst, flags)
	if flags&flagReplica != 0 {
		w.uint(s.Replica)
	}
	w.dst = binary.AppendVarint(w.dst, r.Ordinal-w.prev.Ordinal-1)
	w.dst = binary.AppendUvarint(w.dst, uint64(r.Position-base))
	w.dst = binary.AppendVarint(w.dst, int64(r.Label-w.prev.Label))
	w.nameOf(s.Name)
	w.place(s.Location.URI, s.Name)
	w.dst = binary.AppendVarint(w.dst, s.Location.Offset-w.end)
	w.dst = binary.AppendUvarint(w.dst, uint64(s.Location.Length+1))
	w.end = max(s.Location.Offset, 0) + max(s.Location.Length, 0)
	w.shape(s, whole)
	if whole {
		for _, v := range crop {
			w.uint(v)
		}
	}
	if flags&flagPeak != 0 {
		w.uint(s.Peak.X)
		w.uint(s.Peak.Y)
	}
	if flags&flagTrough != 0 {
		w.uint(s.Trough.X)
		w.uint(s.Trough.Y)
	}
	if flags&flagDigest != 0 {
		w.dst = append(w.dst, s.Digest[:]...)
	}
	if flags&flagSpool != 0 {
		w.place(r.Spool.URI, s.Name)
		w.dst = binary.AppendVarint(w.dst, r.Spool.Offset-w.spoolEnd)
		w.dst = binary.AppendVarint(w.dst, r.Spool.Length-w.spoolSize)
		w.spoolEnd, w.spoolSize = r.Spool.Offset+max(r.Spool.Length, 0), r.Spool.Length
	}
	for i := range r.More {
		w.spot(&r.More[i])
	}
	w.prev = *r
	if w.text > maxText {
		return fmt.Errorf("plan: more than %d bytes of names in a batch", maxText)
	}
	return nil
}

// spot writes what another detector found.
func (w *rowWriter) spot(s *Spot) {
	f := byte(0)
	if s.Flat {
		f |= flagFlat
	}
	at := len(w.dst)
	w.dst = append(w.dst, 0)
	for _, p := range []struct {
		flag byte
		at   premix.Peak
	}{{flagPeak, s.Peak}, {flagTrough, s.Trough}} {
		if p.at != premix.NoPeak {
			f |= p.flag
			w.uint(p.at.X)
			w.uint(p.at.Y)
		}
	}
	w.dst[at] = f
}

func (w *rowWriter) uint(v int) { w.dst = binary.AppendUvarint(w.dst, uint64(v)) }

func (w *rowWriter) flags(r *Row, whole bool) byte {
	s, f := r.Sample, byte(0)
	for i, on := range []bool{
		s.Flip, s.Flat, s.Replica != w.prev.Sample.Replica, whole,
		s.Peak != premix.NoPeak, s.Trough != premix.NoPeak, s.Digest != premix.Digest{}, r.Spool != premix.Location{},
	} {
		if on {
			f |= 1 << i
		}
	}
	return f
}

// nameOf writes what a name does not share with the one before.
func (w *rowWriter) nameOf(name string) {
	n := min(len(name), len(w.name))
	pre := 0
	for pre < n && name[pre] == w.name[pre] {
		pre++
	}
	suf := 0
	for suf < n-pre && name[len(name)-1-suf] == w.name[len(w.name)-1-suf] {
		suf++
	}
	w.uint(pre)
	w.uint(suf)
	w.uint(len(name) - pre - suf)
	w.dst = append(w.dst, name[pre:len(name)-suf]...)
	if name != w.name {
		w.text += len(name)
	}
	w.name = name
}

// place writes a URI: the most that name and URI share at their ends stays unsaid.
func (w *rowWriter) place(uri, name string) {
	p := place{text: uri}
	for k := 0; k < len(name); {
		if text, ok := strings.CutSuffix(uri, name[k:]); ok {
			p = place{how: k + 1, text: text}
			break
		}
		i := strings.IndexByte(name[k:], '/')
		if i < 0 {
			break
		}
		k += i + 1
	}
	if p.how > 0 {
		w.text += len(uri)
	}
	if i, ok := w.places[p]; ok {
		w.uint(i)
		return
	}
	w.uint(len(w.places))
	w.places[p] = len(w.places)
	w.uint(p.how)
	w.uint(len(p.text))
	w.dst = append(w.dst, p.text...)
}

func (w *rowWriter) shape(s *premix.Sample, whole bool) {
	key := shape{w: s.Width, h: s.Height}
	if !whole {
		key.kind = shapeCropped
		for i, v := range []float64{s.Crop.X, s.Crop.Y, s.Crop.W, s.Crop.H} {
			key.crop[i] = math.Float64bits(v)
		}
	}
	if i, ok := w.shapes[key]; ok {
		w.uint(i)
		return
	}
	w.uint(len(w.shapes))
	w.shapes[key] = len(w.shapes)
	w.dst = append(w.dst, key.kind)
	w.uint(key.w)
	w.uint(key.h)
	if !whole {
		for _, v := range key.crop {
			w.dst = binary.AppendUvarint(w.dst, bits.ReverseBytes64(v))
		}
	}
}

// wholeCrop gives the numbers of a crop if they are whole and small, as a random crop's are.
func wholeCrop(c premix.Crop) ([4]int, bool) {
	var v [4]int
	for i, f := range []float64{c.X, c.Y, c.W, c.H} {
		if !(f >= 0 && f <= maxInt) || f != math.Trunc(f) || math.Signbit(f) {
			return v, false
		}
		v[i] = int(f)
	}
	return v, true
}

// encodable reports a row that has no encoding.
func encodable(r *Row) error {
	s := r.Sample
	switch {
	case s == nil:
		return errors.New("plan: a row has no sample")
	case s.Fault != nil:
		return fmt.Errorf("plan: %s failed and has no place in a plan", s.Name)
	case len(s.Name) > maxName || len(s.Location.URI) > maxName || len(r.Spool.URI) > maxName:
		return fmt.Errorf("plan: %.80s…: a name or URI has more than %d bytes", s.Name, maxName)
	case r.Ordinal < 0 || r.Position < 0:
		return fmt.Errorf("plan: %s: ordinal %d, position %d", s.Name, r.Ordinal, r.Position)
	case !location(s.Location) || !location(r.Spool) || r.Spool.Offset < 0:
		return fmt.Errorf("plan: %s: offset %d, length %d", s.Name, s.Location.Offset, s.Location.Length)
	case !small(r.Label) || !small(s.Width) || !small(s.Height) || !small(s.Replica) || !point(s.Peak) || !point(s.Trough):
		return fmt.Errorf("plan: %s: a label, size, replica or peak is out of range", s.Name)
	}
	for _, m := range r.More {
		if !point(m.Peak) || !point(m.Trough) {
			return fmt.Errorf("plan: %s: a peak of a further detector is out of range", s.Name)
		}
	}
	return nil
}

func small(v int) bool { return 0 <= v && v <= maxInt }

func point(p premix.Peak) bool { return p == premix.NoPeak || small(p.X) && small(p.Y) }

// location accepts offset −1 too: that of an entry that cannot be read by itself.
func location(l premix.Location) bool {
	return l.Offset >= -1 && l.Length >= -1 && l.Length < math.MaxInt64-max(l.Offset, 0)
}
