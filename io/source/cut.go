package source

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/premix/premix"
	"github.com/zeebo/xxh3"
)

// maxNameBytes bounds the names of one chunk, so that a chunk stays a small element.
const maxNameBytes = 64 << 10

// cuts divides n entries into chunks and returns the ends of these: the last is n. The length of
// each is from lo = ⌈2/3⌉ to hi = 4/3 of target, but for the last one, which may be shorter.
//
// The entry before which a chunk ends is the one with the smallest hash of its name in the
// window that the bounds allow. Cuts therefore depend on the names around them only: a new entry
// changes the chunk that it falls into, and seldom its neighbour. size gives the cost of an entry
// in bytes; no chunk exceeds maxNameBytes unless a single entry does.
func cuts(n, target int, name func(int) string, size func(int) int) []int {
	lo, hi := max(1, (2*target+2)/3), max(1, 4*target/3)
	var ends []int
	for from := 0; from < n; {
		end, bytes := from, 0
		for end < n && end-from < hi+1 && (end == from || bytes+size(end) <= maxNameBytes) {
			bytes += size(end)
			end++
		}
		if end == n && end-from <= hi {
			return append(ends, n)
		}
		// A cut at e makes [from, e); the entry at e starts the next chunk.
		last := min(end, from+hi, n-1)
		first := min(from+lo, last)
		cut, best := last, ^uint64(0)
		for e := first; e <= last; e++ {
			if h := xxh3.HashString(name(e)); h < best {
				cut, best = e, h
			}
		}
		ends = append(ends, cut)
		from = cut
	}
	return ends
}

// A point is where an entry of a container begins.
type point struct {
	key    string
	offset int64
}

// cutAt cuts a container before some of its points, all of which are known. Where the points stem from an
// index, begin returns where the entry of a point really begins, and anything up to the cut before if
// the index is wrong: then there are no chunks. id is the ID of a chunk whose other fields are set.
func cutAt(whole Chunk, points []point, o Options, begin func(i int) (int64, error), id func(*Chunk) string) ([]Chunk, error) {
	ends := cuts(len(points), o.chunkImages(), func(i int) string { return points[i].key }, func(int) int { return 0 })
	if len(ends) < 2 {
		whole.EstImages, whole.Guessed = len(points), false
		return []Chunk{whole}, nil
	}
	var chunks []Chunk
	from, offset := 0, whole.Offset
	for i, end := range ends {
		until := whole.End
		if end < len(points) {
			until = points[end].offset
			if begin != nil {
				var err error
				if until, err = begin(end); err != nil || until <= offset {
					return nil, err
				}
			}
		}
		ch := Chunk{
			Container: whole.Container, Seq: i, Offset: offset, End: until, Base: int64(from), Stamp: whole.Stamp,
			First: points[from].key, Last: points[end-1].key, EstImages: end - from,
		}
		ch.ID = id(&ch)
		chunks = append(chunks, ch)
		from, offset = end, until
	}
	return chunks, nil
}

// whole is the chunk of a whole file, which should have n entries, or an unknown number if n is 0.
func (c Container) whole(n int64) Chunk {
	ch := Chunk{
		Container: c, Offset: c.Offset, End: c.Offset + c.Size, ID: c.identity().text("whole").String(), Stamp: c.stamp(),
		EstImages: int(c.Size/110_000) + 1, Guessed: true,
	}
	if n > 0 {
		ch.Guessed = false
		ch.EstImages = int(min(n, math.MaxInt32))
	}
	return ch
}

// DigestOf is the hash that identifies the bytes of an entry.
func DigestOf(data []byte) premix.Digest { return xxh3.Hash128(data).Bytes() }

// A hasher joins fields to an identity; every field is framed by its length.
type hasher struct {
	h   *xxh3.Hasher
	buf []byte
}

func newHasher() *hasher { return &hasher{h: xxh3.New()} }

func (h *hasher) text(s string) *hasher {
	h.buf = binary.AppendUvarint(h.buf[:0], uint64(len(s)))
	h.buf = append(h.buf, s...)
	h.h.Write(h.buf)
	return h
}

func (h *hasher) num(v int64) *hasher { return h.text(strconv.FormatInt(v, 10)) }

// field adds a named value, or nothing if it is empty. Earlier versions also hashed a key that was set to
// an empty text. No ID depends on that: discovery refuses empty keys.
func (h *hasher) field(name, value string) *hasher {
	if value == "" {
		return h
	}
	return h.text(name).text(value)
}

// samples adds how many entries a container should have, if that is known.
func (h *hasher) samples(c Container) {
	if c.CountedBy != "" {
		h.field("samples", strconv.FormatInt(c.Samples, 10))
	}
}

func (h *hasher) String() string {
	sum := h.h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

// identity begins the hash of a chunk: what every layout has in it.
func (c Container) identity() *hasher {
	h := newHasher().text("premix chunk 1").text(c.Layout).text(c.Name).text(c.Class).num(int64(c.Label)).num(c.Size)
	layoutOf(c.Layout).identity(c, h)
	return h
}

// stamp is the hash of a whole container's time and etag.
func (c Container) stamp() string {
	return newHasher().text(c.ETag).num(c.ModTime).num(c.Size).String()
}
