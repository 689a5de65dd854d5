package mix

import (
	"errors"
	"fmt"
	"slices"
)

// Params is the part of a configuration that says how images are mixed. All of it changes the
// bytes of an output and belongs to the recipe's fingerprint.
//
// [Default] is the paper. An empty word means its default, which [Params.EnsureDefaults] fills
// in. Scheme and border belong to saliencymix; without it their defaults are removed again, so that
// two recipes that mean the same are equal.
type Params struct {
	// Seed keys every draw: which images are paired, whether and how they are mixed, and λ.
	Seed uint64 `json:"seed"`
	// Methods are chosen from by weight for each sample; what is missing to 1 stays unmixed.
	Methods []Weighted `json:"methods"`
	// Detector says how the peaks were found. Only "uniform" and "center" matter here: the first
	// draws a peak for each sample, and neither has troughs.
	Detector string `json:"detector,omitempty"`
	// Scheme and Border say where saliencymix cuts and pastes.
	Scheme Scheme `json:"scheme,omitempty"`
	Border Border `json:"border,omitempty"`
	// Prob is the probability that a sample is mixed at all, before a method is chosen.
	Prob float64 `json:"prob"`
	// Lambda is the law that λ is drawn from.
	Lambda Lambda `json:"lambda"`
	// Pair says which images may be paired.
	Pair Pair `json:"pair"`
	// Smoothing is the ε of label smoothing, in [0,1); it touches dense labels only.
	Smoothing float64 `json:"smoothing"`
}

// A Pair says which images may be paired.
type Pair string

// The ways to pair.
const (
	AnyPair        Pair = "any"
	DifferentClass Pair = "different-class" // neighbours in a shard differ in class where possible
)

// The detectors that ignore the pixels. DetectorUniform is not in package saliency: the plan draws a
// peak for each sample, as CutMix draws its centre.
const (
	DetectorUniform = "uniform"
	DetectorCenter  = "center"
)

// Default is the paper: SaliencyMix on every sample, λ uniform, the patch put where it came from
// and clipped at the border.
func Default() Params {
	p := Params{Prob: 1}
	p.EnsureDefaults()
	return p
}

// EnsureDefaults fills in the fields whose zero value means their default.
func (p *Params) EnsureDefaults() {
	if len(p.Methods) == 0 {
		p.Methods = []Weighted{{Name: SaliencyMix, Weight: 1}}
	}
	if p.Uses(SaliencyMix) {
		if p.Scheme == "" {
			p.Scheme = Sal2Corr
		}
		if p.Border == "" {
			p.Border = Clip
		}
	} else {
		if p.Scheme == Sal2Corr {
			p.Scheme = ""
		}
		if p.Border == Clip {
			p.Border = ""
		}
	}
	if p.Pair == "" {
		p.Pair = AnyPair
	}
	p.Lambda.EnsureDefaults()
}

// Uses reports whether a method is among those that may be chosen.
func (p *Params) Uses(method string) bool {
	return slices.ContainsFunc(p.Methods, func(m Weighted) bool { return m.Name == method })
}

// LambdaOf is the law of λ for one of the methods.
func (p *Params) LambdaOf(m *Weighted) Lambda {
	l := p.Lambda
	if m.Alpha != 0 {
		l.Alpha = m.Alpha
	}
	return l
}

// Validate reports all that is wrong with the parameters, joined, each on one line with what to
// do about it. It expects defaults to be filled in.
func (p *Params) Validate() error {
	errs := []error{checkMethods(p.Methods), p.Lambda.Validate()}
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mix: "+format, args...)) }
	if !(p.Prob >= 0 && p.Prob <= 1) {
		bad("probability of mixing %v is not in [0,1]", p.Prob)
	}
	if !(p.Smoothing >= 0 && p.Smoothing < 1) {
		bad("smoothing %v is not in [0,1)", p.Smoothing)
	}
	if p.Scheme != "" && !slices.Contains(Schemes(), string(p.Scheme)) {
		bad("%w", unknown("scheme", string(p.Scheme), Schemes()))
	}
	if p.Border != "" && !slices.Contains(Borders(), string(p.Border)) {
		bad("%w", unknown("border", string(p.Border), Borders()))
	}
	if p.Pair != AnyPair && p.Pair != DifferentClass {
		bad("%w", unknown("pairing", string(p.Pair), []string{string(AnyPair), string(DifferentClass)}))
	}
	return errors.Join(append(errs, p.conflicts()...)...)
}

// conflicts reports options that are valid alone and have no meaning together.
func (p *Params) conflicts() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mix: "+format, args...)) }
	if !p.Uses(SaliencyMix) && len(p.Methods) > 0 {
		m, _ := ByName(p.Methods[0].Name)
		if p.Scheme != "" {
			bad("scheme %s with %s: %s; leave it out", p.Scheme, m.Name, m.noScheme)
		}
		if p.Border != "" {
			bad("border %s with %s: %s; leave it out", p.Border, m.Name, m.noBorder)
		}
	}
	for i := range p.Methods {
		m := &p.Methods[i]
		if m.Alpha == 0 || checkAlpha(m.Alpha) != nil {
			continue
		}
		if p.Lambda.Law == LawFixed {
			bad("alpha %v of %s with a fixed lambda: nothing is drawn; leave one of them out", m.Alpha, m.Name)
		} else if l := p.LambdaOf(m); p.Lambda.Validate() == nil {
			if err := l.Validate(); err != nil {
				bad("%s: %w", m.Name, err)
			}
		}
	}
	if p.Pair == DifferentClass && !slices.ContainsFunc(p.Methods, func(m Weighted) bool { return Pairs(m.Name) }) && len(p.Methods) > 0 {
		name := p.Methods[0].Name
		bad("pairing %s with %s: it uses one image at a time and keeps its label, so nothing is paired; leave it out", p.Pair, name)
	}
	if p.Detector == DetectorUniform || p.Detector == DetectorCenter {
		if source, target := p.Scheme.Spots(); p.Scheme != "" && (source == Trough || target == Trough || target == Peak) {
			bad("scheme %s with detector %s: it needs the salient point of each image, and this detector does not look at images; use sal2corr or sal2rand", p.Scheme, p.Detector)
		}
	}
	return errs
}
