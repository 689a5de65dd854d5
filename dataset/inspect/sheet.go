package inspect

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/printable"
)

// ErrNoPicture says that there is nothing to draw.
var ErrNoPicture = errors.New("inspect: there is no picture to show")

// WritePNG encodes a sheet.
func WritePNG(w io.Writer, sheet image.Image) error {
	if err := png.Encode(w, sheet); err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	return nil
}

// A panel is one picture of a sheet with its title and its marks, in pixels of the picture.
type panel struct {
	title string
	img   image.Image // nil: left empty, with the title alone
	boxes []mark
	peak  premix.Peak // NoPeak: none
}

type mark struct {
	x0, y0, x1, y1 float64
	ink            color.Color
}

const panelSide = 256

func boxMark(b premix.Box, ink color.Color) []mark {
	if b.Empty() {
		return nil
	}
	return []mark{{float64(b.X0), float64(b.Y0), float64(b.X1), float64(b.Y1), ink}}
}

// draw draws the panel in a square of the given side below its title.
func (p *panel) draw(c canvas, x, y, side int) {
	c.text(x, y, side, ink, p.title)
	if p.img == nil {
		return
	}
	var point *[2]float64
	if p.peak != premix.NoPeak {
		point = &[2]float64{float64(p.peak.X) + 0.5, float64(p.peak.Y) + 0.5}
	}
	c.marked(x, y+lineHeight, side, p.img, p.boxes, point)
}

// marked draws a picture as large as it fits a square, with its marks and its peak, if there is one.
func (c canvas) marked(x, y, side int, m image.Image, marks []mark, peak *[2]float64) {
	size := m.Bounds().Size()
	w, h := fit(size.X, size.Y, side, side)
	place := image.Rect(x, y, x+w, y+h)
	c.picture(place, m)
	sx, sy := float64(w)/float64(size.X), float64(h)/float64(size.Y)
	for _, b := range marks {
		// A crop may reach beyond the image.
		c.frame(image.Rect(x+round(b.x0*sx), y+round(b.y0*sy), x+round(b.x1*sx), y+round(b.y1*sy)).Intersect(place), b.ink)
	}
	if peak != nil {
		c.cross(x+round(min(max(peak[0], 0), float64(size.X))*sx), y+round(min(max(peak[1], 0), float64(size.Y))*sy), red)
	}
}

func round(v float64) int { return int(math.Round(v)) }

// Sheet draws a sample: both originals with their crops, both crops, the saliency map of the
// source with its peak, the box in all of them, what the shard holds and what the sources give,
// and the numbers. What could not be made again is left out.
func (s *Sample) Sheet() image.Image {
	r := &s.Record
	rows := [][]panel{{
		{title: "target", img: original(&s.a.Original), boxes: cropMark(s.Target), peak: premix.NoPeak},
		{title: "source", img: original(&s.b.Original), boxes: cropMark(s.Source), peak: premix.NoPeak},
		{title: "in the shard", img: original(&s.stored), boxes: boxMark(r.Box, green), peak: premix.NoPeak},
	}, {
		{title: "target crop, box", img: original(&s.a.Crop), boxes: boxMark(r.Box, green), peak: premix.NoPeak},
		{title: "source crop, peak, box", img: original(&s.b.Crop), boxes: boxMark(r.SrcBox, green), peak: r.Peak},
		{title: "saliency of the source", peak: r.Peak, boxes: boxMark(r.SrcBox, green)},
		{title: "built again", img: original(&s.mixed), peak: premix.NoPeak},
	}}
	if s.b.Map.W > 0 {
		rows[1][2].img = gray(&s.b.Map)
	} else {
		rows[1][2].title = ""
	}
	if s.a.Original.W == 0 {
		rows = [][]panel{rows[0][2:]}
	}
	lines, inks := s.lines()
	width := 2*margin + len(rows[len(rows)-1])*(panelSide+margin)
	width = max(width, 2*margin+3*(panelSide+margin))
	height := margin + len(rows)*(panelSide+lineHeight+margin) + len(lines)*lineHeight + margin
	c := newCanvas(width, height)
	y := margin
	for _, row := range rows {
		for i := range row {
			row[i].draw(c, margin+i*(panelSide+margin), y, panelSide)
		}
		y += panelSide + lineHeight + margin
	}
	for i, line := range lines {
		c.text(margin, y, width-2*margin, inks[i], line)
		y += lineHeight
	}
	return c
}

func original(m *imaging.Image) image.Image {
	if m.W == 0 {
		return nil
	}
	return rgb(m)
}

func cropMark(h Half) []mark {
	x, y := float64(h.Crop[0]), float64(h.Crop[1])
	return []mark{{x, y, x + float64(h.Crop[2]), y + float64(h.Crop[3]), yellow}}
}

// lines are the text below the pictures.
func (s *Sample) lines() (lines []string, inks []color.Color) {
	say := func(ink color.Color, format string, args ...any) {
		lines, inks = append(lines, printable.Line(printable.Sprintf(format, args...))), append(inks, ink)
	}
	r := &s.Record
	say(ink, "%s  sample %d of %s  %s", r.Key, s.Index, s.Shard, r.Method)
	say(ink, "stored   lam %.6f  drawn %.6f  box %v  src_box %v  peak [%d,%d]  flat %v", r.Lam, r.LamDrawn, r.Box, r.SrcBox, r.Peak.X, r.Peak.Y, r.Flat)
	if a := s.Again; a != nil {
		same := "the same bytes"
		if !a.SameBytes {
			same = "OTHER BYTES"
		}
		say(ink, "again    lam %.6f  drawn %.6f  box [%d,%d,%d,%d]  %s", a.Lam, a.LamDrawn, a.Box[0], a.Box[1], a.Box[2], a.Box[3], same)
	}
	soft := ""
	if r.Mixed {
		soft = printable.Sprintf("; soft: %.4f %s (target), %.4f %s (source)", r.Lam, dataset.ClassName(s.classes, r.LabelA), 1-r.Lam, dataset.ClassName(s.classes, r.LabelB))
	}
	say(ink, "label    %s%s", dataset.ClassName(s.classes, r.Label), soft)
	for _, h := range []struct {
		role string
		half *Half
	}{{"target", &s.Target}, {"source", &s.Source}} {
		if h.half.Name != "" {
			say(ink, "%s   %s  %dx%d  crop %.1f,%.1f %.1fx%.1f  flip %v  peak [%d,%d]", h.role, h.half.Name, h.half.Width, h.half.Height,
				h.half.Crop[0], h.half.Crop[1], h.half.Crop[2], h.half.Crop[3], h.half.Flip, h.half.Peak[0], h.half.Peak[1])
		}
	}
	for _, d := range s.Differences {
		say(alarm, "%s", d)
	}
	for _, n := range s.Notes {
		say(faded, "%s", n)
	}
	return lines, inks
}
