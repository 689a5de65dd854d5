package imaging

import (
	"fmt"
	"image"

	"github.com/gen2brain/jpegn"
)

// A jpegEncoder converts to Y'CbCr as libjpeg does and leaves the rest to jpegn.
type jpegEncoder struct {
	options jpegn.EncodeOptions
	full    bool
	planes  image.YCbCr
	cb, cr  []byte // two rows of chroma before they are halved
}

func newJPEGEncoder(quality int, full bool) *jpegEncoder {
	e := &jpegEncoder{full: full, options: jpegn.EncodeOptions{Quality: quality, Subsampling: jpegn.Subsample420}}
	e.planes.SubsampleRatio = image.YCbCrSubsampleRatio420
	if full {
		e.options.Subsampling = jpegn.Subsample444
		e.planes.SubsampleRatio = image.YCbCrSubsampleRatio444
	}
	return e
}

func (e *jpegEncoder) encode(dst []byte, m *Image) ([]byte, error) {
	e.convert(m)
	w := appender(dst)
	if err := jpegn.Encode(&w, &e.planes, &e.options); err != nil {
		return dst, fmt.Errorf("imaging: encoding a JPEG of %d×%d pixels: %w", m.W, m.H, err)
	}
	return w, nil
}

// An appender is an io.Writer that appends.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// convert fills the planes with the image in libjpeg's fixed-point arithmetic (jccolor.c,
// jcsample.c). Rows and columns beyond the image repeat its last ones.
func (e *jpegEncoder) convert(m *Image) {
	p := &e.planes
	p.Rect = image.Rect(0, 0, m.W, m.H)
	p.YStride = m.W
	p.Y = grow(p.Y, m.W*m.H)
	if e.full {
		p.CStride = m.W
		p.Cb, p.Cr = grow(p.Cb, m.W*m.H), grow(p.Cr, m.W*m.H)
		ycc(p.Y, p.Cb, p.Cr, m.Pix)
		return
	}
	cw, ch := (m.W+1)/2, (m.H+1)/2
	p.CStride = cw
	p.Cb, p.Cr = grow(p.Cb, cw*ch), grow(p.Cr, cw*ch)
	e.cb, e.cr = grow(e.cb, 4*cw), grow(e.cr, 4*cw)
	for y := 0; y < m.H; y += 2 {
		for i := range 2 {
			row := min(y+i, m.H-1)
			cb, cr := e.cb[2*cw*i:][:2*cw], e.cr[2*cw*i:][:2*cw]
			ycc(p.Y[row*m.W:][:m.W], cb, cr, m.Row(row))
			if m.W%2 == 1 {
				cb[m.W], cr[m.W] = cb[m.W-1], cr[m.W-1]
			}
		}
		halve(p.Cb[y/2*cw:][:cw], e.cb)
		halve(p.Cr[y/2*cw:][:cw], e.cr)
	}
}

// ycc converts RGB pixels.
func ycc(luma, cb, cr, rgb []byte) {
	cb, cr = cb[:len(luma)], cr[:len(luma)]
	for i := range luma {
		p := rgb[3*i:][:3:3]
		r, g, b := int32(p[0]), int32(p[1]), int32(p[2])
		luma[i] = byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
		cb[i] = byte((-11059*r - 21709*g + 32768*b + 128<<16 + 1<<15 - 1) >> 16)
		cr[i] = byte((32768*r - 27439*g - 5329*b + 128<<16 + 1<<15 - 1) >> 16)
	}
}

// halve averages 2×2 samples; rows are the two rows after each other. The rounding alternates
// between down and up from column to column.
func halve(dst, rows []byte) {
	a, b := rows[:2*len(dst)], rows[2*len(dst):][:2*len(dst)]
	for i := range dst {
		dst[i] = byte((int(a[2*i]) + int(a[2*i+1]) + int(b[2*i]) + int(b[2*i+1]) + 1 + i&1) >> 2)
	}
}
