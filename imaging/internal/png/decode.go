package png

import (
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"

	"github.com/premix/premix/imaging/internal/raster"
	"github.com/premix/premix/internal/reuse"
)

// A Decoder decodes one image after the other and reuses its memory. The zero Decoder is ready.
type Decoder struct {
	Header
	rest    []byte        // what follows the chunk that was read last
	idat    []byte        // what was not yet inflated of that chunk
	inflate io.ReadCloser // of the standard library: that of klauspost/compress remembers codes of an earlier image
	rows    []byte        // two rows, each with its filter byte
	line    []byte        // a row of a pass in colour

	lut     raster.LUT
	colours int // entries of the palette
	key     []byte
}

// Decode decodes data into dst, which has 3·W·H bytes by its header.
func (d *Decoder) Decode(m *raster.Meter, dst, data []byte) error {
	err := d.decode(m, dst, data)
	d.rest, d.idat, d.key = nil, nil, nil
	return err
}

func (d *Decoder) decode(m *raster.Meter, dst, data []byte) (err error) {
	if d.Header, d.rest, err = readHeader(data); err != nil {
		return err
	}
	if err := d.readTables(); err != nil {
		return err
	}
	if err := d.startInflate(); err != nil {
		return fault(err)
	}
	for _, p := range d.passes() {
		if err := d.pass(m, dst, p); err != nil {
			return fault(err)
		}
	}
	if err := d.end(); err != nil {
		return fault(err)
	}
	return d.readTail()
}

// readTables reads the chunks up to the first IDAT.
func (d *Decoder) readTables() (err error) {
	d.colours, d.key = 0, nil
	if d.colour == gray && d.depth <= 8 {
		d.lut.Grays(d.depth, false)
	}
	for {
		var c chunk
		if c, d.rest, err = next(d.rest); err != nil {
			return err
		}
		switch c.kind {
		case "IDAT":
			d.idat = c.data
			if d.colour == paletted && d.colours == 0 {
				return corrupt("chunk out of order: IDAT without PLTE")
			}
			return nil
		case "PLTE":
			err = d.readPalette(c.data)
		case "tRNS":
			err = d.readTransparency(c.data)
		case "IHDR", "IEND":
			err = corrupt("chunk out of order: %s", c.kind)
		}
		if err != nil {
			return err
		}
	}
}

// readPalette reads the palette. What is surplus of it, or in an image of another colour type, is left
// alone, as by libpng.
func (d *Decoder) readPalette(data []byte) error {
	if d.colour != paletted {
		return nil // for screens of few colours, or a mistake
	}
	n := min(len(data)/3, 256)
	switch {
	case d.colours > 0:
		return corrupt("chunk out of order: PLTE")
	case n == 0:
		return corrupt("bad PLTE length: %d", len(data))
	}
	d.colours = n
	d.lut = raster.LUT{}
	for i := range n {
		copy(d.lut[i][:], data[3*i:])
	}
	return nil
}

// readTransparency lays the palette on white, or keeps the colour that is transparent. Where pixels have
// an opacity of their own, or the chunk goes on, it is left alone, as by libpng and Pillow.
func (d *Decoder) readTransparency(data []byte) error {
	switch d.colour {
	case gray, rgb:
		n := 2 * d.channels()
		if len(data) < n {
			return corrupt("bad tRNS length: %d", len(data))
		}
		d.key = data[:n:n]
		if d.colour == gray && d.depth <= 8 {
			d.lut[data[1]] = [3]byte{255, 255, 255} // the high byte has no bits of a sample
		}
	case paletted:
		if d.colours == 0 {
			return corrupt("chunk out of order: tRNS")
		}
		for i, a := range data[:min(len(data), 256)] {
			for k, v := range d.lut[i] {
				d.lut[i][k] = raster.Over(v, a)
			}
		}
	}
	return nil
}

// Read reads what the IDAT chunks hold. Those after another chunk do not count.
func (d *Decoder) Read(b []byte) (int, error) {
	if err := d.more(); err != nil {
		return 0, err
	}
	n := copy(b, d.idat)
	d.idat = d.idat[n:]
	return n, nil
}

// ReadByte makes inflate read no further than it must.
func (d *Decoder) ReadByte() (byte, error) {
	if err := d.more(); err != nil {
		return 0, err
	}
	b := d.idat[0]
	d.idat = d.idat[1:]
	return b, nil
}

func (d *Decoder) more() error {
	for len(d.idat) == 0 {
		if len(d.rest) < 8 || string(d.rest[4:8]) != "IDAT" {
			return io.ErrUnexpectedEOF
		}
		c, rest, err := next(d.rest)
		if err != nil {
			return err
		}
		d.idat, d.rest = c.data, rest
	}
	return nil
}

func (d *Decoder) startInflate() (err error) {
	if d.inflate == nil {
		d.inflate, err = zlib.NewReader(d)
		return err
	}
	return d.inflate.(zlib.Resetter).Reset(d, nil)
}

// end looks whether the stream ends after the last pixel, so that its checksum is compared. Surplus
// pixels are left alone.
func (d *Decoder) end() error {
	var b [1]byte
	if n, err := io.ReadFull(d.inflate, b[:]); n == 0 && err != io.EOF {
		return err
	}
	return nil
}

// readTail reads the chunks from the last IDAT to the end.
func (d *Decoder) readTail() (err error) {
	for {
		var c chunk
		if c, d.rest, err = next(d.rest); err != nil {
			return err
		}
		switch c.kind {
		case "IEND":
			if len(c.data) != 0 {
				return corrupt("bad IEND length: %d", len(c.data))
			}
			return nil
		case "IHDR", "PLTE", "tRNS":
			return corrupt("chunk out of order: %s", c.kind)
		}
	}
}

// pass decodes one pass into dst.
func (d *Decoder) pass(m *raster.Meter, dst []byte, p pass) error {
	pw, ph := p.size(d.W, d.H)
	if pw <= 0 || ph <= 0 {
		return nil
	}
	n := 1 + d.rowBytes(pw)
	d.rows = reuse.Slice(d.rows, 2*n)
	clear(d.rows)
	cur, prev := d.rows[:n:n], d.rows[n:]
	bpp := max(1, d.channels()*d.depth/8)
	for y := range ph {
		if err := m.Spend(n); err != nil {
			return err
		}
		if _, err := io.ReadFull(d.inflate, cur); err != nil {
			return err
		}
		if err := unfilter(cur[0], cur[1:], prev[1:], bpp); err != nil {
			return err
		}
		row := dst[3*d.W*(p.y+y*p.dy):][:3*d.W]
		if p.dx == 1 && p.x == 0 {
			d.expand(row, cur[1:])
		} else {
			d.line = reuse.Slice(d.line, 3*pw)
			d.expand(d.line, cur[1:])
			for x := range pw {
				copy(row[3*(p.x+x*p.dx):][:3], d.line[3*x:3*x+3])
			}
		}
		cur, prev = prev, cur
	}
	return nil
}

// fault makes a fault of an error of inflate. Others are faults, or those of the context.
func fault(err error) error {
	var damage flate.CorruptInputError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return truncated()
	case errors.Is(err, zlib.ErrChecksum), errors.Is(err, zlib.ErrDictionary), errors.Is(err, zlib.ErrHeader), errors.As(err, &damage):
		return corrupt("%v", err)
	}
	return err
}

// be16 reports whether a sample of two bytes is the n-th of the transparent colour.
func (d *Decoder) be16(s []byte, n int) bool {
	return binary.BigEndian.Uint16(s) == binary.BigEndian.Uint16(d.key[2*n:])
}
