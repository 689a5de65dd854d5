package imaging

import (
	"context"

	"github.com/premix/premix/imaging/internal/gif"
	"github.com/premix/premix/imaging/internal/png"
	"github.com/premix/premix/imaging/internal/pnm"
	"github.com/premix/premix/imaging/internal/raster"
	"github.com/premix/premix/imaging/internal/tiff"
	"github.com/premix/premix/imaging/jpeg"
)

// A cost is what the header of an image says about its size and what decoding it takes.
type cost struct {
	w, h int
	// work is the bytes that a decoder goes through one by one, most often those of samples. It is 0
	// where the decoder bounds its own work.
	work int64
	// memory bounds the bytes that are held besides the data, those of the picture included.
	memory int64
	// opened is the header as the decoder knows it.
	opened any
}

// A kind reads the images of one format.
type kind struct {
	// header reads what stands before the pixels, and allocates nothing that the image can choose the
	// size of.
	header func(data []byte) (cost, error)
	// decode decodes an image into dst, the limits having been checked. An error is a fault, or the
	// cause of a context that is done.
	decode func(ctx context.Context, d *Decoder, dst *Image, data []byte, c cost, p DecodeParams) error
}

var kinds = map[Format]kind{
	JPEG: {jpegHeader, decodeJPEG},
	PNG:  {pngHeader, decodePNG},
	GIF:  {gifHeader, decodeGIF},
	WebP: {webpHeader, decodeWebP},
	BMP:  {bmpHeader, decodeBMP},
	TIFF: {tiffHeader, decodeTIFF},
	PNM:  {pnmHeader, decodePNM},
}

func jpegHeader(data []byte) (cost, error) {
	h, err := jpeg.DecodeHeader(data)
	return cost{h.W, h.H, 0, h.Memory(), nil}, err
}

func decodeJPEG(ctx context.Context, d *Decoder, dst *Image, data []byte, _ cost, p DecodeParams) error {
	pix, h, err := d.jpeg.DecodeContext(ctx, dst.Pix, data, jpeg.Options{
		AcceptTruncated: p.AcceptTruncated, Forgive: p.ForgiveDamage, Window: d.window,
	})
	if err != nil {
		return err
	}
	dst.W, dst.H, dst.Pix = h.W, h.H, pix
	return nil
}

func pngHeader(data []byte) (cost, error) {
	h, err := png.DecodeHeader(data)
	return cost{h.W, h.H, h.Work, h.Memory, h}, err
}

func decodePNG(ctx context.Context, d *Decoder, dst *Image, data []byte, c cost, _ DecodeParams) error {
	dst.Resize(c.w, c.h)
	return d.png.Decode(raster.NewMeter(ctx), dst.Pix, data)
}

func gifHeader(data []byte) (cost, error) {
	h, err := gif.DecodeHeader(data)
	return cost{h.W, h.H, h.Work, h.Memory, h}, err
}

func decodeGIF(ctx context.Context, d *Decoder, dst *Image, _ []byte, c cost, _ DecodeParams) error {
	dst.Resize(c.w, c.h)
	return d.gif.Decode(raster.NewMeter(ctx), dst.Pix, c.opened.(gif.Header))
}

func tiffHeader(data []byte) (cost, error) {
	h, err := tiff.DecodeHeader(data)
	return cost{h.W, h.H, h.Work, h.Memory, h}, err
}

func decodeTIFF(ctx context.Context, d *Decoder, dst *Image, _ []byte, c cost, _ DecodeParams) error {
	dst.Resize(c.w, c.h)
	return d.tiff.Decode(raster.NewMeter(ctx), dst.Pix, c.opened.(tiff.Header))
}

func pnmHeader(data []byte) (cost, error) {
	h, err := pnm.DecodeHeader(data)
	return cost{h.W, h.H, h.Work, h.Memory, h}, err
}

func decodePNM(ctx context.Context, _ *Decoder, dst *Image, _ []byte, c cost, _ DecodeParams) error {
	h := c.opened.(pnm.Header)
	if err := h.Whole(); err != nil {
		return err
	}
	dst.Resize(h.W, h.H)
	return h.Decode(raster.NewMeter(ctx), dst.Pix)
}
