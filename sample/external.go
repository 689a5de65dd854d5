package sample

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
)

// An outsideMap is a saliency map that was made elsewhere.
type outsideMap struct {
	full, crop imaging.Image
	gray       []byte // the first channel of the crop
}

func (o *outsideMap) trim(n int) {
	trim(n, &o.full, &o.crop)
	if cap(o.gray) > n {
		o.gray = nil
	}
}

// DecodeMap decodes a saliency map of the image in h.Original that was made elsewhere. The map has
// the size of the image, or that of the crop if all replicas have the same crop. A defect of the
// map is a *premix.Fault.
func (m *Maker) DecodeMap(ctx context.Context, h *Half, data []byte) error {
	p := m.params.Decode
	p.ApplyEXIF = false // a map is as its image came out of the decoder
	cfg, err := imaging.DecodeConfig(data, p)
	if err == nil {
		if !m.mapFits(cfg.W, cfg.H, &h.Original) {
			return premix.Faultf(premix.BadPeak, "the map is %d×%d, the image %d×%d", cfg.W, cfg.H, h.Original.W, h.Original.H)
		}
		_, err = m.decoder.Decode(ctx, &m.outside.full, data, p)
	}
	if f := premix.AsFault(err); f != nil {
		return premix.Faultf(premix.BadPeak, "the map: %s", f.Reason)
	}
	return err
}

func (m *Maker) mapFits(w, h int, original *imaging.Image) bool {
	g := &m.params.Geometry
	return w == original.W && h == original.H || !g.Random() && w == g.Size.W && h == g.Size.H
}

// MapPeak sets Peak, Trough and Flat of s, whose crop is p, from the map that was decoded last.
func (m *Maker) MapPeak(h *Half, s *premix.Sample, p *crop.Plan) error {
	o := &m.outside
	cropped := &o.full
	if o.full.W == h.Original.W && o.full.H == h.Original.H {
		cropped = &o.crop
		if err := p.Apply(cropped, &o.full, &m.resampler, m.params.Geometry.Filter); err != nil {
			return fmt.Errorf("%s: map: %w", s.Name, err)
		}
	}
	o.gray = firstChannel(o.gray[:0], cropped)
	s.Peak, s.Trough, s.Flat = extremes(o.gray, cropped.W)
	return nil
}

// firstChannel appends the first channel of an image.
func firstChannel(dst []byte, m *imaging.Image) []byte {
	dst = slices.Grow(dst, m.W*m.H)
	for i := 0; i < 3*m.W*m.H; i += 3 {
		dst = append(dst, m.Pix[i])
	}
	return dst
}

// extremes are the first maximum and the first minimum of a map in row-major order. A map of one
// value is flat.
func extremes(pix []byte, w int) (peak, trough premix.Peak, flat bool) {
	hi, lo := slices.Max(pix), slices.Min(pix)
	at := func(v byte) premix.Peak {
		i := bytes.IndexByte(pix, v)
		return premix.Peak{X: i % w, Y: i / w}
	}
	return at(hi), at(lo), hi == lo
}

// A Given peak was found elsewhere and comes from a table.
type Given struct {
	Peak premix.Peak
	// Trough counts if HasTrough is set.
	Trough    premix.Peak
	HasTrough bool
	// Flat says that the image has no peak. Then Peak and Trough mean nothing.
	Flat bool
	// Original says that Peak and Trough are pixels of the original image, not of the crop.
	Original bool
	// Row is the place of the peak in its table, for messages.
	Row string
}

// GivenPeak sets Peak, Trough and Flat of s, whose crop is c, from a peak that was found elsewhere. A
// peak outside of the image is a *premix.Fault.
func (p *Params) GivenPeak(s *premix.Sample, c *crop.Plan, g *Given) error {
	s.Peak, s.Trough, s.Flat = premix.NoPeak, premix.NoPeak, false
	if g.Flat {
		s.Peak, s.Trough, s.Flat = premix.Peak{}, premix.Peak{}, true
		return nil
	}
	var err error
	if s.Peak, err = p.locate(s, c, g, "peak", g.Peak); err == nil && g.HasTrough {
		s.Trough, err = p.locate(s, c, g, "trough", g.Trough)
	}
	return err
}

// locate is the pixel of the crop that a given peak or trough is at.
func (p *Params) locate(s *premix.Sample, c *crop.Plan, g *Given, what string, at premix.Peak) (premix.Peak, error) {
	size, where := p.Geometry.Size, "crop"
	if g.Original {
		size, where = premix.Size{H: s.Height, W: s.Width}, "image"
	}
	if at.X < 0 || at.Y < 0 || at.X >= size.W || at.Y >= size.H {
		return premix.NoPeak, premix.Faultf(premix.BadPeak, "%s: the %s at row %d, column %d is outside of the %s of %d rows and %d columns",
			g.Row, what, at.Y, at.X, where, size.H, size.W)
	}
	if g.Original {
		return c.Locate(at), nil
	}
	return at, nil
}
