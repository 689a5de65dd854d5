// Package sample makes one sample: the bytes of an image become a training crop and the crop's
// saliency peak; two crops and a recipe become a mixed picture, encoded, and its label.
//
// Make a [Maker] with [New], one for each goroutine. For an image, call
//
//   - [Maker.Decode] once,
//   - [Maker.Crop] for each replica, and after it
//   - [Maker.Peak], or [Maker.MapPeak] or [Params.GivenPeak] if the peak was found elsewhere.
//
// Package plan makes recipes of the rows that this gives. For a recipe, call
//
//   - [Maker.CropAgain] for each of its two images, unless their crops are at hand,
//   - [Maker.Mix] for the encoded picture, and
//   - [Params.Soft] for the dense label.
//
// This package is the only one that does so. The stages of the job, dataset/derive and, through it,
// verify and inspect call the same functions: hence the peak is computed on the very pixels that
// are mixed.
//
// Everything is deterministic: equal parameters, rows, recipes and bytes give equal bytes, on every
// machine. A defect of an image is a *premix.Fault; every other error is one of the caller or of
// the environment.
package sample

import (
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/saliency"
)

// Params is the part of a recipe that decides pixels, peaks and labels. It is plain data, so that
// it travels to the workers of a cluster.
type Params struct {
	Decode   imaging.DecodeParams
	Geometry crop.Geometry
	CropSeed uint64
	// Detector is one of [Detectors], or names a file of peaks: then no detector runs.
	Detector string
	Saliency saliency.Params
	Mix      mix.Params
	// Encode is a specification for imaging.NewEncoder.
	Encode string
}

// Detectors lists the names that Params.Detector may have when it names no file: those of package
// saliency, the default first, and mix.DetectorUniform.
func Detectors() []string { return append(saliency.Names(), mix.DetectorUniform) }

// Detects reports whether a detector finds the peaks. If not, they come from a file.
func (p *Params) Detects() bool { return slices.Contains(Detectors(), p.Detector) }

// plan draws the crop of an image. Digest, Replica, Width and Height of s must be set. The same
// image has the same crop in a replica, wherever it is.
func (p *Params) plan(s *premix.Sample) crop.Plan {
	draws := plan.DigestStream(p.CropSeed, s.Replica, s.Digest, plan.PurposeCrop)
	return p.Geometry.Plan(s.Width, s.Height, draws.Float64)
}

// Soft sets dst to the dense label of a recipe, one value for each class, and returns it. It uses
// dst's memory if that suffices. Both labels of the recipe must be below classes.
func (p *Params) Soft(dst []float32, r *premix.Recipe, classes int) []float32 {
	return mix.Soft(dst, r, classes, p.Mix.Smoothing)
}

// A Half is one of the two images of a sample. Its memory is reused for the next image.
type Half struct {
	// Original is the image that was decoded last, Crop the training crop that was made last.
	Original, Crop imaging.Image
	// Map is the saliency map of Crop, if [Maker.Peak] was asked for it.
	Map saliency.Map
}

// Trim frees each buffer of more than n bytes.
func (h *Half) Trim(n int) {
	trim(n, &h.Original, &h.Crop)
	if cap(h.Map.Pix) > n {
		h.Map = saliency.Map{}
	}
}

func trim(n int, images ...*imaging.Image) {
	for _, m := range images {
		if cap(m.Pix) > n {
			*m = imaging.Image{}
		}
	}
}
