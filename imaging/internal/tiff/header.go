// Package tiff decodes the first picture of a TIFF to packed RGB, as Pillow and libtiff read it.
//
// Strips and tiles, both orders of bytes and of bits, samples together or in planes of their own;
// gray of 1, 2, 4, 8 and 16 bits, palettes of 1, 2, 4 and 8 bits, RGB and CMYK of 8 and 16 bits, YCbCr of
// 8 bits, with or without alpha; no compression, PackBits, LZW, Deflate, JPEG, and fax of groups 3
// and 4. Transparent pixels lie on white; of 16 bits the high byte is kept; orientation, profiles and
// inks are ignored. All else is a fault of the kind unsupported that names it.
//
// Every error is a [premix.Fault], or the cause of a context that is done.
package tiff

import "math"

// The values of tags that are read.
const (
	whiteIsZero = 0
	blackIsZero = 1
	photoRGB    = 2
	photoLUT    = 3
	photoCMYK   = 5
	photoYCbCr  = 6

	none       = 1
	fax3       = 3
	fax4       = 4
	lzw        = 5
	oldJPEG    = 6
	jpegStrips = 7
	deflate    = 8
	packBits   = 32773
	oldDeflate = 32946

	associated   = 1
	unassociated = 2
)

// A Header is what the first directory says.
type Header struct {
	W, H int
	// Work is the bytes of samples, with something for each strip or tile.
	Work int64
	// Memory bounds the bytes that Decode allocates, the picture included.
	Memory int64

	file
	bits, samples, base int // bits of a sample, samples of a pixel, those of them that are colour
	photo, alpha        int
	planes              int // 1: the samples of a pixel are together
	compression         int
	predictor           bool
	reversed            bool // the first pixel is in the low bits
	subX, subY          int  // pixels that share Cb and Cr

	tiled                        bool
	blockW, blockH, across, down int
	offsets, counts              field
	tables                       field // of all JPEGs
	aligned                      bool  // each row of a fax begins with a byte
}

// maxSide bounds the sides before anything is computed from them; it is larger than any limit.
const maxSide = 1 << 20

// DecodeHeader reads the first directory. It allocates nothing that depends on data.
func DecodeHeader(data []byte) (Header, error) {
	f, err := open(data)
	if err != nil {
		return Header{}, err
	}
	h := Header{file: f}
	w, ht := f.number(tagWidth, -1), f.number(tagLength, -1)
	if w < 0 || ht < 0 {
		return h, corrupt("no width or no length")
	}
	h.W, h.H = int(min(w, math.MaxInt32)), int(min(ht, math.MaxInt32))
	for _, read := range []func() error{h.readSamples, h.readCompression, h.readSubsampling} {
		if err := read(); err != nil {
			return h, err
		}
	}
	if h.W > maxSide || h.H > maxSide || h.W == 0 || h.H == 0 {
		return h, nil
	}
	return h, h.readBlocks()
}

// readSamples reads what the samples of a pixel are.
func (h *Header) readSamples() error {
	h.photo = int(h.number(tagPhotometric, whiteIsZero))
	h.samples = int(min(h.number(tagSamples, 1), math.MaxInt16))
	colours := map[int]int{whiteIsZero: 1, blackIsZero: 1, photoLUT: 1, photoRGB: 3, photoYCbCr: 3, photoCMYK: 4}
	names := map[int]string{whiteIsZero: "gray", blackIsZero: "gray", photoLUT: "a palette", photoRGB: "RGB", photoYCbCr: "YCbCr", photoCMYK: "CMYK"}
	if h.base = colours[h.photo]; h.base == 0 {
		return unsupported("photometric interpretation %d", h.photo)
	}
	extra := h.field(tagExtraSamples)
	switch {
	case h.samples < h.base:
		return corrupt("%d bands, %s has %d", h.samples, names[h.photo], h.base)
	case h.samples == h.base+1 && h.photo != photoCMYK && h.photo != photoYCbCr && (extra.at(0) == associated || extra.at(0) == unassociated):
		h.alpha = int(extra.at(0))
	case h.samples > max(3, h.base):
		return unsupported("%d bands: more than 3 are not read, but as CMYK or with alpha", h.samples)
	case h.samples > h.base:
		return unsupported("%d bands of which %s has %d: what the others are is not said", h.samples, names[h.photo], h.base)
	}
	h.planes = 1
	switch v := h.number(tagPlanar, 1); {
	case v == 2:
		h.planes = h.samples
	case v != 1:
		return corrupt("planar configuration %d", v)
	}
	h.reversed = h.number(tagFillOrder, 1) == 2
	return h.readBits()
}

