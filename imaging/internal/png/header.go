// Package png decodes PNG to packed RGB. Rows go from inflate into the picture, one at a time, so
// that an interlaced image, or one of 16 bits, takes no more memory than another. What follows the
// last pixel is not looked at, as by Pillow, but for the checksums.
//
// Transparent pixels lie on white; of 16-bit samples the high byte is kept. Profiles and gamma are
// ignored. Every error is a [premix.Fault], or the cause of a context that is done.
package png

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/premix/premix"
)

// Magic is how a PNG begins.
const Magic = "\x89PNG\r\n\x1a\n"

// The colour types.
const (
	gray      = 0
	rgb       = 2
	paletted  = 3
	grayAlpha = 4
	rgba      = 6
)

// A Header is what the first chunk says.
type Header struct {
	W, H int
	// Work is the bytes of samples that inflate yields.
	Work int64
	// Memory bounds the bytes that Decode allocates, the picture included.
	Memory int64

	depth, colour int
	interlaced    bool
}

func corrupt(format string, args ...any) error {
	return premix.Faultf(premix.Corrupt, "png: "+format, args...)
}

func truncated() error { return premix.Faultf(premix.Truncated, "png: unexpected EOF") }

// A chunk is one of the parts of a file.
type chunk struct {
	kind string
	data []byte
}

// next cuts the next chunk from data and checks its sum.
func next(data []byte) (c chunk, rest []byte, err error) {
	if len(data) < 12 {
		return c, nil, truncated()
	}
	n := binary.BigEndian.Uint32(data)
	if n > math.MaxInt32 {
		return c, nil, corrupt("bad chunk length: %d", n)
	}
	if int64(n) > int64(len(data)-12) {
		return c, nil, truncated()
	}
	end := 8 + int(n)
	c = chunk{string(data[4:8]), data[8:end:end]}
	if crc32.ChecksumIEEE(data[4:end]) != binary.BigEndian.Uint32(data[end:]) {
		return c, nil, corrupt("invalid checksum of the chunk %q", c.kind)
	}
	return c, data[end+4:], nil
}

// DecodeHeader reads the first chunk, which must be IHDR.
func DecodeHeader(data []byte) (Header, error) {
	h, _, err := readHeader(data)
	return h, err
}

func readHeader(data []byte) (h Header, rest []byte, err error) {
	if len(data) < len(Magic) || string(data[:len(Magic)]) != Magic {
		return h, nil, corrupt("not a PNG file")
	}
	c, rest, err := next(data[len(Magic):])
	switch {
	case err != nil:
		return h, nil, err
	case c.kind != "IHDR":
		return h, nil, corrupt("the first chunk is no IHDR")
	case len(c.data) != 13:
		return h, nil, corrupt("bad IHDR length")
	}
	w, ht := binary.BigEndian.Uint32(c.data), binary.BigEndian.Uint32(c.data[4:])
	if w > math.MaxInt32 || ht > math.MaxInt32 {
		return h, nil, corrupt("negative dimension")
	}
	h.W, h.H, h.depth, h.colour = int(w), int(ht), int(c.data[8]), int(c.data[9])
	switch {
	case c.data[10] != 0:
		return h, nil, premix.Faultf(premix.Unsupported, "png: compression method %d", c.data[10])
	case c.data[11] != 0:
		return h, nil, premix.Faultf(premix.Unsupported, "png: filter method %d", c.data[11])
	case c.data[12] > 1:
		return h, nil, corrupt("invalid interlace method")
	case h.channels() == 0:
		return h, nil, premix.Faultf(premix.Unsupported, "png: bit depth %d, color type %d", h.depth, h.colour)
	}
	h.interlaced = c.data[12] == 1
	if h.W > maxSide || h.H > maxSide {
		return h, rest, nil // larger than any limit
	}
	row := h.rowBytes(h.W)
	for _, p := range h.passes() {
		pw, ph := p.size(h.W, h.H)
		if pw > 0 {
			h.Work += int64(ph) * (1 + int64(h.rowBytes(pw)))
		}
	}
	h.Memory = 3*int64(h.W)*int64(h.H) + 2*int64(row+1) + 3*int64(h.W) + scratch
	return h, rest, nil
}

// scratch bounds the window and the tables of inflate.
const (
	scratch = 128 << 10
	maxSide = 1 << 20
)

// channels returns the number of samples of a pixel, or 0 if the depth does not fit the colour type.
func (h *Header) channels() int {
	low := h.depth == 1 || h.depth == 2 || h.depth == 4
	deep := h.depth == 8 || h.depth == 16
	switch {
	case h.colour == gray && (low || deep), h.colour == paletted && (low || h.depth == 8):
		return 1
	case h.colour == rgb && deep:
		return 3
	case h.colour == grayAlpha && deep:
		return 2
	case h.colour == rgba && deep:
		return 4
	}
	return 0
}

// rowBytes is the length of a row of w pixels, without its filter byte.
func (h *Header) rowBytes(w int) int { return (w*h.channels()*h.depth + 7) / 8 }

// A pass holds each dx-th pixel of each dy-th row, from (x, y) on.
type pass struct{ x, y, dx, dy int }

var adam7 = []pass{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

var whole = []pass{{0, 0, 1, 1}}

func (h *Header) passes() []pass {
	if h.interlaced {
		return adam7
	}
	return whole
}

// size is that of a pass of an image of w×h pixels.
func (p pass) size(w, h int) (pw, ph int) {
	return (w - p.x + p.dx - 1) / p.dx, (h - p.y + p.dy - 1) / p.dy
}
