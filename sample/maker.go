package sample

import (
	"context"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
)

// A Maker makes samples. It keeps its scratch memory from one image to the next, and must not be
// used concurrently. The zero Maker needs a [Maker.Reset] before its first use.
type Maker struct {
	params    *Params
	scratch   int64 // at most that of the decoder, beside the picture
	decoder   imaging.Decoder
	resampler imaging.Resampler
	detector  saliency.Detector               // nil until it is needed
	encoder   *imaging.Encoder                // likewise
	detectors map[detection]saliency.Detector // that were needed, with their scratch memory
	encoders  map[string]*imaging.Encoder     // likewise
	outside   outsideMap
}

// New returns a Maker for p, which must not change afterwards. It reports a detector or an
// encoding that does not exist.
func New(p *Params) (*Maker, error) {
	m := new(Maker)
	m.Reset(p)
	if err := m.needEncoder(); err != nil {
		return nil, err
	}
	if p.Detects() {
		return m, m.needDetector()
	}
	return m, nil
}

// Reset makes m work for p, which must not change afterwards. m keeps its scratch memory.
func (m *Maker) Reset(p *Params) {
	if m.params == p {
		return
	}
	if m.params != nil && (m.params.Detector != p.Detector || m.params.Saliency != p.Saliency) {
		m.detector = m.detectors[detection{p.Detector, p.Saliency}]
	}
	if m.params != nil && m.params.Encode != p.Encode {
		m.encoder = m.encoders[p.Encode]
	}
	m.params = p
}

// A detection is what decides a detector.
type detection struct {
	name   string
	params saliency.Params
}

// mostKept bounds the detectors and encoders that a Maker keeps, which goes from one job to the next: variants of a job
// take turns at each image.
const mostKept = 16

// keep adds a value to those of a Maker.
func keep[K comparable, V any](kept map[K]V, key K, v V) map[K]V {
	if kept == nil || len(kept) >= mostKept {
		kept = map[K]V{}
	}
	kept[key] = v
	return kept
}

// needDetector makes the detector, if there is to be one.
func (m *Maker) needDetector() (err error) {
	if m.detector == nil && m.params.Detector != mix.DetectorUniform {
		if m.detector, err = saliency.New(m.params.Detector, m.params.Saliency); err == nil {
			m.detectors = keep(m.detectors, detection{m.params.Detector, m.params.Saliency}, m.detector)
		}
	}
	return err
}

func (m *Maker) needEncoder() (err error) {
	if m.encoder == nil {
		if m.encoder, err = imaging.NewEncoder(m.params.Encode); err == nil {
			m.encoders = keep(m.encoders, m.params.Encode, m.encoder)
		}
	}
	return err
}

// Decode decodes an image into h.Original. A defect of the image is a *premix.Fault.
func (m *Maker) Decode(ctx context.Context, h *Half, data []byte) error {
	cfg, err := m.decoder.Decode(ctx, &h.Original, data, m.params.Decode)
	m.scratch = max(m.scratch, int64(len(data)), cfg.Memory-3*int64(cfg.W)*int64(cfg.H))
	return err
}

// DecodeFor is Decode for the crops of samples alone, of which Digest and Replica must be set: beside what [Maker.Crop]
// looks at for them, the pixels of h.Original may be anything.
func (m *Maker) DecodeFor(ctx context.Context, h *Half, data []byte, samples []premix.Sample) error {
	return m.decodePart(ctx, h, data, func(w, h int) (part premix.Box) {
		for _, s := range samples {
			s.Width, s.Height = w, h
			part = around(part, m.params.plan(&s).Part(m.params.Geometry.Filter))
		}
		return part
	})
}

// DecodeAgain is Decode for [Maker.CropAgain] of s alone.
func (m *Maker) DecodeAgain(ctx context.Context, h *Half, data []byte, s *premix.Sample) error {
	return m.decodePart(ctx, h, data, func(w, h int) premix.Box {
		if w != s.Width || h != s.Height {
			return premix.Box{} // it is another image: all of it
		}
		return m.params.Geometry.At(s).Part(m.params.Geometry.Filter)
	})
}

