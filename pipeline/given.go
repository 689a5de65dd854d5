package pipeline

import (
	"errors"
	"fmt"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
)

// askedFor puts scheme and border back. mix.Params drops their usual values where no method uses them.
// They have no default in a Config, so a value there was set on purpose, and one without an effect has to
// be refused.
func (c *Config) askedFor(p mix.Params) *mix.Params {
	if c.Scheme != "" {
		p.Scheme = mix.Scheme(c.Scheme)
	}
	if c.Border != "" {
		p.Border = mix.Border(c.Border)
	}
	return &p
}

// checkGiven reports options that were set on purpose and have no effect with the others. Options count
// as set on purpose if c.Given has them.
func (c *Config) checkGiven(p mix.Params) error {
	var bad []error
	refuse := func(name, value, with, reason string) {
		bad = append(bad, fmt.Errorf("--%s %s with %s: %s; leave out --%s", name, value, with, reason, name))
	}
	with := "--method " + c.Method
	if len(p.Methods) == 1 && p.Methods[0].Name == mix.None {
		for _, o := range Options(c) {
			if o.drawsLambda && c.Given[o.Name] {
				refuse(o.Name, o.Value.String(), with, "it mixes nothing, so no λ is drawn")
			}
		}
	}
	if c.Given["alpha"] && p.Lambda.Law == mix.LawFixed {
		refuse("alpha", formatFloat(c.Alpha), "--lambda "+c.Lambda, "λ is fixed, so nothing is drawn")
	}
	g := c.cropGeometry()
	geometry := "--geometry " + c.Geometry
	if c.Given["rrc-scale"] && g.Mode != crop.RRC {
		refuse("rrc-scale", pairVar(&c.RRCScale).String(), geometry, "only a random resized crop (--geometry rrc) draws that")
	}
	if c.Given["crop-seed"] && c.CropSeed != 0 && !g.Random() {
		refuse("crop-seed", fmt.Sprint(c.CropSeed), geometry, "without --hflip nothing of it is drawn")
	}
	cut := g.Mode == crop.Center || g.Mode == crop.Pad
	if c.Given["resize"] && c.Resize == crop.NoResize && !cut {
		refuse("resize", "none", geometry, "it resizes every image; --geometry center and pad cut crops without")
	}
	if c.Given["resize"] && c.Resize > 0 && !cut {
		refuse("resize", fmt.Sprint(c.Resize), geometry, "only --geometry center and pad resize an image before it is cropped")
	}
	if c.Given["interpolation"] && c.Interpolation != string(imaging.Bilinear) && cut && c.Resize == crop.NoResize {
		refuse("interpolation", c.Interpolation, "--resize none", "nothing is resampled")
	}
	if c.Given["saliency-gray"] && c.SaliencyGray != "stored" && !saliency.UsesGray(c.Detector) {
		refuse("saliency-gray", c.SaliencyGray, "--detector "+c.Detector, "only finegrained and spectral look at gray")
	}
	if c.Given["lambda-outside"] && c.LambdaOutside != mix.Clamp && p.Lambda.Min == 0 && p.Lambda.Max == 1 {
		refuse("lambda-outside", c.LambdaOutside, "neither --min-lambda nor --max-lambda", "no draw is outside 0 to 1")
	}
	return errors.Join(bad...)
}
