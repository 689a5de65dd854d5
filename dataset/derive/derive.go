// Package derive makes samples of an output again from their sources, as the job made them:
// decode, crop, find the peak, mix, encode. Verification compares the result with what the
// output holds; inspection shows its steps.
//
// Everything is deterministic: equal parameters, recipe and bytes give equal bytes.
package derive

import (
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/saliency"
)

// Params is what of a recipe decides pixels and peaks.
type Params struct {
	Decode   imaging.DecodeParams
	Geometry crop.Geometry
	CropSeed uint64
	// Detector is one of saliency.Names, [mix.DetectorUniform], or the name of a file of peaks, which are
	// then taken as they stand.
	Detector string
	Saliency saliency.Params
	Mix      mix.Params
	Encode   string
}

// A Half is one of the two images of a sample.
type Half struct {
	// Sample is what was found now, from the bytes: size, crop, flip, peak, trough.
	Sample premix.Sample
	// Original is the decoded image, Crop the training crop.
	Original, Crop imaging.Image
	// Map is the saliency map of Crop; empty if there is no detector that has one.
	Map saliency.Map
}

// A Deriver derives samples. It keeps its scratch and must not be used concurrently.
type Deriver struct {
	Params   Params
	decoder  imaging.Decoder
	resample imaging.Resampler
	detector saliency.Detector // nil: peaks cannot be found again
	encoder  *imaging.Encoder
}

// New returns a Deriver.
func New(p Params) (*Deriver, error) {
	d := &Deriver{Params: p}
	var err error
	if d.encoder, err = imaging.NewEncoder(p.Encode); err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	if d.Detects() {
		if d.detector, err = saliency.New(p.Detector, p.Saliency); err != nil {
			return nil, fmt.Errorf("derive: %w", err)
		}
	}
	return d, nil
}

// Detects reports whether peaks can be found again from pixels.
func (d *Deriver) Detects() bool {
	for _, name := range saliency.Names() {
		if name == d.Params.Detector {
			return true
		}
	}
	return false
}

// Ext is the image format of what Mix returns: jpg or png.
func (d *Deriver) Ext() string { return d.encoder.Ext() }

// Half decodes and crops an image as s says, whose Name, Digest and Replica must be set, and
// finds its peak. The image's own size, crop, flip and peaks are in h.Sample; s is not changed.
// If withMap is set the whole saliency map is made. A defect of the image is a *premix.Fault, or
// a *[MissingError] if the bytes are not those of the plan.
func (d *Deriver) Half(h *Half, data []byte, s *premix.Sample, withMap bool) error {
	h.Sample = *s
	n := &h.Sample
	n.Digest = xxh3.Hash128(data).Bytes()
	if _, err := d.decoder.Decode(&h.Original, data, d.Params.Decode); err != nil {
		if n.Digest != s.Digest && premix.AsFault(err) != nil {
			return &MissingError{s.Name, fmt.Sprintf("is another image than it was (%v)", err)}
		}
		return err
	}
	n.Width, n.Height = h.Original.W, h.Original.H
	draws := plan.DigestStream(d.Params.CropSeed, s.Replica, n.Digest, plan.PurposeCrop)
	g := d.Params.Geometry.Plan(n.Width, n.Height, draws.Float64)
	n.Crop, n.Flip = g.Crop, g.Flip
	if err := g.Apply(&h.Crop, &h.Original, &d.resample, d.Params.Geometry.Filter); err != nil {
		return fmt.Errorf("derive: %s: %w", s.Name, err)
	}
	h.Map.W, h.Map.H, h.Map.Pix = 0, 0, h.Map.Pix[:0]
	switch {
	case d.detector == nil && d.Params.Detector == mix.DetectorUniform:
		n.Peak, n.Trough, n.Flat = premix.NoPeak, premix.NoPeak, false
	case d.detector == nil: // peaks from a file stay what the plan says
	default:
		var r saliency.Result
		if withMap {
			r = d.detector.Map(&h.Map, &h.Crop)
		} else {
			r = d.detector.Peak(&h.Crop)
		}
		n.Peak, n.Trough, n.Flat = r.Peak, r.Trough, r.Flat
	}
	return nil
}

// Mix makes the sample's picture from the crops of target and source in dst, and appends its
// encoding to data. Source may be target where the recipe has one image.
func (d *Deriver) Mix(dst *imaging.Image, data []byte, target, source *Half, r *premix.Recipe) ([]byte, error) {
	if err := mix.Apply(dst, &target.Crop, &source.Crop, r); err != nil {
		return nil, fmt.Errorf("derive: %s: %w", r.Key, err)
	}
	return d.encoder.Encode(data, dst)
}

// Differences compares what a plan says of an image with what was found now, one line for each
// thing that differs.
func Differences(planned, found *premix.Sample) []string {
	var diffs []string
	say := func(what string, a, b any) {
		diffs = append(diffs, fmt.Sprintf("%s: %s is %v, the plan says %v", planned.Name, what, b, a))
	}
	if planned.Digest != found.Digest {
		say("digest", fmt.Sprintf("%x", planned.Digest), fmt.Sprintf("%x", found.Digest))
		return diffs // it is another image: everything else follows
	}
	if planned.Width != found.Width || planned.Height != found.Height {
		say("size", fmt.Sprintf("%d×%d", planned.Width, planned.Height), fmt.Sprintf("%d×%d", found.Width, found.Height))
	}
	if planned.Crop != found.Crop {
		say("crop", planned.Crop, found.Crop)
	}
	if planned.Flip != found.Flip {
		say("flip", planned.Flip, found.Flip)
	}
	if planned.Flat != found.Flat {
		say("flat", planned.Flat, found.Flat)
	}
	if planned.Peak != found.Peak {
		say("peak", planned.Peak, found.Peak)
	}
	if planned.Trough != found.Trough {
		say("trough", planned.Trough, found.Trough)
	}
	return diffs
}
