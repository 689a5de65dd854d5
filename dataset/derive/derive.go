// Package derive makes samples of an output again from their sources, as the job made them.
// Verification compares the result with what the output holds; inspection shows its steps.
//
// [Locate] finds the inputs, [New] makes a [Deriver] for the parameters of the output's recipe.
// [Deriver.Fetch] makes one image of a sample again, [Deriver.Mix] the picture of two; both call
// package sample, as the job does. [Differences] and [Differs] say what is not as planned.
//
// Everything is deterministic: equal parameters, recipe and bytes give equal bytes.
package derive

import (
	"context"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/saliency"
	"github.com/premix/premix/sample"
)

// A Half is one of the two images of a sample. Its Map is empty if the detector has none.
type Half struct {
	sample.Half
	// Sample is what was found now, from the bytes: size, crop, flip, peak, trough.
	Sample premix.Sample
	data   []byte
}

// A Deriver derives samples. It keeps its scratch and must not be used concurrently.
type Deriver struct {
	params sample.Params
	maker  *sample.Maker
}

// New returns a Deriver. It reports a detector or an encoding that does not exist.
func New(p sample.Params) (*Deriver, error) {
	d := &Deriver{params: p}
	var err error
	if d.maker, err = sample.New(&d.params); err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	return d, nil
}

// Fetch is [Deriver.Half] for the bytes that the input has now. The error is also a
// *[source.EntryError] if the input does not have the image any more.
func (d *Deriver) Fetch(ctx context.Context, from *source.Locator, h *Half, s *premix.Sample, withMap bool) error {
	data, err := from.Fetch(ctx, h.data, s)
	var missing *source.EntryError
	switch {
	case errors.As(err, &missing):
		return missing
	case err != nil:
		return fmt.Errorf("derive: %s: %w", s.Name, err)
	}
	h.data = data
	return d.Half(ctx, h, data, s, withMap)
}

// Half decodes and crops an image as s says, whose Name, Digest and Replica must be set, and
// finds its peak. The image's own size, crop, flip and peaks are in h.Sample; s is not changed.
// Peaks from a file stay as s says. If withMap is set the whole saliency map is made. A defect of
// the image is a *premix.Fault, or a *[source.EntryError] if the bytes are not those of the plan.
func (d *Deriver) Half(ctx context.Context, h *Half, data []byte, s *premix.Sample, withMap bool) error {
	h.Sample = *s
	now := &h.Sample
	now.Digest = xxh3.Hash128(data).Bytes()
	if err := d.maker.Decode(ctx, &h.Half, data); err != nil {
		if now.Digest != s.Digest && premix.AsFault(err) != nil {
			return &source.EntryError{Name: s.Name, Reason: source.Changed, What: fmt.Sprintf("is another image than it was (%v)", err)}
		}
		return err
	}
	if _, err := d.maker.Crop(&h.Half, now); err != nil {
		return fmt.Errorf("derive: %s: %w", s.Name, err)
	}
	h.Map = saliency.Map{Pix: h.Map.Pix[:0]}
	if !d.params.Detects() {
		return nil
	}
	return d.maker.Peak(&h.Half, now, withMap)
}

// Mix makes the sample's picture from the crops of target and source in dst, and appends its
// encoding to data. Source may be target where the recipe has one image.
func (d *Deriver) Mix(dst *imaging.Image, data []byte, target, source *Half, r *premix.Recipe) ([]byte, error) {
	data, err := d.maker.Mix(dst, data, &target.Crop, &source.Crop, r)
	if err != nil {
		return nil, fmt.Errorf("derive: %s: %w", r.Key, err)
	}
	return data, nil
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
