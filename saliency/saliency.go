// Package saliency finds the most salient pixel of an image. Call [New] for a detector and
// [Detector.Peak] for each image; [Detector.Map] also gives the whole map.
//
// # Detectors
//
//   - finegrained: Montabone & Soto, "Human detection using a mobile platform and novel features
//     derived from a visual saliency mechanism", Image and Vision Computing 28(3), 2010. The
//     detector of the SaliencyMix paper, and the default. Bit for bit the uint8 map of OpenCV's
//     StaticSaliencyFineGrained up to [ExactPixels] pixels.
//   - spectral: Hou & Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007, as
//     OpenCV's StaticSaliencySpectralResidual computes it.
//   - frequencytuned: Achanta, Hemami, Estrada & Süsstrunk, "Frequency-tuned Salient Region
//     Detection", CVPR 2009.
//   - center: the centre pixel, whatever the image shows: the control of an experiment.
//
// # Peaks
//
// A peak is the first maximum of the 8-bit map in row-major order, as np.argmax gives it, and a
// trough the first minimum. Peaks do not survive scaling: compute them on the very pixels that
// are mixed.
//
// Every detector is deterministic: the same pixels give the same map and peaks on every
// architecture, with and without assembly (build tag noasm).
package saliency

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// A Map is a saliency map of H rows and W columns, row by row from the top: 0 is dull, 255 is
// salient. The zero Map is empty.
type Map struct {
	W, H int
	Pix  []uint8
}

// resize gives the map the size w×h, reusing Pix if its capacity suffices.
func (m *Map) resize(w, h int) {
	if cap(m.Pix) < w*h {
		m.Pix = make([]uint8, w*h)
	}
	m.W, m.H, m.Pix = w, h, m.Pix[:w*h]
}

// A Result says where a map is extreme.
type Result struct {
	// Peak is the first maximum of the 8-bit map in row-major order, Trough its first minimum.
	// Both are premix.NoPeak for an image without pixels.
	Peak, Trough premix.Peak
	// Flat says that the map has no peak: it is 0 everywhere, and Peak and Trough are the first
	// pixel.
	Flat bool
}

// flat is the result of a map without a peak.
func flat(w, h int) Result {
	if w == 0 || h == 0 {
		return Result{Peak: premix.NoPeak, Trough: premix.NoPeak, Flat: true}
	}
	return Result{Flat: true}
}

// A Detector computes saliency. It owns its scratch memory, so that a second image of the same
// size allocates nothing, and is therefore not safe for concurrent use.
//
// An image without pixels is flat. A Detector panics if Pix is shorter than W and H say.
type Detector interface {
	// Peak returns the extremes of img's map without building more of the map than that takes.
	Peak(img *imaging.Image) Result
	// Map sets dst to the map of img, reusing its memory, and returns what Peak returns.
	Map(dst *Map, img *imaging.Image) Result
}

// Params are the choices that change a detector's maps.
type Params struct {
	// Gray is how colour becomes luma in finegrained and spectral; the others ignore it.
	Gray Gray
}

// detectors holds the detectors in the order of [Names].
var detectors = []struct {
	name string
	new  func(Params) Detector
	gray bool // it looks at luma, weighted by Params.Gray
	// agreement is that of [Agreement], large that of images above [ExactPixels] if it is another.
	agreement, large string
}{
	{name: "finegrained", new: func(p Params) Detector { return newFineGrained(p.Gray) }, gray: true,
		agreement: "OpenCV 4.14: the same map",
		large:     "OpenCV 4.14: the same peaks of photographs, maps up to 3 levels apart"},
	{name: "spectral", new: func(p Params) Detector { return newSpectral(p.Gray) }, gray: true,
		agreement: "OpenCV 4.14: the same peaks of photographs, maps to 3e-6"},
	{name: "frequencytuned", new: func(Params) Detector { return newFrequencyTuned() },
		agreement: "Achanta et al. 2009: the authors' order of steps, the paper's kernel"},
	{name: "center", new: func(Params) Detector { return center{} }, agreement: noAgreement},
}

const noAgreement = "nothing: peaks are given, or need no map"

// Names lists the detectors, the default first.
func Names() []string {
	names := make([]string, len(detectors))
	for i, d := range detectors {
		names[i] = d.name
	}
	return names
}

// New returns the detector with the given name, one of [Names].
func New(name string, p Params) (Detector, error) {
	if _, err := p.Gray.MarshalText(); err != nil {
		return nil, err
	}
	for _, d := range detectors {
		if d.name == name {
			return d.new(p), nil
		}
	}
	return nil, fmt.Errorf("saliency: no detector %q, know %q", name, Names())
}

// UsesGray reports whether [Params].Gray changes the maps of the named detector.
func UsesGray(name string) bool {
	for _, d := range detectors {
		if d.name == name {
			return d.gray
		}
	}
	return false
}

// Agreement says in a few words what the maps and peaks of the named detector agree with on images
// of w×h pixels. The manifest of an output holds it. Name may be that of no detector, where peaks
// are drawn or given.
func Agreement(name string, w, h int) string {
	for _, d := range detectors {
		switch {
		case d.name == name && d.large != "" && w*h > ExactPixels:
			return d.large
		case d.name == name:
			return d.agreement
		}
	}
	return noAgreement
}
