package imaging

import (
	"image"
	"image/color"

	"github.com/premix/premix"
)

// over lays a sample c of opacity a on white.
func over(c, a byte) byte {
	return byte((uint32(c)*uint32(a) + 255*(255-uint32(a)) + 127) / 255)
}

// overPremultiplied lays a sample that is already multiplied by its opacity a on white.
func overPremultiplied(c, a byte) byte { return byte(min(uint32(c)+255-uint32(a), 255)) }

// flatten writes m to dst as packed RGB on a white screen of w×h pixels, keeping the high byte
// of 16-bit samples. m knows its own place on the screen.
func flatten(dst *Image, m image.Image, w, h int) error {
	b := m.Bounds()
	if b.Min.X < 0 || b.Min.Y < 0 || b.Max.X > w || b.Max.Y > h {
		return premix.Faultf(premix.Corrupt, "imaging: the image %v is larger than its header says, %d×%d", b, w, h)
	}
	dst.Resize(w, h)
	if b.Dx() != w || b.Dy() != h {
		for i := range dst.Pix {
			dst.Pix[i] = 255
		}
	}
	if m, ok := m.(*image.YCbCr); ok {
		return flattenYCbCr(dst, m, nil, 0)
	}
	if m, ok := m.(*image.NYCbCrA); ok {
		return flattenYCbCr(dst, &m.YCbCr, m.A, m.AStride)
	}
	var palette *[256][3]byte
	if m, ok := m.(*image.Paletted); ok {
		palette = flattenPalette(m.Palette)
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		d := dst.Row(y)[3*b.Min.X : 3*b.Max.X]
		n := b.Dx()
		switch m := m.(type) {
		case *image.Gray:
			for x, v := range m.Pix[(y-b.Min.Y)*m.Stride:][:n] {
				d[3*x], d[3*x+1], d[3*x+2] = v, v, v
			}
		case *image.Gray16:
			s := m.Pix[(y-b.Min.Y)*m.Stride:][:2*n]
			for x := range n {
				v := s[2*x]
				d[3*x], d[3*x+1], d[3*x+2] = v, v, v
			}
		case *image.Paletted:
			for x, v := range m.Pix[(y-b.Min.Y)*m.Stride:][:n] {
				copy(d[3*x:], palette[v][:])
			}
		case *image.RGBA:
			flattenRow(d, m.Pix[(y-b.Min.Y)*m.Stride:][:4*n], 1, overPremultiplied)
		case *image.NRGBA:
			flattenRow(d, m.Pix[(y-b.Min.Y)*m.Stride:][:4*n], 1, over)
		case *image.RGBA64:
			flattenRow(d, m.Pix[(y-b.Min.Y)*m.Stride:][:8*n], 2, overPremultiplied)
		case *image.NRGBA64:
			flattenRow(d, m.Pix[(y-b.Min.Y)*m.Stride:][:8*n], 2, over)
		default:
			return premix.Faultf(premix.Unsupported, "imaging: colour model of %T", m)
		}
	}
	return nil
}

// flattenRow lays a row of RGBA samples of size bytes each, the high byte first, on white.
func flattenRow(d, s []byte, size int, over func(c, a byte) byte) {
	for len(s) >= 4*size && len(d) >= 3 {
		r, g, b, a := s[0], s[size], s[2*size], s[3*size]
		if a != 255 {
			r, g, b = over(r, a), over(g, a), over(b, a)
		}
		d[0], d[1], d[2] = r, g, b
		d, s = d[3:], s[4*size:]
	}
}

// flattenPalette lays the colours of a palette on white. An index outside of it is black; the
// decoders refuse such an index, or give it black themselves.
func flattenPalette(p color.Palette) *[256][3]byte {
	var t [256][3]byte
	for i, c := range p {
		if i == len(t) {
			break
		}
		switch c := c.(type) {
		case color.NRGBA:
			t[i] = [3]byte{over(c.R, c.A), over(c.G, c.A), over(c.B, c.A)}
		case color.RGBA:
			t[i] = [3]byte{overPremultiplied(c.R, c.A), overPremultiplied(c.G, c.A), overPremultiplied(c.B, c.A)}
		default:
			r, g, b, a := c.RGBA()
			t[i] = [3]byte{overPremultiplied(byte(r>>8), byte(a>>8)), overPremultiplied(byte(g>>8), byte(a>>8)), overPremultiplied(byte(b>>8), byte(a>>8))}
		}
	}
	return &t
}
