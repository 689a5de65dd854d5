// Package crop makes training crops: [Geometry.Plan] decides which part of a decoded image is
// resampled, to which size, which window of that is kept and whether it is mirrored, and
// [Plan.Apply] makes the pixels. The saliency peak is computed on these pixels, and they are mixed.
//
// The geometries are those of torchvision on PIL images:
//
//	rrc     RandomResizedCrop: a random rectangle of the original, resampled to the size
//	center  Resize(short side) and CenterCrop
//	squash  both sides resampled to the size
//	pad     Resize(short side) and RandomCrop(size, padding=N): pad and crop, as of CIFAR
//
// Each of them may be followed by RandomHorizontalFlip.
package crop

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
)

// The geometries.
const (
	RRC    = "rrc"
	Center = "center"
	Squash = "squash"
	Pad    = "pad"
)

// Modes lists the geometries, the default of training first.
func Modes() []string { return []string{RRC, Center, Squash, Pad} }

// NoResize as Geometry.Resize leaves an image in its size.
const NoResize = -1

// A Geometry says how crops are made. It is part of the recipe and of the peaks' fingerprint.
type Geometry struct {
	Mode string
	// Size is the height and width of the crop in pixels.
	Size premix.Size
	// Resize is the length that the shorter side gets before a crop is cut from it, in pixels, or
	// NoResize (center, pad).
	Resize int
	// Scale is the range of the share of the original's area, Ratio that of width/height (rrc).
	Scale, Ratio [2]float64
	// Padding is how far the crop may reach beyond the image on each side, in pixels (pad). There it is
	// black, or shows the image mirrored at its edge if Reflect is set.
	Padding int
	Reflect bool
	// HFlip is the probability of mirroring the crop left to right.
	HFlip  float64
	Filter imaging.Filter
}

// Defaults of torchvision's RandomResizedCrop.
var (
	DefaultScale = [2]float64{0.08, 1}
	DefaultRatio = [2]float64{3. / 4, 4. / 3}
)

// DefaultResize is the shorter side that a crop of the size is cut from. Under center it is
// round(size/0.875) of the larger side, 256 for 224; under pad the larger side itself, so that a square
// image gets the size and one that has it is not resampled.
func DefaultResize(mode string, s premix.Size) int {
	if mode == Pad {
		return max(s.H, s.W)
	}
	return int(math.Round(float64(max(s.H, s.W)) / 0.875))
}

// Parse sets the mode of g by its text form, which is rrc, center, squash, pad:N, pad:N:zero or
// pad:N:reflect, and reports whether it is one of these.
func (g *Geometry) Parse(text string) bool {
	g.Mode, g.Padding, g.Reflect = text, 0, false
	rest, ok := strings.CutPrefix(text, Pad+":")
	if !ok {
		return text == RRC || text == Center || text == Squash
	}
	number, fill, given := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(number, 10, 15)
	g.Mode, g.Padding, g.Reflect = Pad, int(n), fill == "reflect"
	return err == nil && number == strconv.Itoa(g.Padding) && (!given || fill == "zero" || fill == "reflect")
}

// Text is the shortest text form of the mode, which Parse reads.
func (g *Geometry) Text() string {
	switch {
	case g.Mode != Pad:
		return g.Mode
	case g.Reflect:
		return fmt.Sprintf("%s:%d:reflect", Pad, g.Padding)
	}
	return fmt.Sprintf("%s:%d", Pad, g.Padding)
}

// Validate reports every field that makes no sense.
func (g Geometry) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if g.Mode != RRC && g.Mode != Center && g.Mode != Squash && g.Mode != Pad {
		bad("--geometry %q: use rrc, center, squash or pad:N", g.Mode)
	}
	if g.Size.H < 1 || g.Size.W < 1 || g.Size.H > 16384 || g.Size.W > 16384 {
		bad("--size %v: each side must be from 1 to 16384 pixels", g.Size)
	}
	larger, smaller := max(g.Size.H, g.Size.W), min(g.Size.H, g.Size.W)
	if g.Mode == Center && g.Resize != NoResize && g.Resize < larger {
		bad("--resize %d is smaller than the crop (--size %v): a centre crop would be padded; use --resize %d or more", g.Resize, g.Size, larger)
	}
	if g.Mode == Pad {
		if g.Padding < 1 || 2*g.Padding >= smaller {
			bad("--geometry %s with --size %v: pad at least 1 pixel, and less than half of a side", g.Text(), g.Size)
		} else if g.Resize != NoResize && g.Resize+2*g.Padding < larger {
			bad("--resize %d with --geometry %s: the padded image is smaller than the crop (--size %v); use --resize %d or more", g.Resize, g.Text(), g.Size, larger-2*g.Padding)
		} else if g.Reflect && g.Resize != NoResize && g.Resize <= g.Padding {
			bad("--resize %d with --geometry %s: no image can be mirrored by more than its side less 1; use --resize %d or more", g.Resize, g.Text(), g.Padding+1)
		}
	}
	if (g.Mode == Center || g.Mode == Pad) && g.Resize > 32768 {
		bad("--resize %d: at most 32768 pixels", g.Resize)
	}
	if g.Mode == RRC {
		if !(g.Scale[0] > 0 && g.Scale[0] <= g.Scale[1] && g.Scale[1] <= 1) {
			bad("--rrc-scale %g,%g: two shares of the area with 0 < low ≤ high ≤ 1", g.Scale[0], g.Scale[1])
		}
		if !(g.Ratio[0] > 0 && g.Ratio[0] <= g.Ratio[1]) || math.IsInf(g.Ratio[1], 0) {
			bad("rrc ratio %g,%g: two ratios of width to height with 0 < low ≤ high", g.Ratio[0], g.Ratio[1])
		}
	}
	if !(g.HFlip >= 0 && g.HFlip <= 1) {
		bad("--hflip %g: a probability from 0 to 1", g.HFlip)
	}
	return errors.Join(errs...)
}

