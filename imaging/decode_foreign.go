package imaging

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"github.com/premix/premix"
)

// A library reads a format with the decoder of another library.
type library struct {
	config func(data []byte) (image.Config, error)
	// memory bounds the bytes that decode holds for w×h pixels, flattened ones included. It refuses
	// what config accepts and decode cannot read.
	memory func(data []byte, w, h int64) (int64, error)
	decode func(io.Reader) (image.Image, error)
}

var libraries = map[Format]library{
	PNG:  {pngConfig, pngMemory, png.Decode},
	GIF:  {gifConfig, gifMemory, gif.Decode},
	WebP: {webpConfig, webpMemory, webp.Decode},
	BMP:  {bmpConfig, bmpMemory, bmp.Decode},
	TIFF: {tiffConfig, tiffMemory, tiff.Decode},
}

// readHeader is [jpegHeader] for a format of a library.
func (l library) readHeader(f Format, data []byte) (w, h int, memory int64, err error) {
	c, err := l.config(data)
	if err != nil {
		return 0, 0, 0, libraryFault(f, err)
	}
	memory, err = l.memory(data, int64(c.Width), int64(c.Height))
	return c.Width, c.Height, memory, err
}

// scratch bounds what the decoders of other libraries hold besides pixels: inflate windows,
// Huffman tables, palettes, rows.
const scratch = 1 << 20

// libraryFault turns the error of another library's decoder into a fault. Most of these errors
// have no type, hence the look at their text.
func libraryFault(f Format, err error) error {
	if premix.AsFault(err) != nil {
		return err
	}
	text := err.Error()
	kind := premix.Corrupt
	var pngUnsupported png.UnsupportedError
	var tiffUnsupported tiff.UnsupportedError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		strings.Contains(text, "EOF"),
		strings.Contains(text, "not enough"), strings.Contains(text, "too short"):
		kind = premix.Truncated
	case errors.As(err, &pngUnsupported), errors.As(err, &tiffUnsupported), errors.Is(err, bmp.ErrUnsupported),
		strings.Contains(text, "wrong number of samples"):
		kind = premix.Unsupported
	}
	return premix.Faultf(kind, "%s: %s", f, strings.TrimPrefix(text, string(f)+": "))
}

const pngMagic = "\x89PNG\r\n\x1a\n"

func pngConfig(data []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(data)) }

func pngMemory(data []byte, w, h int64) (int64, error) {
	if string(data[12:16]) != "IHDR" { // the library skips what it does not know; the standard wants it first
		return 0, premix.Faultf(premix.Corrupt, "png: the first chunk is no IHDR")
	}
	depth, interlaced := data[24], data[28] != 0
	perPixel := int64(4)
	if depth == 16 {
		perPixel = 8
	}
	if interlaced {
		perPixel *= 2 // the passes are images of their own
	}
	return w*h*(perPixel+3) + scratch, nil
}

func gifConfig(data []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(data)) }

// gifMemory counts a copy of the frame, which an interlaced one needs.
func gifMemory(_ []byte, w, h int64) (int64, error) { return w*h*(2+3) + scratch, nil }

func bmpConfig(data []byte) (image.Config, error) { return bmp.DecodeConfig(bytes.NewReader(data)) }

func bmpMemory(_ []byte, w, h int64) (int64, error) { return w*h*(4+3) + scratch, nil }

func tiffConfig(data []byte) (image.Config, error) { return tiff.DecodeConfig(bytes.NewReader(data)) }

// tiffMemory counts a strip or tile, which is decompressed as a whole; the library admits tiles of
// up to 1,024 pixels a side, or 16 more than the image.
func tiffMemory(data []byte, w, h int64) (int64, error) {
	// The library ignores the photometric interpretation of fax data.
	const compression, group3, group4 = 0x0103, 3, 4
	if v, _ := tiffShort(data, compression); v == group3 || v == group4 {
		return 0, premix.Faultf(premix.Unsupported, "tiff: fax compression is not supported")
	}
	block := max(w+16, 1024) * max(h+16, 1024)
	return w*h*(8+3) + 2*8*block + scratch, nil
}

func webpConfig(data []byte) (image.Config, error) {
	if len(data) >= 21 && string(data[12:16]) == "VP8X" && data[20]&2 != 0 {
		return image.Config{}, premix.Faultf(premix.Unsupported, "webp: animations are not supported")
	}
	return webp.DecodeConfig(bytes.NewReader(data))
}

// webpMemory: lossless data (alpha is such data too) takes 4 bytes a pixel, twice while a transform
// is undone, and Huffman trees: at most 2,600 groups of at most 53 kB, in no file more than 1,500
// times the bytes that encode them.
func webpMemory(data []byte, w, h int64) (int64, error) {
	trees := min(int64(len(data))*1500, (w*h/16+1)*53<<10, 2600*53<<10)
	return w*h*(4+4+2+3) + trees + scratch, nil
}