func (h *Header) readBits() error {
	bits := h.field(tagBits)
	h.bits = int(h.number(tagBits, 1))
	for i := range min(bits.n, h.samples) {
		if bits.at(i) != int64(h.bits) {
			return unsupported("samples of %d and of %d bits in one pixel", h.bits, bits.at(i))
		}
	}
	const unsigned, signed, floating, undefined = 1, 2, 3, 4
	switch v := h.number(tagSampleFormat, unsigned); {
	case v == floating:
		return unsupported("floating point samples")
	case v == signed && h.bits != 8:
		return unsupported("signed samples")
	case v != unsigned && v != signed && v != undefined:
		return unsupported("sample format %d", v)
	}
	low := h.bits == 1 || h.bits == 2 || h.bits == 4
	switch {
	case h.bits == 8:
		return nil
	case h.bits == 16 && h.photo != photoLUT && h.photo != photoYCbCr:
		return nil
	case low && h.samples == 1:
		return nil
	}
	return unsupported("%d bits a sample", h.bits)
}

func (h *Header) readCompression() error {
	h.compression = int(h.number(tagCompression, none))
	predictor := h.number(tagPredictor, 1)
	switch h.compression {
	case none, packBits:
	case oldDeflate, deflate, lzw:
		if h.compression == oldDeflate {
			h.compression = deflate
		}
		h.predictor = predictor == 2
		if predictor > 2 || h.predictor && h.bits < 8 {
			return unsupported("predictor %d of samples of %d bits", predictor, h.bits)
		}
	case fax3, fax4:
		if h.bits != 1 || h.photo != whiteIsZero && h.photo != blackIsZero {
			return corrupt("fax compression of %d bits", h.bits*h.samples)
		}
		if h.compression == fax3 && h.number(tagT4Options, 0)&3 != 0 || h.compression == fax4 && h.number(tagT6Options, 0)&2 != 0 {
			return unsupported("fax compression in two dimensions of group 3, or with uncompressed parts")
		}
		h.aligned = h.compression == fax3 && h.number(tagT4Options, 0)&4 != 0
	case jpegStrips:
		h.tables = h.field(tagJPEGTables)
		if h.bits != 8 || h.alpha != 0 || h.photo == photoLUT {
			return unsupported("JPEG compression of a palette, of alpha, or of %d bits", h.bits)
		}
	case oldJPEG:
		return unsupported("JPEG compression of the old style")
	default:
		return unsupported("compression %d", h.compression)
	}
	return nil
}

// readSubsampling reads how many pixels share Cb and Cr.
func (h *Header) readSubsampling() error {
	h.subX, h.subY = 1, 1
	if h.photo != photoYCbCr || h.compression == jpegStrips {
		if h.photo == photoYCbCr && h.planes > 1 {
			return unsupported("YCbCr in planes")
		}
		return nil
	}
	x := h.field(tagYCbCrSampling)
	switch {
	case x.n >= 2:
		h.subX, h.subY = int(x.at(0)), int(x.at(1))
	case h.compression != none: // where nothing is said, Pillow takes samples that are not compressed for whole ones
		h.subX, h.subY = 2, 2
	}
	ok := func(n int) bool { return n == 1 || n == 2 || n == 4 }
	whole := h.subX*h.subY == 1
	switch {
	case !ok(h.subX) || !ok(h.subY):
		return corrupt("subsampling of %d×%d", h.subX, h.subY)
	case h.planes > 1, h.predictor && !whole:
		return unsupported("YCbCr in planes, or with a predictor")
	}
	return nil
}
