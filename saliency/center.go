package saliency

import (
	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// center is the control detector: its map is 255 at the centre pixel (W/2, H/2) and 0 elsewhere.
type center struct{}

func (center) Peak(img *imaging.Image) Result {
	if img.W == 0 || img.H == 0 {
		return flat(img.W, img.H)
	}
	r := Result{Peak: premix.Peak{X: img.W / 2, Y: img.H / 2}}
	if img.W/2 == 0 && img.H/2 == 0 {
		r.Trough = r.Peak // the only pixel is both
	}
	return r
}

func (c center) Map(dst *Map, img *imaging.Image) Result {
	dst.resize(img.W, img.H)
	clear(dst.Pix)
	r := c.Peak(img)
	if !r.Flat {
		dst.Pix[r.Peak.Y*img.W+r.Peak.X] = 255
	}
	return r
}
