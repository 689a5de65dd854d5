// Package gif decodes the first frame of a GIF to packed RGB, as Pillow reads it: blocks that are not
// known are skipped, a frame that is larger than the screen enlarges it, and codes after the last
// pixel are left alone.
//
// What is transparent, or what the frame does not cover, is white. Every error is a
// [premix.Fault], or the cause of a context that is done.
package gif

import (
	"encoding/binary"

	"github.com/premix/premix"
)

// A Header is what stands before the pixels of the first frame.
type Header struct {
	W, H int // of the screen
	// Work is the pixels of the frame, each a byte.
	Work int64
	// Memory bounds the bytes that Decode allocates, the picture included.
	Memory int64

	x, y, w, h int // the frame
	interlaced bool
	palette    []byte // nil: gray
	clear      int    // index of the transparent colour, or −1
	codes      []byte // the size of the first code, then blocks
}

// scratch bounds the tables of LZW.
const scratch = 64 << 10

func corrupt(format string, args ...any) error {
	return premix.Faultf(premix.Corrupt, "gif: "+format, args...)
}

func truncated() error { return premix.Faultf(premix.Truncated, "gif: unexpected EOF") }

// A cursor reads the parts of a file.
type cursor struct {
	data []byte
	err  error
}

func (c *cursor) take(n int) []byte {
	if c.err == nil && len(c.data) < n {
		c.err = truncated()
	}
	if c.err != nil {
		return make([]byte, min(n, 768))
	}
	b := c.data[:n:n]
	c.data = c.data[n:]
	return b
}

// block returns the next block of data; the last one is empty.
func (c *cursor) block() []byte {
	n := c.take(1)[0]
	return c.take(int(n))
}

// DecodeHeader reads up to the pixels of the first frame. It allocates nothing that depends on data.
func DecodeHeader(data []byte) (Header, error) {
	c := cursor{data: data}
	h := Header{clear: -1}
	s := c.take(13)
	if c.err == nil && string(s[:6]) != "GIF87a" && string(s[:6]) != "GIF89a" {
		return h, corrupt("not a GIF file")
	}
	h.W, h.H = int(binary.LittleEndian.Uint16(s[6:])), int(binary.LittleEndian.Uint16(s[8:]))
	h.readPalette(&c, s[10])
	for c.err == nil {
		c.data = c.data[unknown(c.data):]
		switch c.take(1)[0] {
		case '!':
			h.readExtension(&c)
		case ',':
			h.readFrame(&c)
			return h, c.err
		case ';':
			return h, corrupt("no frame")
		}
	}
	return h, c.err
}

// readPalette reads a palette if the flags say that there is one.
func (h *Header) readPalette(c *cursor, flags byte) {
	if flags&0x80 != 0 {
		h.palette = c.take(3 << (flags&7 + 1))
	}
}

func (h *Header) readExtension(c *cursor) {
	const graphicControl = 0xf9
	kind := c.take(1)[0]
	b := c.block()
	if kind == graphicControl && len(b) >= 4 && b[0]&1 != 0 {
		h.clear = int(b[3])
	}
	if len(b) == 0 || c.err != nil {
		return
	}
	for len(c.data) > 0 && c.data[0] != 0 {
		c.data = c.data[min(1+int(c.data[0]), len(c.data)):]
	}
	c.take(1)
}

// unknown counts the bytes before the next frame, extension or end. Pillow skips them.
func unknown(data []byte) int {
	for i, b := range data {
		if b == '!' || b == ',' || b == ';' {
			return i
		}
	}
	return len(data)
}

func (h *Header) readFrame(c *cursor) {
	s := c.take(9)
	at := func(i int) int { return int(binary.LittleEndian.Uint16(s[i:])) }
	h.x, h.y, h.w, h.h = at(0), at(2), at(4), at(6)
	h.W, h.H = max(h.W, h.x+h.w), max(h.H, h.y+h.h)
	h.interlaced = s[8]&0x40 != 0
	h.readPalette(c, s[8])
	h.codes = c.data
	if len(h.codes) == 0 && c.err == nil {
		c.err = truncated()
	}
	if (h.w == 0 || h.h == 0) && c.err == nil {
		c.err = premix.Faultf(premix.Empty, "gif: a frame of %d×%d pixels", h.w, h.h)
	}
	h.Work = int64(h.w) * int64(h.h)
	h.Memory = 3*int64(h.W)*int64(h.H) + int64(h.w) + scratch
}
