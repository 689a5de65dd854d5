package jpeg

import (
	"fmt"
	"sync"
)

// A ColorModel says what the components of an image stand for.
type ColorModel uint8

// The colour models, and when an image has them.
const (
	Gray      ColorModel = iota + 1 // 1 component
	YCbCr                           // 3 components and none of the conditions of RGB
	RGB                             // 3, no JFIF segment, and Adobe's transform 0 or, without an Adobe segment, the identifiers "RGB"
	CMYK                            // 4 components and no Adobe segment, or one with transform 0
	YCCK                            // 4 components and an Adobe segment with another transform
	PlainCMYK                       // what [Options].Model may say of 4 components, as in TIFF: they are not inverted
)

// components is how many the model has.
func (m ColorModel) components() int {
	switch m {
	case Gray:
		return 1
	case YCbCr, RGB:
		return 3
	}
	return 4
}

func (m ColorModel) String() string {
	switch m {
	case Gray:
		return "gray"
	case YCbCr:
		return "YCbCr"
	case RGB:
		return "RGB"
	case CMYK:
		return "CMYK"
	case YCCK:
		return "YCCK"
	case PlainCMYK:
		return "plain CMYK"
	}
	return fmt.Sprintf("ColorModel(%d)", uint8(m))
}

// A Header is what an image says about itself before its first scan.
type Header struct {
	W, H        int // in pixels, at least 1 and at most 65500
	Components  int // 1, 3 or 4
	Model       ColorModel
	Progressive bool

	multiScan bool
	memory    int64
}

// Memory returns an upper bound of the bytes that Decode allocates for the image, its 3·W·H bytes
// of output included, if the Decoder and dst bring no memory from earlier images.
func (h Header) Memory() int64 { return h.memory }

// DecodeHeader reads the header of the image in data, up to its first scan. It allocates nothing
// that depends on the data, and checks neither tables nor what follows. Every error is a
// *premix.Fault.
func DecodeHeader(data []byte) (Header, error) {
	p := parsers.Get().(*parser)
	defer func() {
		p.data = nil
		parsers.Put(p)
	}()
	p.reset(data)
	if err := p.readHeader(); err != nil {
		return Header{}, err
	}
	return p.header(), nil
}

// parsers are those of DecodeHeader. One has several kilobytes, and on the stack of a goroutine that works on one image it would
// make the runtime copy that stack, which takes longer than to read a header.
var parsers = sync.Pool{New: func() any { return new(parser) }}

// header describes the image after readHeader has succeeded.
func (p *parser) header() Header {
	h := Header{W: p.width, H: p.height, Components: p.ncomp, Model: p.model(), Progressive: p.progressive, multiScan: p.multiScan()}
	m := 3*int64(h.W)*int64(h.H) + int64(len(p.data)) + segmentPad
	l := p.layout()
	m += int64(l.strips) + int64(l.lines)
	if h.multiScan {
		m += 2 * l.coefs
	}
	h.memory = m
	return h
}

// model guesses what the components are as libjpeg does (jdapimin.c, default_decompress_parms).
func (p *parser) model() ColorModel {
	switch p.ncomp {
	case 1:
		return Gray
	case 3:
		switch {
		case p.jfif:
			return YCbCr
		case p.adobe:
			if p.adobeTransform == 0 {
				return RGB
			}
			return YCbCr
		case p.comps[0].id == 'R' && p.comps[1].id == 'G' && p.comps[2].id == 'B':
			return RGB
		}
		return YCbCr
	}
	if p.adobe && p.adobeTransform != 0 {
		return YCCK
	}
	return CMYK
}

// multiScan reports whether the components come in several scans. It is asked at the first.
func (p *parser) multiScan() bool { return p.progressive || p.nscan < p.ncomp }
