package imaging

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"

	"github.com/premix/premix"
)

// A jpegDecoder is the seam to the JPEG decoder.
type jpegDecoder struct{}

// jpegHeader reads the frame header.
func jpegHeader(data []byte) (w, h int, memory int64, err error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, 0, libraryFault(JPEG, err)
	}
	return c.Width, c.Height, int64(c.Width)*int64(c.Height)*(4*4+3) + scratch, nil
}

func (d *jpegDecoder) decode(dst *Image, data []byte, p DecodeParams) error {
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return libraryFault(JPEG, err)
	}
	b := m.Bounds()
	dst.Resize(b.Dx(), b.Dy())
	for y := range dst.H {
		row := dst.Row(y)
		for x := range dst.W {
			switch c := m.At(x, y).(type) {
			case color.YCbCr:
				row[3*x], row[3*x+1], row[3*x+2] = color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
			case color.Gray:
				row[3*x], row[3*x+1], row[3*x+2] = c.Y, c.Y, c.Y
			case color.RGBA:
				row[3*x], row[3*x+1], row[3*x+2] = c.R, c.G, c.B
			case color.CMYK:
				row[3*x], row[3*x+1], row[3*x+2] = color.CMYKToRGB(c.C, c.M, c.Y, c.K)
			default:
				return premix.Faultf(premix.Unsupported, "imaging: jpeg: colour model of %T", m.(image.Image))
			}
		}
	}
	return nil
}
