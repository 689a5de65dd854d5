package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
)

// notUsed is the canonical value of an option that others make meaningless.
const notUsed = "-"

// canonicalGeometry leaves the word zero out, which is what pad does anyway.
func (c *Config) canonicalGeometry(text string) string {
	if g := (crop.Geometry{}); g.Parse(text) {
		return g.Text()
	}
	return text
}

func (c *Config) canonicalResize(string) string {
	switch g := c.cropGeometry(); {
	case g.Mode != crop.Center && g.Mode != crop.Pad:
		return "0"
	case g.Resize == crop.NoResize:
		return "none"
	default:
		return strconv.Itoa(g.Resize)
	}
}

// canonicalScale is for an option that only a random resized crop has.
func (c *Config) canonicalScale(text string) string {
	if c.Geometry != crop.RRC {
		return notUsed
	}
	return text
}

// canonicalFlip is the probability. Where a crop is neither drawn nor mirrored it is not used, so that
// recipes of earlier versions, which mirrored no such crop, stay what they are.
func (c *Config) canonicalFlip(string) string {
	g := c.cropGeometry()
	if !g.Random() {
		return notUsed
	}
	return formatFloat(g.HFlip)
}

// canonicalCropSeed is the seed, where anything is drawn from it.
func (c *Config) canonicalCropSeed(text string) string {
	if !c.cropGeometry().Random() {
		return notUsed
	}
	return text
}

func (c *Config) canonicalDetector(string) string { return c.detectorName() }

func (c *Config) canonicalGray(text string) string {
	if c.external() {
		return notUsed
	}
	return text
}

func (c *Config) canonicalOffset(text string) string {
	if n, ok := c.labelOffset(); ok {
		return strconv.Itoa(n)
	}
	return text
}

func (c *Config) canonicalEncode(text string) string {
	if e, err := imaging.NewEncoder(c.Encode); err == nil {
		return e.String()
	}
	return text
}

func (c *Config) canonicalIndexes(string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(c.Indexes))), ",")
}

func (c *Config) canonicalMethod(text string) string {
	return c.ofMixing(text, func(p *mix.Params) string {
		words := make([]string, len(p.Methods))
		for i, m := range p.Methods {
			words[i] = m.Name + ":" + formatFloat(m.Weight)
			if m.Alpha != 0 {
				words[i] += ":alpha=" + formatFloat(m.Alpha)
			}
			if m.MinScale != 0 || m.MaxScale != 0 {
				words[i] += ":scale=" + formatFloat(m.MinScale) + "-" + formatFloat(m.MaxScale)
			}
		}
		return strings.Join(words, ",")
	})
}

// ofMixing takes an option from the parameters of mixing. Text is for invalid ones, which [Config.Validate]
// reports.
func (c *Config) ofMixing(text string, take func(*mix.Params) string) string {
	p, err := c.mixParams()
	if err != nil {
		return text
	}
	return take(&p)
}

func (c *Config) canonicalScheme(text string) string {
	return c.ofMixing(text, func(p *mix.Params) string { return string(p.Scheme) })
}

func (c *Config) canonicalBorder(text string) string {
	return c.ofMixing(text, func(p *mix.Params) string { return string(p.Border) })
}

func (c *Config) canonicalPair(text string) string {
	return c.ofMixing(text, func(p *mix.Params) string { return string(p.Pair) })
}

func (c *Config) canonicalOutside(text string) string {
	return c.ofMixing(text, func(p *mix.Params) string { return p.Lambda.Outside })
}

func (c *Config) canonicalLambda(text string) string {
	return c.ofMixing(text, func(p *mix.Params) string {
		if p.Lambda.Law == mix.LawFixed {
			return formatFloat(p.Lambda.Value)
		}
		return text
	})
}
