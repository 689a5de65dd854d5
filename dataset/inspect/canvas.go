package inspect

import (
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/saliency"
)

// Measures of sheets, in pixels.
const (
	lineHeight = 15
	glyphWidth = 7
	margin     = 8
)

var (
	paper  = color.RGBA{0xfa, 0xfa, 0xf8, 0xff}
	ink    = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faded  = color.RGBA{0x77, 0x77, 0x77, 0xff}
	alarm  = color.RGBA{0xc0, 0x10, 0x10, 0xff}
	green  = color.RGBA{0x20, 0xe0, 0x40, 0xff}
	yellow = color.RGBA{0xff, 0xd0, 0x20, 0xff}
	red    = color.RGBA{0xff, 0x30, 0x30, 0xff}
)

// A canvas is a picture that is drawn on.
type canvas struct{ *image.RGBA }

func newCanvas(w, h int) canvas {
	c := canvas{image.NewRGBA(image.Rect(0, 0, w, h))}
	draw.Draw(c, c.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	return c
}

// text writes one line whose upper left corner is at x, y, cut off at width pixels. The font has
// ASCII only.
func (c canvas) text(x, y, width int, ink color.Color, s string) {
	if runes := []rune(s); len(runes)*glyphWidth > width {
		n := max(width/glyphWidth-2, 0)
		s = string(runes[:min(n, len(runes))]) + ".."
	}
	d := font.Drawer{Dst: c, Src: image.NewUniform(ink), Face: basicfont.Face7x13, Dot: fixed.P(x, y+11)}
	d.DrawString(ascii.Replace(s))
}

var ascii = strings.NewReplacer("λ", "lam", "×", "x", "→", "->", "←", "<-", "·", "*", "−", "-", "–", "-", "…", "..")

// fit is the size of a w×h picture inside of a box, enlarged by whole factors only.
func fit(w, h, maxW, maxH int) (int, int) {
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	if k := min(maxW/w, maxH/h); k >= 1 {
		return w * k, h * k
	}
	if w*maxH > h*maxW {
		return maxW, max(h*maxW/w, 1)
	}
	return max(w*maxH/h, 1), maxH
}

// picture draws m scaled to r.
func (c canvas) picture(r image.Rectangle, m image.Image) {
	if r.Dx() >= m.Bounds().Dx() {
		draw.NearestNeighbor.Scale(c, r, m, m.Bounds(), draw.Src, nil)
		return
	}
	draw.CatmullRom.Scale(c, r, m, m.Bounds(), draw.Src, nil)
}

// frame draws the outline of a rectangle, inside of it, on a dark line that shows on anything.
func (c canvas) frame(r image.Rectangle, ink color.Color) {
	for i, col := range []color.Color{color.Black, ink, ink, color.Black} {
		in := r.Inset(i - 1)
		if in.Empty() {
			return
		}
		for x := in.Min.X; x < in.Max.X; x++ {
			c.Set(x, in.Min.Y, col)
			c.Set(x, in.Max.Y-1, col)
		}
		for y := in.Min.Y; y < in.Max.Y; y++ {
			c.Set(in.Min.X, y, col)
			c.Set(in.Max.X-1, y, col)
		}
	}
}

// cross marks a point.
func (c canvas) cross(x, y int, ink color.Color) {
	const arm = 7
	for _, layer := range []struct {
		half int
		ink  color.Color
	}{{1, color.Black}, {0, ink}} {
		for d := -arm; d <= arm; d++ {
			for t := -layer.half; t <= layer.half; t++ {
				c.Set(x+d, y+t, layer.ink)
				c.Set(x+t, y+d, layer.ink)
			}
		}
	}
}

// rgb is a packed image as one of the standard library.
func rgb(m *imaging.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, m.W, m.H))
	for i := range m.W * m.H {
		copy(out.Pix[4*i:], m.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 0xff
	}
	return out
}

// gray is a saliency map as an image of the standard library.
func gray(m *saliency.Map) image.Image {
	return &image.Gray{Pix: m.Pix, Stride: m.W, Rect: image.Rect(0, 0, m.W, m.H)}
}
