package synth

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zlib"
	"github.com/premix/premix/imaging"
)

// A form is how an image is encoded.
type form struct {
	spec string // of imaging.NewEncoder, or one of the names below
	ext  string
}

const (
	grayJPEG    = "gray"
	alphaPNG    = "alpha"
	palettePNG  = "palette"
	deepPNG     = "16-bit"
	grayPNG     = "gray png"
	grayQuality = 88
)

// formOf picks the encoding of image i: of 32 images 4 are gray JPEGs and 5 are PNGs.
func formOf(i int64) form {
	switch r := newRand(i, 3); r.n(32) {
	case 0, 1, 2, 3:
		return form{grayJPEG, "jpg"}
	case 4:
		return form{"png", "png"}
	case 5:
		return form{alphaPNG, "png"}
	case 6:
		return form{palettePNG, "png"}
	case 7:
		if r.n(2) == 0 {
			return form{deepPNG, "png"}
		}
		return form{grayPNG, "png"}
	case 8:
		return form{"png", "jpeg"} // a PNG by its bytes alone
	default:
		q := []int{75, 85, 90, 95, 98}[r.n(5)]
		if r.n(4) == 0 {
			return form{fmt.Sprintf("jpeg:%d", q), "jpg"}
		}
		return form{fmt.Sprintf("jpeg:%d:444", q), "jpg"}
	}
}

func (d *Drawer) encode(dst []byte, f form) []byte {
	m := &d.img
	switch f.spec {
	case grayPNG:
		d.toGray()
		return d.png.encode(dst, m.W, m.H, 8, 0, nil, func(row []byte, y int) []byte {
			return append(row, d.gray[y*m.W:][:m.W]...)
		})
	case deepPNG:
		return d.png.encode(dst, m.W, m.H, 16, 2, nil, func(row []byte, y int) []byte {
			for i, v := range m.Row(y) {
				row = append(row, v, v+byte(i*7+y))
			}
			return row
		})
	case alphaPNG:
		return d.png.encode(dst, m.W, m.H, 8, 6, nil, func(row []byte, y int) []byte {
			p := m.Row(y)
			for x := range m.W {
				edge := min(x, y, m.W-1-x, m.H-1-y) // fades out towards the frame
				row = append(row, p[3*x], p[3*x+1], p[3*x+2], byte(min(255, 64+edge*24)))
			}
			return row
		})
	case palettePNG:
		return d.png.encode(dst, m.W, m.H, 8, 3, cube(), func(row []byte, y int) []byte {
			p := m.Row(y)
			for x := range m.W {
				row = append(row, byte(int(p[3*x])*6>>8*36+int(p[3*x+1])*6>>8*6+int(p[3*x+2])*6>>8))
			}
			return row
		})
	}
	dst, err := d.encoder(f.spec).Encode(dst, m)
	must(err)
	return dst
}

// encoder returns the encoder of imaging for spec, made at its first use.
func (d *Drawer) encoder(spec string) *imaging.Encoder {
	if e := d.encoders[spec]; e != nil {
		return e
	}
	e := imaging.NewGrayEncoder(grayQuality)
	if spec != grayJPEG {
		var err error
		e, err = imaging.NewEncoder(spec)
		must(err)
	}
	if d.encoders == nil {
		d.encoders = map[string]*imaging.Encoder{}
	}
	d.encoders[spec] = e
	return e
}

// must guards encoders that have no way to fail: sizes and forms are those of this package.
func must(err error) {
	if err != nil {
		panic("synth: " + err.Error())
	}
}

// toGray fills d.gray with the luma of BT.601.
func (d *Drawer) toGray() {
	n := d.img.W * d.img.H
	if cap(d.gray) < n {
		d.gray = make([]byte, n)
	}
	d.gray = d.gray[:n]
	for i := range d.gray {
		p := d.img.Pix[3*i:][:3:3]
		d.gray[i] = byte((19595*int(p[0]) + 38470*int(p[1]) + 7471*int(p[2]) + 1<<15) >> 16)
	}
}

// cube is a palette of 6×6×6 colours.
func cube() []byte {
	var p []byte
	for r := range 6 {
		for g := range 6 {
			for b := range 6 {
				p = append(p, byte(r*51), byte(g*51), byte(b*51))
			}
		}
	}
	return p
}

// A pngWriter writes the kinds of PNG that imaging has no encoder for. Each row is stored as the
// difference to the row above.
type pngWriter struct {
	z          *zlib.Writer
	row, above []byte
	body       bytes.Buffer
}

func (p *pngWriter) encode(dst []byte, w, h, depth, colour int, palette []byte, row func(dst []byte, y int) []byte) []byte {
	p.body.Reset()
	if p.z == nil {
		z, err := zlib.NewWriterLevel(&p.body, 3)
		must(err)
		p.z = z
	}
	p.z.Reset(&p.body)
	p.above = p.above[:0]
	var line []byte
	for y := range h {
		p.row = row(p.row[:0], y)
		if line = append(line[:0], 2); y == 0 {
			line[0] = 0
		}
		for i, v := range p.row {
			if y > 0 {
				v -= p.above[i]
			}
			line = append(line, v)
		}
		_, err := p.z.Write(line)
		must(err)
		p.row, p.above = p.above, p.row
	}
	must(p.z.Close())

	dst = append(dst, "\x89PNG\r\n\x1a\n"...)
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	dst = pngChunk(dst, "IHDR", append(head, byte(depth), byte(colour), 0, 0, 0))
	if palette != nil {
		dst = pngChunk(dst, "PLTE", palette)
	}
	dst = pngChunk(dst, "IDAT", p.body.Bytes())
	return pngChunk(dst, "IEND", nil)
}

func pngChunk(dst []byte, kind string, data []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(data)))
	from := len(dst)
	dst = append(append(dst, kind...), data...)
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[from:]))
}
