package imaging

import (
	"context"

	"github.com/premix/premix/imaging/jpeg"
)

// jpegHeader reads the frame header.
func jpegHeader(data []byte) (w, h int, memory int64, err error) {
	c, err := jpeg.DecodeHeader(data)
	if err != nil {
		return 0, 0, 0, err
	}
	return c.W, c.H, c.Memory(), nil
}

// decodeJPEG decodes into the memory of dst.
func (d *Decoder) decodeJPEG(ctx context.Context, dst *Image, data []byte, p DecodeParams) error {
	pix, h, err := d.jpeg.DecodeContext(ctx, dst.Pix, data, jpeg.Options{AcceptTruncated: p.AcceptTruncated, Forgive: p.ForgiveDamage})
	if err != nil {
		return err
	}
	dst.W, dst.H, dst.Pix = h.W, h.H, pix
	return nil
}
