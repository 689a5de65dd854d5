package imaging

import "github.com/premix/premix/imaging/internal/jpegenc"

// A jpegEncoder is the seam to the JPEG encoder.
type jpegEncoder struct{ *jpegenc.Encoder }

func (e jpegEncoder) encode(dst []byte, m *Image) ([]byte, error) {
	return e.Encode(dst, m.Pix, m.W, m.H), nil
}
