package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/raster"
)

// scratch bounds what the decoders of other libraries hold besides pixels: Huffman tables, palettes,
// rows.
const scratch = 1 << 20

// libraryFault turns the error of another library's decoder into a fault. Most of these errors
// have no type, hence the look at their text.
func libraryFault(f Format, err error) error {
	text := err.Error()
	kind := premix.Corrupt
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		strings.Contains(text, "EOF"), strings.Contains(text, "too short"):
		kind = premix.Truncated
	case strings.Contains(text, "too much data"): // of WebP, 16 MiB of coefficients
		kind = premix.TooLarge
	}
	return premix.Faultf(kind, "%s: %s", f, strings.TrimPrefix(text, string(f)+": "))
}

// decodeLibrary decodes with another library's decoder, whose panic is a fault of the image.
func decodeLibrary(f Format, r io.Reader, decode func(io.Reader) (image.Image, error)) (m image.Image, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = premix.Faultf(premix.Corrupt, "%s: the decoder panicked: %v", f, r)
		}
	}()
	if m, err = decode(r); err != nil {
		err = libraryFault(f, err)
	}
	return m, err
}

// bmpHeader names what x/image/bmp does not read, which says of everything that it is unsupported.
func bmpHeader(data []byte) (cost, error) {
	c, err := bmp.DecodeConfig(bytes.NewReader(data))
	if errors.Is(err, bmp.ErrUnsupported) {
		return cost{}, premix.Faultf(premix.Unsupported, "bmp: %s", bmpVariant(data))
	}
	if err != nil {
		return cost{}, libraryFault(BMP, err)
	}
	pixels, size := int64(c.Width)*int64(c.Height), int64(4)
	if _, ok := c.ColorModel.(color.Palette); ok {
		size = 1
	}
	return cost{c.Width, c.Height, size * pixels, (size+3)*pixels + scratch, nil}, nil
}

func bmpVariant(data []byte) string {
	if len(data) < 54 || binary.LittleEndian.Uint32(data[14:]) < 40 {
		return "a header of OS/2 is not supported"
	}
	bits, compression := binary.LittleEndian.Uint16(data[28:]), binary.LittleEndian.Uint32(data[30:])
	switch {
	case compression == 1 || compression == 2:
		return "RLE compression is not supported"
	case bits == 16:
		return "16 bits a pixel are not supported"
	case compression == 3 || compression == 6:
		return "bit fields are not supported"
	case compression != 0:
		return "a compression other than none is not supported"
	}
	return "a size, a palette or a header of this kind is not supported"
}

// A stoppable reader ends when its context is done. x/image/bmp reads row by row.
type stoppable struct {
	meter *raster.Meter
	bytes.Reader
}

func (s *stoppable) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if done := s.meter.Spend(n); done != nil {
		return 0, done
	}
	return n, err
}

func decodeBMP(ctx context.Context, _ *Decoder, dst *Image, data []byte, _ cost, _ DecodeParams) error {
	r := &stoppable{meter: raster.NewMeter(ctx)}
	r.Reset(data)
	m, err := decodeLibrary(BMP, r, bmp.Decode)
	if stopped := r.meter.Err(); stopped != nil {
		return stopped
	}
	if err != nil {
		return err
	}
	dst.Resize(m.Bounds().Dx(), m.Bounds().Dy())
	return flatten(dst, m, image.Point{})
}

// webpHeader takes the frame of an animation for the image. Lossy data takes three planes of whole
// blocks, and is copied. Lossless data (alpha is such data too) takes 4 bytes a pixel, twice while a
// transform is undone, and Huffman trees: at most 2,600 groups of at most 53 kB, in no file more than
// 1,500 times the bytes that encode them.
func webpHeader(data []byte) (cost, error) {
	f, err := webpFrame(data)
	if err != nil {
		return cost{}, err
	}
	n, blocks := int64(f.w)*int64(f.h), int64(f.w/16+1)*int64(f.h/16+1)
	memory := 3*int64(f.screen.X)*int64(f.screen.Y) + blocks*(384+32) + int64(len(data)) + int64(f.copied) + scratch
	if !f.lossy {
		memory += n*(4+4+1) + min(int64(len(data))*1500, (n/16+1)*53<<10, 2600*53<<10)
	}
	return cost{f.screen.X, f.screen.Y, n, memory, f}, nil
}

func decodeWebP(ctx context.Context, _ *Decoder, dst *Image, _ []byte, c cost, _ DecodeParams) error {
	f := c.opened.(frame)
	still := f.still()
	if c, err := webp.DecodeConfig(bytes.NewReader(still)); err != nil {
		return libraryFault(WebP, err)
	} else if c.Width != f.w || c.Height != f.h {
		return premix.Faultf(premix.Corrupt, "webp: a picture of %d×%d in a frame of %d×%d", c.Width, c.Height, f.w, f.h)
	}
	m, err := aside(ctx, func() (image.Image, error) {
		return decodeLibrary(WebP, bytes.NewReader(still), webp.Decode)
	})
	if err != nil {
		return err
	}
	if m.Bounds().Dx() != f.w || m.Bounds().Dy() != f.h {
		return premix.Faultf(premix.Corrupt, "webp: a frame of %v, its header says %d×%d", m.Bounds(), f.w, f.h)
	}
	dst.Resize(f.screen.X, f.screen.Y)
	if f.w != f.screen.X || f.h != f.screen.Y {
		for i := range dst.Pix {
			dst.Pix[i] = 255
		}
	}
	return flatten(dst, m, f.at)
}

// aside runs f in a goroutine of its own, and does not wait for it when the context is done: the
// decoder of WebP reads its data first, so that no reader can stop it. It ends soon, and what it
// made is dropped.
func aside(ctx context.Context, f func() (image.Image, error)) (image.Image, error) {
	type result struct {
		m   image.Image
		err error
	}
	done := make(chan result, 1)
	go func() {
		m, err := f()
		done <- result{m, err}
	}()
	select {
	case r := <-done:
		return r.m, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
