// Package pnm decodes PBM, PGM and PPM, plain and raw (P1 to P6), to packed RGB. Samples are scaled to
// 255 and rounded as Pillow does it. Of gray samples above 255 Pillow makes 16 bits; the high byte is
// kept. What follows the last sample is not looked at.
//
// Every error is a [premix.Fault], or the cause of a context that is done.
package pnm

import (
	"bytes"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/raster"
)

// A Header is what stands before the samples.
type Header struct {
	W, H int
	// Work is the samples, in bytes of a plain or a raw file.
	Work int64
	// Memory bounds the bytes that Decode allocates, the picture included.
	Memory int64

	kind    byte // the digit of the magic number
	maxval  int
	samples []byte // the rest of the file
}

func corrupt(format string, args ...any) error {
	return premix.Faultf(premix.Corrupt, "pnm: "+format, args...)
}

func truncated() error { return premix.Faultf(premix.Truncated, "pnm: unexpected EOF") }

// Is reports whether data begins as one of the formats that are read: a text may begin with P and a
// digit, but seldom goes on with a number.
func Is(data []byte) bool {
	if len(data) < 4 || data[0] != 'P' || data[1] < '1' || data[1] > '6' || !space(data[2]) {
		return false
	}
	rest := bytes.TrimLeft(data[2:], " \t\n\v\f\r")
	return len(rest) > 0 && (rest[0] == '#' || '0' <= rest[0] && rest[0] <= '9')
}

