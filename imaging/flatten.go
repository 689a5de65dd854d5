package imaging

import (
	"image"
	"image/color"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/raster"
)

// flatten writes what another library decoded to dst at the point at, as packed RGB on white. It
// fits there: the sizes were compared.
func flatten(dst *Image, m image.Image, at image.Point) error {
	switch m := m.(type) {
	case *image.YCbCr:
		return flattenYCbCr(dst, at, m, nil, 0)
	case *image.NYCbCrA:
		return flattenYCbCr(dst, at, &m.YCbCr, m.A, m.AStride)
	}
	var palette *raster.LUT
	if m, ok := m.(*image.Paletted); ok {
		palette = flattenPalette(m.Palette)
	}
	n := m.Bounds().Dx()
	for y := range m.Bounds().Dy() {
		d := dst.Row(at.Y + y)[3*at.X:][:3*n]
		switch m := m.(type) {
		case *image.Paletted:
			palette.Expand(d, m.Pix[y*m.Stride:], 8)
		case *image.RGBA:
			flattenRow(d, m.Pix[y*m.Stride:][:4*n], raster.OverPremultiplied)
		case *image.NRGBA:
			flattenRow(d, m.Pix[y*m.Stride:][:4*n], raster.Over)
		default:
			return premix.Faultf(premix.Unsupported, "imaging: colour model of %T", m)
		}
	}
	return nil
}

// flattenRow lays a row of RGBA samples on white.
func flattenRow(d, s []byte, over func(c, a byte) byte) {
	for len(s) >= 4 && len(d) >= 3 {
		r, g, b, a := s[0], s[1], s[2], s[3]
		if a != 255 {
			r, g, b = over(r, a), over(g, a), over(b, a)
		}
		d[0], d[1], d[2] = r, g, b
		d, s = d[3:], s[4:]
	}
}

// flattenPalette makes a table of a palette without transparency. An index outside of it is black;
// the decoders refuse such an index, or give it black themselves.
func flattenPalette(p color.Palette) *raster.LUT {
	var t raster.LUT
	for i, c := range p[:min(len(p), len(t))] {
		r, g, b, _ := c.RGBA()
		t[i] = [3]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)}
	}
	return &t
}
