package gif

import (
	"compress/lzw"
	"errors"
	"io"
	"strings"

	"github.com/premix/premix/imaging/internal/raster"
	"github.com/premix/premix/internal/reuse"
)

// A Decoder decodes one image after the other and reuses its memory. The zero Decoder is ready.
type Decoder struct {
	h      Header
	lut    raster.LUT
	set    [256]bool // indexes that have a colour
	lzw    lzw.Reader
	blocks blocks
	row    []byte
}

// Decode decodes the image of a header into dst, which has 3·W·H bytes.
func (d *Decoder) Decode(m *raster.Meter, dst []byte, header Header) error {
	d.h = header
	defer func() { d.h, d.blocks = Header{}, blocks{} }()
	h := &d.h
	if h.w < h.W || h.h < h.H {
		for i := range dst {
			dst[i] = 255
		}
	}
	d.setColours()
	size := int(h.codes[0])
	if size < 2 || size > 8 {
		return corrupt("the first codes have %d bits", size)
	}
	d.blocks = blocks{data: h.codes[1:]}
	d.lzw.Reset(&d.blocks, lzw.LSB, size)
	d.row = reuse.Slice(d.row, h.w)
	for i := range h.h {
		if err := m.Spend(h.w); err != nil {
			return err
		}
		if _, err := io.ReadFull(&d.lzw, d.row); err != nil {
			return fault(err)
		}
		out := dst[3*(h.W*(h.y+h.rowAt(i))+h.x):][:3*h.w]
		for x, v := range d.row {
			if !d.set[v] {
				return corrupt("invalid pixel value %d", v)
			}
			copy(out[3*x:3*x+3], d.lut[v][:])
		}
	}
	return nil
}

// setColours makes the table of colours. A frame without a palette is gray. The transparent colour
// is white, and so are those between a shorter palette and it.
func (d *Decoder) setColours() {
	n := len(d.h.palette) / 3
	if n == 0 {
		d.lut.Grays(8, false)
		n = 256
	}
	for i := range 3 * (len(d.h.palette) / 3) {
		d.lut[i/3][i%3] = d.h.palette[i]
	}
	for i := range d.set {
		d.set[i] = i < n
		if i == d.h.clear || n <= i && i < d.h.clear {
			d.set[i], d.lut[i] = true, [3]byte{255, 255, 255}
		}
	}
}

// rowAt is the place of the i-th row of the data in the frame.
func (h *Header) rowAt(i int) int {
	if !h.interlaced {
		return i
	}
	for _, p := range [4][2]int{{0, 8}, {4, 8}, {2, 4}, {1, 2}} {
		rows := (h.h - p[0] + p[1] - 1) / p[1]
		if i < rows {
			return p[0] + i*p[1]
		}
		i -= max(rows, 0)
	}
	return 0
}

// blocks reads what a list of blocks holds.
type blocks struct {
	data []byte
	left int // of the block
}

// ReadByte returns the next byte. At the end of the file, or of the list, it is io.EOF.
func (b *blocks) ReadByte() (byte, error) {
	if b.left == 0 {
		if len(b.data) == 0 || b.data[0] == 0 {
			return 0, io.EOF
		}
		b.left = int(b.data[0])
		b.data = b.data[1:]
	}
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	v := b.data[0]
	b.data, b.left = b.data[1:], b.left-1
	return v, nil
}

// Read is there because LZW asks for an io.Reader. It is not called.
func (b *blocks) Read(p []byte) (int, error) {
	for i := range p {
		v, err := b.ReadByte()
		if err != nil {
			return i, err
		}
		p[i] = v
	}
	return len(p), nil
}

// fault makes a fault of an error of LZW, whose errors have no type.
func fault(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return truncated()
	}
	return corrupt("%s", strings.TrimPrefix(err.Error(), "lzw: "))
}
