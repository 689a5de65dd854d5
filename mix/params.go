package mix

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Params is the part of a configuration that says how images are mixed. All of it changes the
// bytes of an output and belongs to the recipe's fingerprint. The zero value of a string field
// means its default, which [Params.EnsureDefaults] fills in; numbers mean what they say.
type Params struct {
	// Seed keys every draw: which images meet, whether and how they are mixed, and λ.
	Seed uint64 `json:"seed"`
	// Methods are chosen from by weight for each sample; what is missing to 1 stays unmixed.
	Methods []Weighted `json:"methods"`
	// Prob is the probability that a sample is mixed at all, before a method is chosen.
	Prob float64 `json:"prob"`
	// Lambda is the law that λ is drawn from.
	Lambda Lambda `json:"lambda"`
	// Border says what saliencymix does at the edges.
	Border Border `json:"border,omitempty"`
	// Smoothing is the ε of label smoothing, in [0,1); it touches dense labels only.
	Smoothing float64 `json:"smoothing"`
}

// A Weighted is a method and its share of the samples.
type Weighted struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
	// Alpha replaces that of the law for this method; 0 leaves it.
	Alpha float64 `json:"alpha,omitempty"`
}

// A Lambda is the law of λ: Beta(Alpha, Alpha); 1 makes it uniform.
type Lambda struct {
	Alpha float64 `json:"alpha"`
}

// The bounds of α: below MinAlpha nearly every draw is 0 or 1 to machine precision, above
// MaxAlpha every draw is one half to within a pixel.
const (
	MinAlpha = 0.05
	MaxAlpha = 10000
)

// Default is the paper: SaliencyMix on every sample, λ uniform, boxes clipped at the border.
func Default() Params {
	return Params{
		Methods: []Weighted{{Name: SaliencyMix, Weight: 1}},
		Prob:    1,
		Lambda:  Lambda{Alpha: 1},
		Border:  Clip,
	}
}

// EnsureDefaults fills in the fields whose zero value means their default.
func (p *Params) EnsureDefaults() {
	if len(p.Methods) == 0 {
		p.Methods = []Weighted{{Name: SaliencyMix, Weight: 1}}
	}
	if p.Border == "" && p.Uses(SaliencyMix) {
		p.Border = Clip
	}
}

// Uses reports whether a method is among those that may be chosen.
func (p *Params) Uses(method string) bool {
	for _, m := range p.Methods {
		if m.Name == method {
			return true
		}
	}
	return false
}

// Validate reports all that is wrong with the parameters, joined, each on one line with what to
// do about it. It expects defaults to be filled in.
func (p *Params) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mix: "+format, args...)) }
	sum := 0.0
	for _, m := range p.Methods {
		if m.Name != SaliencyMix && m.Name != None {
			bad("unknown method %q: the methods are %s", m.Name, strings.Join([]string{SaliencyMix, None}, ", "))
		}
		if !(m.Weight >= 0 && m.Weight <= 1) {
			bad("weight %v of %s is not in [0,1]", m.Weight, m.Name)
		}
		sum += m.Weight
	}
	if sum > 1+1e-9 {
		bad("the weights of the methods add up to %v: at most 1, the rest stays unmixed", sum)
	}
	if !(p.Prob >= 0 && p.Prob <= 1) {
		bad("probability of mixing %v is not in [0,1]", p.Prob)
	}
	if !(p.Lambda.Alpha >= MinAlpha && p.Lambda.Alpha <= MaxAlpha) {
		bad("alpha %v is not in [%v,%v]", p.Lambda.Alpha, MinAlpha, MaxAlpha)
	}
	if p.Border != "" && p.Border != Clip && p.Border != Shift {
		bad("unknown border %q: %s", p.Border, strings.Join(Borders(), " or "))
	}
	if !(p.Smoothing >= 0 && p.Smoothing < 1) || math.IsNaN(p.Smoothing) {
		bad("smoothing %v is not in [0,1)", p.Smoothing)
	}
	return errors.Join(errs...)
}