func (m *Maker) decodePart(ctx context.Context, h *Half, data []byte, part func(w, h int) premix.Box) error {
	_, err := m.decoder.DecodePart(ctx, &h.Original, data, m.params.Decode, func(w, h int) premix.Box {
		if m.params.Geometry.Check(w, h) != nil {
			return premix.Box{}
		}
		return part(w, h)
	})
	return err
}

// around is the smallest box that holds both.
func around(a, b premix.Box) premix.Box {
	if a.Empty() {
		return b
	}
	return premix.Box{X0: min(a.X0, b.X0), Y0: min(a.Y0, b.Y0), X1: max(a.X1, b.X1), Y1: max(a.Y1, b.Y1)}
}

// Crop draws the crop of s, makes it in h.Crop from h.Original, and sets Width, Height, Crop and
// Flip of s. Digest and Replica of s must be set. It returns how the crop is made. An image that is too
// small for it is a *premix.Fault.
func (m *Maker) Crop(h *Half, s *premix.Sample) (crop.Plan, error) {
	p, err := m.Cropped(s, h.Original.W, h.Original.H)
	if err != nil {
		return crop.Plan{}, err
	}
	return p, p.Apply(&h.Crop, &h.Original, &m.resampler, m.params.Geometry.Filter)
}

// Cropped is [Maker.Crop] of a crop whose pixels are at hand already: it sets Width, Height, Crop and Flip of s, whose original has
// the size width×height.
func (m *Maker) Cropped(s *premix.Sample, width, height int) (crop.Plan, error) {
	s.Width, s.Height = width, height
	if err := m.params.Geometry.Check(s.Width, s.Height); err != nil {
		return crop.Plan{}, err
	}
	p := m.params.plan(s)
	s.Crop, s.Flip = p.Crop, p.Flip
	return p, nil
}

// CropAgain makes the crop that s has, as [Maker.Crop] set it, in dst from h.Original.
func (m *Maker) CropAgain(dst *imaging.Image, h *Half, s *premix.Sample) error {
	return m.params.Geometry.At(s).Apply(dst, &h.Original, &m.resampler, m.params.Geometry.Filter)
}

// Peak finds the peak of h.Crop and sets Peak, Trough and Flat of s. If withMap is set, it also
// sets h.Map, unless the detector has no map. With mix.DetectorUniform s gets no peak: package plan
// draws one for each sample.
func (m *Maker) Peak(h *Half, s *premix.Sample, withMap bool) error {
	if m.params.Detector == mix.DetectorUniform {
		s.Peak, s.Trough, s.Flat = premix.NoPeak, premix.NoPeak, false
		return nil
	}
	if err := m.needDetector(); err != nil {
		return err
	}
	var r saliency.Result
	if withMap {
		r = m.detector.Map(&h.Map, &h.Crop)
	} else {
		r = m.detector.Peak(&h.Crop)
	}
	s.Peak, s.Trough, s.Flat = r.Peak, r.Trough, r.Flat
	return nil
}

// Mix makes the picture of a recipe in dst from the crops of its target and its source, and appends
// the encoded picture to data. The source may be nil if the method uses one image. dst may be the
// target, but not the source.
func (m *Maker) Mix(dst *imaging.Image, data []byte, target, source *imaging.Image, r *premix.Recipe) ([]byte, error) {
	if err := mix.Apply(dst, target, source, r); err != nil {
		return data, err
	}
	if err := m.needEncoder(); err != nil {
		return data, err
	}
	return m.encoder.Encode(data, dst)
}

// Trim frees each buffer of more than n bytes, and those of the decoder if they may have more together. Those
// of detector and encoder, which have the size of a crop, stay.
func (m *Maker) Trim(n int) {
	m.outside.trim(n)
	if m.scratch > int64(n) {
		m.decoder, m.scratch = imaging.Decoder{}, 0
	}
}
