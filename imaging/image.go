// Package imaging decodes, resizes and encodes images. [Decoder.Decode] reads every format that
// premix knows, [Resampler.Resize] resizes and crops as Pillow and torchvision do, and
// [Encoder.Encode] writes JPEG or PNG.
//
// Errors of decoding are all of type [*premix.Fault], whose Kind says what is wrong: TooLarge is
// checked before anything is allocated, and Unsupported, Truncated, Corrupt and Empty follow from
// the bytes. Other errors come from parameters that make no sense.
//
// Pixels are packed 8-bit RGB throughout. Every function is deterministic: the same bytes give
// the same pixels on every machine, with and without assembly (build tag noasm).
package imaging

import "fmt"

// An Image is a packed 8-bit RGB image: Pix holds 3·W·H bytes, row by row from the top, each
// pixel as R, G, B. Gray images have three equal channels. The zero Image is empty.
type Image struct {
	W, H int
	Pix  []byte
}

// Resize gives the image the size w×h, reusing Pix if its capacity suffices. The content is
// undefined afterwards. It panics on a negative size: limits are checked before it is called.
func (m *Image) Resize(w, h int) {
	if w < 0 || h < 0 {
		panic(fmt.Sprintf("imaging: size %d×%d", w, h))
	}
	n := 3 * w * h
	if cap(m.Pix) < n {
		m.Pix = make([]byte, n)
	}
	m.W, m.H, m.Pix = w, h, m.Pix[:n]
}

// Row returns the 3·W bytes of row y.
func (m *Image) Row(y int) []byte { return m.Pix[3*m.W*y : 3*m.W*(y+1) : 3*m.W*(y+1)] }
