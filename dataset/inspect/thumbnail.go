package inspect

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/shard"
)

// A thumbnail is a picture of a contact sheet. Marks and point are in pixels of the picture.
type thumbnail struct {
	caption []string
	data    []byte
	decode  imaging.DecodeParams
	marks   []mark
	point   *[2]float64 // the peak
}

// keep keeps a picture while pictures are wanted.
func (r *Report) keep(t thumbnail) {
	if len(r.first) < r.pictures {
		t.data = bytes.Clone(t.data)
		r.first = append(r.first, t)
	}
}

// keepRecord keeps the picture of a sample.
func (r *Report) keepRecord(rec *shard.Record, split string) {
	key := rec.Key
	if split != "" {
		key = split + " " + key
	}
	t := recordThumbnail(rec, r.class)
	t.caption = append([]string{key}, t.caption...)
	r.keep(t)
}

// recordThumbnail is the picture of a sample, with its box and where the peak of the source lies. The caption
// says its classes.
func recordThumbnail(rec *shard.Record, class func(label int) string) thumbnail {
	t := thumbnail{caption: []string{class(rec.Label)}, data: rec.Image}
	if rec.Mixed {
		t.caption = []string{fmt.Sprintf("%.2f %s", rec.Lam, class(rec.LabelA)), fmt.Sprintf("%.2f %s", 1-rec.Lam, class(rec.LabelB))}
		t.marks = boxMark(rec.Box, green)
	}
	b, s := rec.Box, rec.SrcBox
	if rec.Peak != premix.NoPeak && !b.Empty() && b.X1-b.X0 == s.X1-s.X0 && b.Y1-b.Y0 == s.Y1-s.Y0 {
		t.point = &[2]float64{float64(rec.Peak.X+b.X0-s.X0) + 0.5, float64(rec.Peak.Y+b.Y0-s.Y0) + 0.5}
	}
	return t
}

func (r *Report) class(label int) string { return classOf(r.names, label) }

// classOf is the name of a class, or its number where no name is known.
func classOf(names []string, label int) string {
	return cmp.Or(nameOf(names, label), fmt.Sprintf("class %d", label))
}

// keepPeak keeps an original with its crop and peak.
func (r *Report) keepPeak(s *premix.Sample, data []byte, p peaksParams) {
	t := thumbnail{caption: []string{tail(s.Name)}, data: data, decode: p.decode}
	t.marks = []mark{{s.Crop.X, s.Crop.Y, s.Crop.X + s.Crop.W, s.Crop.Y + s.Crop.H, yellow}}
	if s.Peak != premix.NoPeak && p.size.W > 0 && p.size.H > 0 {
		x := (float64(s.Peak.X) + 0.5) / float64(p.size.W)
		if s.Flip {
			x = 1 - x
		}
		t.point = &[2]float64{s.Crop.X + x*s.Crop.W, s.Crop.Y + (float64(s.Peak.Y)+0.5)/float64(p.size.H)*s.Crop.H}
	}
	r.keep(t)
}

// tail is the end of a long name, where names differ.
func tail(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	if runes := []rune(name); len(runes) > thumbSide/glyphWidth {
		return ".." + string(runes[len(runes)-thumbSide/glyphWidth+2:])
	}
	return name
}

// peaksParams is what drawing wants to know of the settings of a cache.
type peaksParams struct {
	size   premix.Size // of the crops; zero if the settings do not tell it
	decode imaging.DecodeParams
}

// readParams reads the settings of a cache as far as it can.
func readParams(settings []byte) peaksParams {
	var s struct {
		Size      any    `json:"size"`
		EXIF      string `json:"exif"`
		Truncated string `json:"truncated"`
	}
	if json.Unmarshal(settings, &s) != nil {
		return peaksParams{}
	}
	p := peaksParams{decode: imaging.DecodeParams{ApplyEXIF: s.EXIF == "apply", AcceptTruncated: s.Truncated == "accept"}}
	text, ok := s.Size.(string)
	if !ok {
		text = fmt.Sprint(s.Size)
	}
	hs, ws, both := strings.Cut(text, "x")
	if !both {
		ws = hs
	}
	h, err1 := strconv.Atoi(hs)
	w, err2 := strconv.Atoi(ws)
	if err1 == nil && err2 == nil && h > 0 && w > 0 {
		p.size = premix.Size{H: h, W: w}
	}
	return p
}
