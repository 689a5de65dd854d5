package inspect

import (
	"context"
	"fmt"
	"image"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// Measures of contact sheets, in pixels.
const (
	thumbSide    = 176
	thumbColumns = 6
)

// ContactSheet draws the pictures that the report kept, six in a row: samples of an output or a
// shard with their box and where the peak came to lie, images of an input, originals with crop and
// peak of a cache. See [Options].Pictures.
func (r *Report) ContactSheet() (image.Image, error) {
	if len(r.first) == 0 {
		return nil, ErrNoPicture
	}
	if r.Kind == KindImage {
		return r.imageSheet()
	}
	lines := 1
	for i := range r.first {
		lines = max(lines, len(r.first[i].caption))
	}
	columns := min(len(r.first), thumbColumns)
	rows := (len(r.first) + columns - 1) / columns
	width, height := margin+columns*(thumbSide+margin), thumbSide+lines*lineHeight+margin
	c := newCanvas(width, 2*margin+lineHeight+rows*height)
	c.text(margin, margin, width-2*margin, ink, fmt.Sprintf("%s: %s", r.Path, r.title()))
	var decoder imaging.Decoder
	var img imaging.Image
	for i := range r.first {
		x, y := margin+i%columns*(thumbSide+margin), 2*margin+lineHeight+i/columns*height
		r.first[i].draw(c, x, y, &decoder, &img)
	}
	return c, nil
}

// draw draws the picture with its caption below it.
func (t *thumbnail) draw(c canvas, x, y int, decoder *imaging.Decoder, scratch *imaging.Image) {
	for k, line := range t.caption {
		c.text(x, y+thumbSide+1+k*lineHeight, thumbSide, ink, line)
	}
	if _, err := decoder.Decode(context.Background(), scratch, t.data, t.decode); err != nil {
		c.text(x, y+thumbSide/2, thumbSide, alarm, err.Error())
		return
	}
	c.marked(x, y, thumbSide, rgb(scratch), t.marks, t.point)
}

// imageSheet draws a single image beside its saliency map.
func (r *Report) imageSheet() (image.Image, error) {
	var decoder imaging.Decoder
	var img imaging.Image
	if _, err := decoder.Decode(context.Background(), &img, r.first[0].data, imaging.DecodeParams{}); err != nil {
		return nil, fmt.Errorf("inspect: %s: %w", r.Path, err)
	}
	peak := premix.NoPeak
	if r.Image.Peak != nil {
		peak = premix.Peak{X: r.Image.Peak[0], Y: r.Image.Peak[1]}
	}
	panels := []panel{{title: r.first[0].caption[0], img: rgb(&img), peak: peak}}
	if r.salient.W > 0 {
		panels = append(panels, panel{title: "fine-grained saliency", img: gray(&r.salient), peak: peak})
	}
	const side = 2 * panelSide
	w, h := fit(img.W, img.H, side, side)
	w = max(w, len(r.title())*glyphWidth)
	c := newCanvas(margin+len(panels)*(w+margin), 3*margin+2*lineHeight+h)
	c.text(margin, margin, w, ink, r.title())
	for i := range panels {
		panels[i].draw(c, margin+i*(w+margin), 2*margin+lineHeight, side)
	}
	return c, nil
}
