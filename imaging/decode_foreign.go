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

// pngHeader reads the IHDR chunk.
func pngHeader(data []byte) (w, h int, memory int64, err error) {
	c, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, 0, libraryFault(PNG, err)
	}
	if string(data[12:16]) != "IHDR" { // the library skips what it does not know; the standard wants it first
		return 0, 0, 0, premix.Faultf(premix.Corrupt, "png: the first chunk is no IHDR")
	}
	depth, interlaced := data[24], data[28] != 0
	perPixel := int64(4)
	if depth == 16 {
		perPixel = 8
	}
	if interlaced {
		perPixel *= 2 // the passes are images of their own
	}
	return c.Width, c.Height, int64(c.Width)*int64(c.Height)*(perPixel+3) + scratch, nil
}

func pngDecode(data []byte) (image.Image, error) { return png.Decode(bytes.NewReader(data)) }

// gifHeader reads the logical screen descriptor.
func gifHeader(data []byte) (w, h int, memory int64, err error) {
	c, err := gif.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, 0, libraryFault(GIF, err)
	}
	// An interlaced frame is copied once.
	return c.Width, c.Height, int64(c.Width)*int64(c.Height)*(2+3) + scratch, nil
}

func gifDecode(data []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(data)) }

// bmpHeader reads the information header.
func bmpHeader(data []byte) (w, h int, memory int64, err error) {
	c, err := bmp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, 0, libraryFault(BMP, err)
	}
	return c.Width, c.Height, int64(c.Width)*int64(c.Height)*(4+3) + scratch, nil
}

func bmpDecode(data []byte) (image.Image, error) { return bmp.Decode(bytes.NewReader(data)) }

// tiffHeader reads the first directory.
func tiffHeader(data []byte) (w, h int, memory int64, err error) {
	c, err := tiff.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, 0, libraryFault(TIFF, err)
	}
	// The library takes no notice of the photometric interpretation of fax data.
	const compression, group3, group4 = 0x0103, 3, 4
	if v, _ := tiffShort(data, compression); v == group3 || v == group4 {
		return 0, 0, 0, premix.Faultf(premix.Unsupported, "tiff: fax compression is not supported")
	}
	// A strip or tile is decompressed as a whole; the library admits tiles of up to 1,024 pixels
	// a side, or 16 more than the image.
	image := int64(c.Width) * int64(c.Height)
	block := max(int64(c.Width)+16, 1024) * max(int64(c.Height)+16, 1024)
	return c.Width, c.Height, image*(8+3) + 2*8*block + scratch, nil
}

func tiffDecode(data []byte) (image.Image, error) { return tiff.Decode(bytes.NewReader(data)) }

// webpHeader reads the first chunk.
func webpHeader(data []byte) (w, h int, memory int64, err error) {
	if len(data) >= 21 && string(data[12:16]) == "VP8X" && data[20]&2 != 0 {
		return 0, 0, 0, premix.Faultf(premix.Unsupported, "webp: animations are not supported")
	}
	c, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, 0, libraryFault(WebP, err)
	}
	pixels := int64(c.Width) * int64(c.Height)
	// Lossless data (alpha is such data too) is kept as 4 bytes a pixel, twice while a transform
	// is undone, beside Huffman trees: at most 2,600 groups of at most 53 kB, in no file more
	// than 1,500 times the bytes that encode them.
	trees := min(int64(len(data))*1500, (pixels/16+1)*53<<10, 2600*53<<10)
	return c.Width, c.Height, pixels*(4+4+2+3) + trees + scratch, nil
}

func webpDecode(data []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(data)) }
