package imaging

import (
	"context"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/gif"
	"github.com/premix/premix/imaging/internal/png"
	"github.com/premix/premix/imaging/internal/tiff"
	"github.com/premix/premix/imaging/jpeg"
)

// DecodeParams says what is accepted and how it is read. The fields change pixels or faults, so
// all of them belong to the recipe.
type DecodeParams struct {
	Limits
	// AcceptTruncated lets a JPEG that ends early or is damaged pass, the missing part filled as libjpeg does.
	// In every other format a truncated file is a fault.
	AcceptTruncated bool
	// ForgiveDamage lets a JPEG pass that is damaged, but does not end early, as codec versions before 3
	// did. It is for the samples that they made.
	ForgiveDamage bool
	// ApplyEXIF turns the image upright as its EXIF orientation asks; otherwise, as in the
	// training recipes of ImageNet, the orientation is ignored. Malformed EXIF counts as none.
	ApplyEXIF bool
}

// A Config is what the header of an image says.
type Config struct {
	Format Format
	// W and H are the size of the decoded image in pixels, after ApplyEXIF.
	W, H int
	// Memory bounds the bytes that Decode holds at once besides data: the decoded image, which
	// stays in dst, and the scratch of the decoders.
	Memory int64
}

// MemoryWith is Memory with the data and the copy of them that is decoded where images are read one
// after the other.
func (c *Config) MemoryWith(data []byte) int64 { return c.Memory + 2*int64(len(data)) }

// header is what the decoders share about a file before they decode it.
type header struct {
	Config
	cost        cost
	orientation int // 1 if EXIF is absent, broken or ignored
}

// DecodeConfig reads the header of an encoded image and checks it against the limits, without
// allocating anything that the image can choose the size of.
//
// Its errors are all of type [*premix.Fault]: TooLarge, Unsupported, Truncated, Corrupt, Empty.
func DecodeConfig(data []byte, p DecodeParams) (Config, error) {
	h, err := readHeader(data, p)
	return h.Config, err
}

func readHeader(data []byte, p DecodeParams) (header, error) {
	if len(data) == 0 {
		return header{}, premix.Faultf(premix.Empty, "imaging: no bytes")
	}
	if err := p.checkBytes(len(data)); err != nil {
		return header{}, err
	}
	h := header{Config: Config{Format: Sniff(data)}, orientation: 1}
	if h.Format == Unknown {
		if name := foreign(data); name != "" {
			return header{}, premix.Faultf(premix.Unsupported, "imaging: %s is not supported", name)
		}
		if i := ImpostorOf(data); i != nil {
			return header{}, premix.Faultf(premix.Unsupported, "imaging: %s and no image: %s", i.What, i.Todo)
		}
		return header{}, premix.Faultf(premix.Unsupported, "imaging: no known image format, the first bytes are % x", data[:min(len(data), 8)])
	}
	c, err := kinds[h.Format].header(data)
	if err != nil {
		return header{}, err
	}
	if err := p.checkPixels(h.Format, c.w, c.h); err != nil {
		return header{}, err
	}
	h.W, h.H, h.Memory, h.cost = c.w, c.h, c.memory, c
	if p.ApplyEXIF {
		if h.orientation = exifOrientation(h.Format, data); h.orientation >= 5 {
			h.W, h.H = h.H, h.W
			h.Memory += int64(h.W) * int64(h.H) * 3
		}
	}
	return h, p.checkCost(h.Format, c.work, h.MemoryWith(data))
}

// A Decoder decodes images of every format, one after the other, and reuses its scratch. The
// zero Decoder is ready. It must not be used concurrently.
type Decoder struct {
	jpeg    jpeg.Decoder
	png     png.Decoder
	gif     gif.Decoder
	tiff    tiff.Decoder
	rotated []byte
	window  *premix.Box // what DecodePart wants of a JPEG
}

// Decode decodes an image into dst, as packed RGB and upright if p asks for that, and returns
// what [DecodeConfig] returns. The limits are checked before anything is allocated.
//
//   - JPEG: the pixels of libjpeg-turbo's default decoder (accurate integer IDCT, triangle
//     upsampling), which are those of Pillow and OpenCV.
//   - Palettes and gray are expanded, CMYK and YCbCr are converted as by Pillow or libtiff; of
//     16-bit samples the high byte is kept. (Pillow does so for colour, but clips 16-bit gray at 255.)
//   - An image with transparency lies on white: out = (c·a + 255·(255−a) + 127) / 255. (Pillow's
//     convert("RGB") drops the opacity instead and shows colours that are usually invisible.)
//   - Of an animated GIF or WebP the first frame is taken, on a white screen where it does not cover
//     it, and of a TIFF the first page.
//   - Colour profiles and gamma are ignored, as Pillow ignores them.
//
// The errors are those of DecodeConfig, or the cause of ctx if that is done; after one the content of
// dst is undefined. A panic in a decoder of another library is turned into a Corrupt fault.
func (d *Decoder) Decode(ctx context.Context, dst *Image, data []byte, p DecodeParams) (Config, error) {
	return d.DecodePart(ctx, dst, data, p, nil)
}

// DecodePart is Decode for a caller who looks at a part of the image alone: part says which, once the size is known. The
// other pixels of dst may be anything. All data is decoded and checked nevertheless.
func (d *Decoder) DecodePart(ctx context.Context, dst *Image, data []byte, p DecodeParams, part func(w, h int) premix.Box) (Config, error) {
	h, err := readHeader(data, p)
	if err != nil {
		return Config{}, err
	}
	d.window = nil
	if part != nil && h.orientation == 1 {
		w := part(h.W, h.H)
		d.window = &w
	}
	if err := kinds[h.Format].decode(ctx, d, dst, data, h.cost, p); err != nil {
		return Config{}, err
	}
	d.turnUpright(dst, h.orientation)
	return h.Config, nil
}
