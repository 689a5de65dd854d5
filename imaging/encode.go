package imaging

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix/imaging/internal/jpegenc"
)

// An Encoder encodes images in one form. It reuses its scratch and must not be used
// concurrently.
type Encoder struct {
	spec string
	ext  string
	run  interface {
		encode(dst []byte, m *Image) ([]byte, error)
	}
}

// NewEncoder returns the encoder that spec names: "jpeg:Q" or "jpeg:Q:420" for a baseline JPEG
// of quality Q (1 to 100) with halved chroma, "jpeg:Q:444" for one with full chroma, ":opt" after any of
// them for Huffman codes that are made for each image, or "png".
func NewEncoder(spec string) (*Encoder, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	switch {
	case spec == "png":
		return &Encoder{spec: spec, ext: "png", run: &pngEncoder{}}, nil
	case kind == "jpeg" && rest != "":
		rest, optimal := strings.CutSuffix(rest, ":opt")
		number, sampling, given := strings.Cut(rest, ":")
		quality, err := strconv.Atoi(number)
		if err != nil || quality < 1 || quality > 100 || strconv.Itoa(quality) != number {
			return nil, fmt.Errorf("imaging: encoding %q: quality %q is not a number from 1 to 100", spec, number)
		}
		if given && sampling != "420" && sampling != "444" {
			return nil, fmt.Errorf("imaging: encoding %q: %q is neither 420 nor 444, nor opt at the end", spec, sampling)
		}
		full := sampling == "444"
		spec = "jpeg:" + number
		if full {
			spec += ":444"
		}
		e := jpegenc.New
		if optimal {
			spec += ":opt"
			e = jpegenc.NewOptimal
		}
		return &Encoder{spec: spec, ext: "jpg", run: jpegEncoder{e(quality, full)}}, nil
	}
	return nil, fmt.Errorf("imaging: encoding %q, use jpeg:95, jpeg:95:444, jpeg:95:opt or png", spec)
}

// NewGrayEncoder returns an encoder of baseline JPEGs of quality Q, 1 to 100, with one component:
// the luma of BT.601. It has no name in [NewEncoder]: test images need it, outputs do not.
func NewGrayEncoder(quality int) *Encoder {
	return &Encoder{spec: fmt.Sprintf("gray jpeg:%d", quality), ext: "jpg", run: jpegEncoder{jpegenc.NewGray(quality)}}
}

// Ext is the file extension of the encoding without a dot: "jpg" or "png".
func (e *Encoder) Ext() string { return e.ext }

// String is the shortest spec of the encoding.
func (e *Encoder) String() string { return e.spec }

// Encode appends the encoded image to dst and returns the longer slice. The bytes depend on the
// pixels and the spec alone: not on the machine, the assembly, or images encoded before.
func (e *Encoder) Encode(dst []byte, m *Image) ([]byte, error) {
	const most = 65535 // of JPEG, and enough for a training crop
	if m.W < 1 || m.H < 1 || m.W > most || m.H > most || len(m.Pix) != 3*m.W*m.H {
		return dst, fmt.Errorf("imaging: cannot encode an image of %d×%d pixels in %d bytes", m.W, m.H, len(m.Pix))
	}
	return e.run.encode(dst, m)
}