func space(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// DecodeHeader reads up to the samples. It allocates nothing that depends on data.
func DecodeHeader(data []byte) (Header, error) {
	if !Is(data) {
		return Header{}, corrupt("not a PNM file")
	}
	h := Header{kind: data[1], maxval: 1}
	c := cursor{data: data, at: 3}
	fields := []*int{&h.W, &h.H, &h.maxval}
	if h.kind == '1' || h.kind == '4' {
		fields = fields[:2]
	}
	for _, f := range fields {
		if err := c.number(f); err != nil {
			return Header{}, err
		}
	}
	if h.maxval < 1 || h.maxval > 65535 {
		return Header{}, corrupt("the largest value is %d, allowed are 1 to 65535", h.maxval)
	}
	h.samples = data[c.at:]
	if h.W > maxSide || h.H > maxSide {
		return h, nil // larger than any limit
	}
	h.Work = int64(len(h.samples))
	if h.raw() {
		h.Work = int64(h.rowBytes()) * int64(h.H)
	}
	h.Memory = 3*int64(h.W)*int64(h.H) + 65536 + scratch
	return h, nil
}

const (
	scratch = 4 << 10
	maxSide = 1 << 20
)

// Whole reports whether there may be as many samples as pixels ask for. Nothing needs to be allocated
// where there are not.
func (h *Header) Whole() error {
	n := int64(len(h.samples))
	pixels := int64(h.W) * int64(h.H)
	if h.raw() && n < h.Work || h.kind == '1' && n < pixels || !h.raw() && h.kind != '1' && n+1 < 2*pixels*int64(h.channels()) {
		return truncated()
	}
	return nil
}

func (h *Header) raw() bool { return h.kind >= '4' }

// channels is the number of samples of a pixel.
func (h *Header) channels() int {
	if h.kind == '3' || h.kind == '6' {
		return 3
	}
	return 1
}

// rowBytes is the length of a row of a raw file.
func (h *Header) rowBytes() int {
	switch {
	case h.kind == '4':
		return (h.W + 7) / 8
	case h.maxval > 255:
		return 2 * h.W * h.channels()
	}
	return h.W * h.channels()
}

// A cursor reads numbers. A comment may stand anywhere in a number, as for Pillow.
type cursor struct {
	data []byte
	at   int
}

// next returns the next byte that belongs to no comment.
func (c *cursor) next() (byte, bool) {
	for c.at < len(c.data) {
		v := c.data[c.at]
		c.at++
		if v != '#' {
			return v, true
		}
		for c.at < len(c.data) {
			c.at++
			if v := c.data[c.at-1]; v == '\r' || v == '\n' {
				break
			}
		}
	}
	return 0, false
}

// number reads a number and the one space after it.
func (c *cursor) number(v *int) error {
	const longest = 10
	n, digits := 0, 0
	for {
		b, ok := c.next()
		switch {
		case !ok && digits == 0:
			return truncated()
		case !ok, space(b) && digits > 0:
			*v = n
			return nil
		case space(b):
		case b < '0' || b > '9':
			return corrupt("%q in a number", b)
		case digits == longest:
			return corrupt("%d… is too long for a number", n)
		default:
			n = 10*n + int(b-'0')
			digits++
		}
	}
}

// Decode decodes the image into dst, which has 3·W·H bytes.
func (h *Header) Decode(m *raster.Meter, dst []byte) error {
	switch {
	case h.kind == '1':
		return h.plainBits(m, dst)
	case !h.raw():
		return h.plain(m, dst)
	}
	if err := h.Whole(); err != nil {
		return err
	}
	scale := h.scale()
	var bits raster.LUT
	bits.Grays(1, true)
	n := h.rowBytes()
	for y := range h.H {
		if err := m.Spend(n); err != nil {
			return err
		}
		row, out := h.samples[y*n:][:n], dst[3*h.W*y:][:3*h.W]
		switch {
		case h.kind == '4':
			bits.Expand(out, row, 1)
		case h.kind == '6' && h.maxval == 255:
			copy(out, row)
		default:
			h.rawRow(out, row, scale)
		}
	}
	return nil
}

// rawRow scales a row of samples.
func (h *Header) rawRow(out, row []byte, scale []byte) {
	size := len(row) / max(1, h.W*h.channels())
	for i := 0; len(row) >= size && i < len(out); row = row[size:] {
		v := int(row[0])
		if size == 2 {
			v = v<<8 | int(row[1])
		}
		s := scale[min(v, h.maxval)]
		if h.kind == '6' {
			out[i] = s
			i++
			continue
		}
		out[i], out[i+1], out[i+2] = s, s, s
		i += 3
	}
}

// scale returns what becomes of each value.
func (h *Header) scale() []byte {
	t := make([]byte, h.maxval+1)
	last, shift := 255.0, 0
	if h.channels() == 1 && h.maxval > 255 {
		last, shift = 65535, 8
	}
	for v := range t {
		t[v] = byte(int(math.RoundToEven(float64(v)/float64(h.maxval)*last)) >> shift)
	}
	return t
}

// plain reads samples that are written as numbers.
func (h *Header) plain(m *raster.Meter, dst []byte) error {
	scale := h.scale()
	c := cursor{data: h.samples}
	for i := 0; i < len(dst); {
		from, v := c.at, 0
		if err := c.number(&v); err != nil {
			return err
		}
		if v > h.maxval {
			return corrupt("the value %d is above %d", v, h.maxval)
		}
		if err := m.Spend(c.at - from); err != nil {
			return err
		}
		dst[i] = scale[v]
		i++
		if h.kind == '2' {
			dst[i], dst[i+1] = scale[v], scale[v]
			i += 2
		}
	}
	return nil
}

// plainBits reads bits that are written as digits, with or without space between them.
func (h *Header) plainBits(m *raster.Meter, dst []byte) error {
	c := cursor{data: h.samples}
	for i := 0; i < len(dst); {
		from := c.at
		b, ok := c.next()
		if err := m.Spend(c.at - from); err != nil {
			return err
		}
		switch {
		case !ok:
			return truncated()
		case space(b):
			continue
		case b != '0' && b != '1':
			return corrupt("%q is not a bit", b)
		}
		v := 255 * ('1' - b)
		dst[i], dst[i+1], dst[i+2] = v, v, v
		i += 3
	}
	return nil
}
