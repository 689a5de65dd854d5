package source

import (
	"encoding/binary"
	"encoding/hex"
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

// field adds a named value, or nothing if it is empty.
func (h *hasher) field(name, value string) *hasher {
	if value == "" {
		return h
	}
	return h.text(name).text(value)
}

// samples adds how many entries a container should have, if that is known.
func (h *hasher) samples(c Container) *hasher {
	if n, _, known := c.Promised(); known {
		h.field("samples", strconv.FormatInt(n, 10))
	}
	return h
}

func (h *hasher) String() string {
	sum := h.h.Sum128().Bytes()
	return hex.EncodeToString(sum[:])
}

// identity begins the hash of a chunk: what every layout has in it.
func (c Container) identity() *hasher {
	h := newHasher().text("premix chunk 1").text(c.Layout).text(c.Name).text(c.Class).num(int64(c.Label)).num(c.Size)
	if l, ok := layouts[c.Layout]; ok {
		l.identity(c, h)
	}
	return h
}

// stamp is the hash of a whole container's time and etag.
func (c Container) stamp() string {
	return newHasher().text(c.ETag).num(c.ModTime).num(c.Size).String()
}
