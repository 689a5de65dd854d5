package tiff

import (
	"bytes"
	"io"

	"github.com/premix/premix/imaging/internal/raster"
	"github.com/premix/premix/imaging/jpeg"
	"github.com/premix/premix/internal/reuse"
)

// A Decoder decodes one picture after the other and reuses its memory. The zero Decoder is ready.
type Decoder struct {
	h     Header
	meter *raster.Meter

	fed      int64     // bytes of the file that became samples
	steps    int64     // of all JPEGs
	planes   [4][]byte // of the strip or tile that is being read; one if samples are together
	samples  []byte    // their memory
	reversed []byte    // compressed data with the bits of each byte reversed
	reader   bytes.Reader
	inflate  io.ReadCloser
	lzw      *lzwTable
	jpeg     jpeg.Decoder
	joined   []byte // tables and data of a JPEG
	colours  []byte // what a JPEG decodes to

	lut raster.LUT
	ycc yccTable
}

// maxKept bounds each buffer that a Decoder keeps from one picture to the next.
const maxKept = 16 << 20

// Decode decodes the picture of a header into dst, which has 3·W·H bytes.
func (d *Decoder) Decode(m *raster.Meter, dst []byte, header Header) error {
	d.h, d.meter, d.fed, d.steps = header, m, 0, 0
	defer d.release()
	if err := d.readColours(); err != nil {
		return err
	}
	h := &d.h
	for by := range h.down {
		for bx := range h.across {
			if err := d.block(by*h.across+bx, by*h.blockH); err != nil {
				return err
			}
			left := bx * h.blockW
			w := min(h.blockW, h.W-left)
			for y := range min(h.blockH, h.H-by*h.blockH) {
				if err := m.Spend(3 * w); err != nil {
					return err
				}
				d.row(dst[3*((by*h.blockH+y)*h.W+left):][:3*w], y)
			}
		}
	}
	return nil
}

// release lets go of the data and of memory that an unusual picture needed.
func (d *Decoder) release() {
	d.h, d.meter, d.planes = Header{}, nil, [4][]byte{}
	d.reader.Reset(nil)
	for _, b := range []*[]byte{&d.samples, &d.reversed, &d.joined, &d.colours} {
		if cap(*b) > maxKept {
			*b = nil
		}
	}
}

// block reads the strip or tile at place i in all planes; y is its first row.
func (d *Decoder) block(i, y int) error {
	h := &d.h
	rows := h.rows(y)
	want := int(h.blockBytes(rows))
	if h.compression != none || h.reversed {
		d.samples = reuse.Slice(d.samples, want*h.planes)
	}
	for p := range h.planes {
		at := p*h.across*h.down + i
		src, err := h.source(at, want)
		if err != nil {
			return err
		}
		if h.compression == none && !h.reversed {
			d.planes[p] = src
			continue
		}
		d.planes[p] = d.samples[p*want : (p+1)*want]
		if h.compression == jpegStrips {
			err = d.readJPEG(d.planes[p], src, rows)
		} else {
			err = d.decompress(d.planes[p], src, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readColours makes the tables that samples are looked up in.
func (d *Decoder) readColours() error {
	h := &d.h
	switch h.photo {
	case whiteIsZero, blackIsZero:
		if h.bits < 8 {
			d.lut.Grays(h.bits, h.photo == whiteIsZero)
		}
	case photoYCbCr:
		if h.shared() || h.compression != none && h.compression != jpegStrips {
			d.ycc.libtiff(h.field(tagYCbCrWeights), h.field(tagReferenceRange))
		}
	case photoLUT:
		m := h.field(tagColorMap)
		n := 1 << h.bits
		if m.n < 3*n {
			return corrupt("a palette of %d values, there must be %d", m.n, 3*n)
		}
		for i := range n {
			for c := range 3 {
				d.lut[i][c] = byte(m.at(c*n+i) >> 8)
			}
		}
	}
	return nil
}

// row writes the colours of row y of the strip or tile to dst.
func (d *Decoder) row(dst []byte, y int) {
	h := &d.h
	switch {
	case h.compression == jpegStrips && h.planes == 1:
		copy(dst, d.colours[3*h.blockW*y:])
		if h.photo == whiteIsZero {
			for i := range dst {
				dst[i] = ^dst[i]
			}
		}
	case h.shared():
		d.sharedRow(dst, y)
	case h.bits < 8:
		d.lut.Expand(dst, d.planes[0][y*h.rowBytes():], h.bits)
	default:
		d.wholeRow(dst, y)
	}
}

// channel returns the samples of one band in row y, and how far they are apart.
func (d *Decoder) channel(c, y int) (s []byte, step int) {
	h := &d.h
	size, high := h.bits/8, 0
	if size == 2 && h.little() {
		high = 1
	}
	if h.planes > 1 {
		return d.planes[c][y*h.rowBytes()+high:], size
	}
	return d.planes[0][y*h.rowBytes()+c*size+high:], size * h.samples
}

func (h *Header) little() bool { return h.order.Uint16([]byte{1, 0}) == 1 }

// wholeRow writes a row whose samples are whole bytes.
func (d *Decoder) wholeRow(dst []byte, y int) {
	h := &d.h
	var s [4][]byte
	step := 0
	for c := range h.base {
		s[c], step = d.channel(c, y)
	}
	n := len(dst) / 3
	switch h.photo {
	case whiteIsZero, blackIsZero:
		for x := range n {
			v := s[0][x*step]
			if h.photo == whiteIsZero {
				v = ^v
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = v, v, v
		}
	case photoLUT:
		for x := range n {
			copy(dst[3*x:3*x+3], d.lut[s[0][x*step]][:])
		}
	case photoRGB:
		for x := range n {
			dst[3*x], dst[3*x+1], dst[3*x+2] = s[0][x*step], s[1][x*step], s[2][x*step]
		}
	case photoCMYK:
		for x := range n {
			raster.CMYK(dst[3*x:3*x+3], s[0][x*step], s[1][x*step], s[2][x*step], s[3][x*step])
		}
	case photoYCbCr:
		for x := range n {
			if h.compression == none {
				pillowYCbCr(dst[3*x:3*x+3], s[0][x*step], s[1][x*step], s[2][x*step])
			} else {
				d.ycc.rgb(dst[3*x:3*x+3], s[0][x*step], s[1][x*step], s[2][x*step])
			}
		}
	}
	if h.alpha != 0 {
		d.lay(dst, y)
	}
}

// lay lays a row on white.
func (d *Decoder) lay(dst []byte, y int) {
	over := raster.Over
	if d.h.alpha == associated {
		over = raster.OverPremultiplied
	}
	alpha, step := d.channel(d.h.base, y)
	for x := range len(dst) / 3 {
		if a := alpha[x*step]; a != 255 {
			p := dst[3*x : 3*x+3]
			p[0], p[1], p[2] = over(p[0], a), over(p[1], a), over(p[2], a)
		}
	}
}
