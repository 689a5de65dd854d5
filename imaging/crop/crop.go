// Package crop makes training crops: [Geometry.Plan] decides which part of a decoded image is
// resampled, to which size, which window of that is kept and whether it is mirrored, and
// [Plan.Apply] makes the pixels. The saliency peak is computed on these pixels, and they are mixed.
//
// The geometries are those of torchvision on PIL images:
//
//	rrc     RandomResizedCrop: a random rectangle of the original, resampled to the size
//	center  Resize(short side) and CenterCrop
//	squash  both sides resampled to the size
package crop

import (
	"errors"
	"fmt"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// The geometries.
const (
	RRC    = "rrc"
	Center = "center"
	Squash = "squash"
)

// Modes lists the geometries, the default of training first.
func Modes() []string { return []string{RRC, Center, Squash} }

// A Geometry says how crops are made. It is part of the recipe and of the peaks' fingerprint.
type Geometry struct {
	Mode string
	// Size is the height and width of the crop in pixels.
	Size premix.Size
	// Resize is the length of the shorter side before a centre crop, in pixels.
	Resize int
	// Scale is the range of the share of the original's area, Ratio that of width/height (rrc).
	Scale, Ratio [2]float64
	// HFlip is the probability of mirroring the crop left to right (rrc).
	HFlip  float64
	Filter imaging.Filter
}

// Defaults of torchvision's RandomResizedCrop.
var (
	DefaultScale = [2]float64{0.08, 1}
	DefaultRatio = [2]float64{3. / 4, 4. / 3}
)

// DefaultResize is the shorter side that a centre crop of the size is cut from: round(size/0.875)
// of the larger side, 256 for 224.
func DefaultResize(s premix.Size) int { return int(math.Round(float64(max(s.H, s.W)) / 0.875)) }

// Validate reports every field that makes no sense.
func (g Geometry) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if g.Mode != RRC && g.Mode != Center && g.Mode != Squash {
		bad("--geometry %q: use rrc, center or squash", g.Mode)
	}
	if g.Size.H < 1 || g.Size.W < 1 || g.Size.H > 16384 || g.Size.W > 16384 {
		bad("--size %v: each side must be from 1 to 16384 pixels", g.Size)
	}
	if g.Mode == Center && g.Resize < max(g.Size.H, g.Size.W) {
		bad("--resize %d is smaller than the crop (--size %v): a centre crop would be padded; use --resize %d or more", g.Resize, g.Size, max(g.Size.H, g.Size.W))
	}
	if g.Mode == Center && g.Resize > 32768 {
		bad("--resize %d: at most 32768 pixels", g.Resize)
	}
	if g.Mode == RRC {
		if !(g.Scale[0] > 0 && g.Scale[0] <= g.Scale[1] && g.Scale[1] <= 1) {
			bad("--rrc-scale %g,%g: two shares of the area with 0 < low ≤ high ≤ 1", g.Scale[0], g.Scale[1])
		}
		if !(g.Ratio[0] > 0 && g.Ratio[0] <= g.Ratio[1]) || math.IsInf(g.Ratio[1], 0) {
			bad("rrc ratio %g,%g: two ratios of width to height with 0 < low ≤ high", g.Ratio[0], g.Ratio[1])
		}
		if !(g.HFlip >= 0 && g.HFlip <= 1) {
			bad("--hflip %g: a probability from 0 to 1", g.HFlip)
		}
	}
	return errors.Join(errs...)
}

// Random says whether the crop of an image depends on the replica.
func (g Geometry) Random() bool { return g.Mode == RRC }

// A Plan is the geometry of one image in one replica.
type Plan struct {
	// From is the part of the original that takes part in resampling.
	From premix.Box
	// W and H are the size that From is resampled to, Win the window of it that is kept.
	W, H int
	Win  premix.Box
	// Crop is the rectangle of the original that the window shows.
	Crop premix.Crop
	Flip bool
}

// Plan decides the crop of a w×h image. Under rrc it draws from uniform, a stream of numbers in
// [0, 1): first the flip, then the rectangle; other geometries draw nothing.
func (g Geometry) Plan(w, h int, uniform func() float64) Plan {
	whole := premix.Box{X1: w, Y1: h}
	win := premix.Box{X1: g.Size.W, Y1: g.Size.H}
	switch g.Mode {
	case RRC:
		flip := uniform() < g.HFlip
		b := imaging.RRCPlan(w, h, g.Scale, g.Ratio, uniform)
		return Plan{From: b, W: g.Size.W, H: g.Size.H, Win: win, Crop: rect(b), Flip: flip}
	case Center:
		rw, rh, win, crop := imaging.CenterPlan(w, h, g.Resize, g.Size)
		return Plan{From: whole, W: rw, H: rh, Win: win, Crop: crop}
	default:
		return Plan{From: whole, W: g.Size.W, H: g.Size.H, Win: win, Crop: rect(whole)}
	}
}

// At rebuilds the plan of a sample whose crop was drawn before, from what its row says.
func (g Geometry) At(s *premix.Sample) Plan {
	if g.Mode != RRC {
		return g.Plan(s.Width, s.Height, nil)
	}
	b := premix.Box{X0: int(s.Crop.X), Y0: int(s.Crop.Y), X1: int(s.Crop.X + s.Crop.W), Y1: int(s.Crop.Y + s.Crop.H)}
	return Plan{
		From: b, W: g.Size.W, H: g.Size.H, Win: premix.Box{X1: g.Size.W, Y1: g.Size.H},
		Crop: s.Crop, Flip: s.Flip,
	}
}

// Apply makes the crop of src in dst, with r as scratch.
func (p Plan) Apply(dst, src *imaging.Image, r *imaging.Resampler, f imaging.Filter) error {
	if err := r.Resize(dst, src, p.From, p.W, p.H, p.Win, f); err != nil {
		return err
	}
	if p.Flip {
		imaging.FlipH(dst)
	}
	return nil
}

func rect(b premix.Box) premix.Crop {
	return premix.Crop{X: float64(b.X0), Y: float64(b.Y0), W: float64(b.X1 - b.X0), H: float64(b.Y1 - b.Y0)}
}