// Random says whether the crop of an image depends on the replica.
func (g Geometry) Random() bool { return g.Mode == RRC || g.Mode == Pad || g.HFlip > 0 }

// Check returns a *premix.Fault if no crop can be cut from a w×h image, which only happens to one that
// is not resized.
func (g Geometry) Check(w, h int) error {
	if g.Resize != NoResize || g.Mode != Center && g.Mode != Pad {
		return nil
	}
	if w+2*g.Padding < g.Size.W || h+2*g.Padding < g.Size.H {
		padded := ""
		if g.Mode == Pad {
			padded = fmt.Sprintf(", padded by %d", g.Padding)
		}
		return premix.Faultf(premix.TooSmall, "%d×%d pixels%s, smaller than --size %v, and --resize none enlarges nothing", w, h, padded, g.Size)
	}
	if g.Reflect && min(w, h) <= g.Padding {
		return premix.Faultf(premix.TooSmall, "%d×%d pixels, too few to mirror %d of them at the edge, and --resize none enlarges nothing", w, h, g.Padding)
	}
	return nil
}

// A Plan is the geometry of one image in one replica.
type Plan struct {
	// From is the part of the original that takes part in resampling.
	From premix.Box
	// W and H are the size that From is resampled to, Win the window of it that is kept. Where the
	// window reaches beyond, it is black, or mirrored at the edge if Reflect is set.
	W, H    int
	Win     premix.Box
	Reflect bool
	// Crop is the rectangle of the original that the window shows.
	Crop premix.Crop
	Flip bool
}

// Plan decides the crop of a w×h image, which [Geometry.Check] must have found large enough. It draws
// from uniform, a stream of numbers in [0, 1): first the flip, then under rrc the rectangle, and under
// pad the row and the column of the crop. Nothing is drawn if the geometry is not random.
func (g Geometry) Plan(w, h int, uniform func() float64) Plan {
	flip := g.Random() && uniform() < g.HFlip
	p := Plan{From: premix.Box{X1: w, Y1: h}, W: g.Size.W, H: g.Size.H, Win: premix.Box{X1: g.Size.W, Y1: g.Size.H}, Flip: flip}
	switch g.Mode {
	case RRC:
		p.From = imaging.RRCPlan(w, h, g.Scale, g.Ratio, uniform)
		p.Crop = rect(p.From)
	case Center:
		p.W, p.H, p.Win, p.Crop = imaging.CenterPlan(w, h, g.resize(w, h), g.Size)
	case Pad:
		p.Reflect = g.Reflect
		p.W, p.H, p.Win, p.Crop = imaging.PadPlan(w, h, g.resize(w, h), g.Padding, g.Size, uniform)
	default:
		p.Crop = rect(p.From)
	}
	return p
}

// resize is the shorter side of a w×h image before it is cropped.
func (g *Geometry) resize(w, h int) int {
	if g.Resize == NoResize {
		return min(w, h)
	}
	return g.Resize
}

// At rebuilds the plan of a sample whose crop was drawn before, from what its row says.
func (g Geometry) At(s *premix.Sample) Plan {
	switch g.Mode {
	case RRC:
		b := premix.Box{X0: int(s.Crop.X), Y0: int(s.Crop.Y), X1: int(s.Crop.X + s.Crop.W), Y1: int(s.Crop.Y + s.Crop.H)}
		return Plan{
			From: b, W: g.Size.W, H: g.Size.H, Win: premix.Box{X1: g.Size.W, Y1: g.Size.H},
			Crop: s.Crop, Flip: s.Flip,
		}
	case Pad:
		p := Plan{From: premix.Box{X1: s.Width, Y1: s.Height}, Reflect: g.Reflect, Crop: s.Crop, Flip: s.Flip}
		p.W, p.H, p.Win = imaging.PadPlanAt(s.Width, s.Height, g.resize(s.Width, s.Height), g.Size, s.Crop)
		return p
	}
	still := g
	still.HFlip = 0
	p := still.Plan(s.Width, s.Height, nil)
	p.Flip = s.Flip
	return p
}

// Part is the part of the original that Apply looks at.
func (p Plan) Part(f imaging.Filter) premix.Box {
	return imaging.ResizePart(p.From, p.W, p.H, p.Win, f)
}

// Apply makes the crop of src in dst, with r as scratch.
func (p Plan) Apply(dst, src *imaging.Image, r *imaging.Resampler, f imaging.Filter) error {
	if err := r.Resize(dst, src, p.From, p.W, p.H, p.Win, f); err != nil {
		return err
	}
	if p.Reflect {
		if err := imaging.Reflect(dst, p.W, p.H, p.Win); err != nil {
			return err
		}
	}
	if p.Flip {
		imaging.FlipH(dst)
	}
	return nil
}

func rect(b premix.Box) premix.Crop {
	return premix.Crop{X: float64(b.X0), Y: float64(b.Y0), W: float64(b.X1 - b.X0), H: float64(b.Y1 - b.Y0)}
}
