package imaging

import (
	"image"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/raster"
)

// flattenYCbCr writes a lossy WebP image, whose decoder leaves the planes of VP8, to dst, on
// white where it has opacity, at a point of the screen. The arithmetic is that of libwebp, and so of Pillow and OpenCV:
// BT.601 of limited range in 14-bit fixed point (src/dsp/yuv.h), chroma interpolated from the
// four nearest samples with weights 9, 3, 3, 1 (src/dsp/upsampling.c).
func flattenYCbCr(dst *Image, at image.Point, m *image.YCbCr, alpha []byte, alphaStride int) error {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if m.SubsampleRatio != image.YCbCrSubsampleRatio420 || m.Rect.Min != (image.Point{}) {
		return premix.Faultf(premix.Corrupt, "webp: planes of %v with ratio %v", m.Rect, m.SubsampleRatio)
	}
	cw, ch := (w+1)/2, (h+1)/2
	u, v := make([]byte, 2*cw+1), make([]byte, 2*cw+1)
	for y := range h {
		near := y / 2
		far := near - 1 + y&1*2
		far = min(max(far, 0), ch-1)
		upsampleRow(u, m.Cb[near*m.CStride:][:cw], m.Cb[far*m.CStride:][:cw])
		upsampleRow(v, m.Cr[near*m.CStride:][:cw], m.Cr[far*m.CStride:][:cw])
		d := dst.Row(at.Y + y)[3*at.X:]
		for x, luma := range m.Y[y*m.YStride:][:w] {
			d[3*x], d[3*x+1], d[3*x+2] = rgbOfVP8(luma, u[x], v[x])
		}
		if alpha == nil {
			continue
		}
		for x, a := range alpha[y*alphaStride:][:w] {
			if a != 255 {
				d[3*x], d[3*x+1], d[3*x+2] = raster.Over(d[3*x], a), raster.Over(d[3*x+1], a), raster.Over(d[3*x+2], a)
			}
		}
	}
	return nil
}

// upsampleRow doubles a row of chroma samples; near is the row that holds the pixels' own
// samples, far the one on their other side. The last of 2·len(near) results has no meaning for
// an image of odd width.
func upsampleRow(out, near, far []byte) {
	last := len(near) - 1
	out[0] = byte((3*int(near[0]) + int(far[0]) + 2) >> 2)
	for x := 1; x <= last; x++ {
		n0, n1, f0, f1 := int(near[x-1]), int(near[x]), int(far[x-1]), int(far[x])
		sum := n0 + n1 + f0 + f1 + 8
		out[2*x-1] = byte(((sum+2*(n1+f0))>>3 + n0) >> 1)
		out[2*x] = byte(((sum+2*(n0+f1))>>3 + n1) >> 1)
	}
	out[2*last+1] = byte((3*int(near[last]) + int(far[last]) + 2) >> 2)
}

func rgbOfVP8(y, u, v byte) (r, g, b byte) {
	luma := int32(y) * 19077 >> 8
	red := luma + int32(v)*26149>>8 - 14234
	green := luma - int32(u)*6419>>8 - int32(v)*13320>>8 + 8708
	blue := luma + int32(u)*33050>>8 - 17685
	return clampVP8(red), clampVP8(green), clampVP8(blue)
}

func clampVP8(v int32) byte { return byte(min(max(v>>6, 0), 255)) }
