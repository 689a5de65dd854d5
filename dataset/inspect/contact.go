package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/shard"
)

// A thumbnail is a picture of a contact sheet.
type thumbnail struct {
	caption string
	data    []byte
	crop    *premix.Crop // of the cache: the part that is the crop
	peak    premix.Peak  // in pixels of the crop
	flip    bool
}

// keep keeps a picture while pictures are wanted.
func (r *Report) keep(caption string, data []byte) {
	if len(r.first) < r.pictures {
		r.first = append(r.first, thumbnail{caption: caption, data: bytes.Clone(data), peak: premix.NoPeak})
	}
}

// keepPeak keeps an original with its crop and peak.
func (r *Report) keepPeak(s *premix.Sample, data []byte) {
	if len(r.first) < r.pictures {
		crop := s.Crop
		r.first = append(r.first, thumbnail{tail(s.Name), bytes.Clone(data), &crop, s.Peak, s.Flip})
	}
}

// caption is what stands below a sample.
func caption(r *shard.Record) string {
	if r.Mixed {
		return fmt.Sprintf("%s  %d*%.2f + %d", r.Key, r.LabelA, r.Lam, r.LabelB)
	}
	return fmt.Sprintf("%s  %d", r.Key, r.Label)
}

// tail is the end of a long name, where names differ.
func tail(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if runes := []rune(name); len(runes) > thumbSide/glyphWidth {
		return ".." + string(runes[len(runes)-thumbSide/glyphWidth+2:])
	}
	return name
}

// Measures of contact sheets, in pixels.
const (
	thumbSide    = 176
	thumbColumns = 6
)

// ContactSheet draws the pictures that the report kept, six in a row: samples of an output or a
// shard, images of an input, originals with crop and peak of a cache. See [Options].Pictures.
func (r *Report) ContactSheet() (image.Image, error) {
	if len(r.first) == 0 {
		return nil, ErrNoPicture
	}
	if r.Kind == KindImage {
		return r.imageSheet()
	}
	columns := min(len(r.first), thumbColumns)
	rows := (len(r.first) + columns - 1) / columns
	width := margin + columns*(thumbSide+margin)
	c := newCanvas(width, 2*margin+lineHeight+rows*(thumbSide+lineHeight+margin))
	c.text(margin, margin, width-2*margin, ink, fmt.Sprintf("%s: %s", r.Path, r.Title()))
	size := r.cropSize()
	var decoder imaging.Decoder
	var img imaging.Image
	for i := range r.first {
		t := &r.first[i]
		x, y := margin+i%columns*(thumbSide+margin), 2*margin+lineHeight+i/columns*(thumbSide+lineHeight+margin)
		c.text(x, y+thumbSide+1, thumbSide, ink, t.caption)
		if _, err := decoder.Decode(&img, t.data, imaging.DecodeParams{}); err != nil {
			c.text(x, y+thumbSide/2, thumbSide, alarm, err.Error())
			continue
		}
		w, h := fit(img.W, img.H, thumbSide, thumbSide)
		c.picture(image.Rect(x, y, x+w, y+h), rgb(&img))
		if t.crop == nil {
			continue
		}
		sx, sy := float64(w)/float64(img.W), float64(h)/float64(img.H)
		at := func(px, py float64) image.Point { return image.Pt(x+int(px*sx+0.5), y+int(py*sy+0.5)) }
		c.frame(image.Rectangle{at(t.crop.X, t.crop.Y), at(t.crop.X+t.crop.W, t.crop.Y+t.crop.H)}, yellow)
		if t.peak != premix.NoPeak && size.W > 0 && size.H > 0 {
			px := (float64(t.peak.X) + 0.5) / float64(size.W)
			if t.flip {
				px = 1 - px
			}
			p := at(t.crop.X+px*t.crop.W, t.crop.Y+(float64(t.peak.Y)+0.5)/float64(size.H)*t.crop.H)
			c.cross(p.X, p.Y, red)
		}
	}
	return c, nil
}

// imageSheet draws a single image beside its saliency map.
func (r *Report) imageSheet() (image.Image, error) {
	var decoder imaging.Decoder
	var img imaging.Image
	if _, err := decoder.Decode(&img, r.first[0].data, imaging.DecodeParams{}); err != nil {
		return nil, fmt.Errorf("inspect: %s: %w", r.Path, err)
	}
	peak := premix.NoPeak
	if r.Image.Peak != nil {
		peak = premix.Peak{X: r.Image.Peak[0], Y: r.Image.Peak[1]}
	}
	panels := []panel{{title: r.first[0].caption, img: rgb(&img), peak: peak}}
	if r.salient.W > 0 {
		panels = append(panels, panel{title: "fine-grained saliency", img: gray(&r.salient), peak: peak})
	}
	const side = 2 * panelSide
	w, h := fit(img.W, img.H, side, side)
	w = max(w, len(r.Title())*glyphWidth)
	c := newCanvas(margin+len(panels)*(w+margin), 3*margin+2*lineHeight+h)
	c.text(margin, margin, w, ink, r.Title())
	for i := range panels {
		panels[i].draw(c, margin+i*(w+margin), 2*margin+lineHeight, side)
	}
	return c, nil
}

// cropSize is the size of the crops of a cache, as its settings tell it; zero if they do not.
func (r *Report) cropSize() premix.Size {
	if len(r.Caches) == 0 {
		return premix.Size{}
	}
	var settings struct {
		Size any `json:"size"`
	}
	if json.Unmarshal(r.Caches[0].Settings, &settings) != nil {
		return premix.Size{}
	}
	text, ok := settings.Size.(string)
	if !ok {
		text = fmt.Sprint(settings.Size)
	}
	hs, ws, both := strings.Cut(text, "x")
	h, err := strconv.Atoi(hs)
	if err != nil || h <= 0 {
		return premix.Size{}
	}
	if !both {
		return premix.Size{H: h, W: h}
	}
	w, err := strconv.Atoi(ws)
	if err != nil || w <= 0 {
		return premix.Size{}
	}
	return premix.Size{H: h, W: w}
}
