package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-shellwords"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
)

// Several methods in one pass. A Config with Variants stands for several configurations, its parts, which differ in
// options that move neither crops nor pairs. Each part is the configuration of a run of its own with --out OUT/NAME, so
// recipes, fingerprints and bytes of its output are those of such a run.

// maxDetectors bounds the detectors of a job, whose peaks travel in each row: an invariant is 256 bytes a row.
const maxDetectors = 8

// A Place is an output of a job.
type Place struct {
	Dir, Format string
	Part        *Config // that it is an output of
	Index       int     // of Part
}

// Expand sets Parts to the configurations that Variants stand for, with what is known of c by now, and reports words of
// Variants that cannot be as a *[ConfigError]. Without Variants it does nothing.
func (c *Config) Expand() error {
	if len(c.Variants) == 0 {
		return nil
	}
	var bad []error
	c.Parts = nil
	for _, text := range c.Variants {
		part, err := c.part(text)
		switch {
		case err != nil:
			bad = append(bad, err)
			continue
		case slices.ContainsFunc(c.Parts, func(p *Config) bool { return p.Variant == part.Variant }):
			bad = append(bad, printable.Errorf("--variant %s is given twice: give each a name of its own", part.Variant))
		}
		c.Parts = append(c.Parts, part)
	}
	if n := len(c.Places()); n > dataset.MostOutputs {
		bad = append(bad, fmt.Errorf("--variant: %d outputs, at most %d: make several runs of them, which share the peaks", n, dataset.MostOutputs))
	}
	if len(bad) > 0 {
		return &ConfigError{bad}
	}
	return nil
}

// part is the configuration of one variant.
func (c *Config) part(text string) (*Config, error) {
	name, rest, ok := strings.Cut(text, ":")
	switch {
	case !ok:
		return nil, printable.Errorf("--variant %q: write NAME:FLAGS, such as 'cutmix:--method cutmix'", text)
	case !nameForm.MatchString(name) || strings.HasPrefix(name, "__"):
		return nil, printable.Errorf("--variant %q: a name has letters a-z, digits and _ only, and does not begin with __", name)
	case slices.Contains(formats.Names(), name):
		return nil, fmt.Errorf("--variant %s: that is the folder of a format: choose another name", name)
	}
	p := *c
	p.Variant, p.Variants, p.Parts, p.Given = name, nil, nil, maps.Clone(c.Given)
	if p.Given == nil {
		p.Given = map[string]bool{}
	}
	if c.Out != "" {
		p.Out = blob.Join(c.Out, name)
	}
	own, err := p.setFlags(rest)
	if err != nil {
		return nil, printable.Errorf("--variant %s: %v", name, err)
	}
	p.leaveOut(own)
	return &p, nil
}

// setFlags sets the options of a text that a shell would split into these flags, and returns their names.
func (c *Config) setFlags(text string) (own map[string]bool, err error) {
	parser := shellwords.NewParser() // no variable, no command: these words are data
	words, err := parser.Parse(text)
	if err != nil || parser.Position >= 0 {
		return nil, printable.Errorf("%q cannot be split into flags: quote values with blanks or signs of the shell", text)
	}
	own = map[string]bool{}
	table := Options(c)
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		flag, isFlag := strings.CutPrefix(word, "--")
		name, value, given := strings.Cut(flag, "=")
		if !isFlag {
			return nil, printable.Errorf("%q does not begin with --: write --flag value", word)
		}
		o, nearest := Find(table, name)
		switch {
		case o == nil && nearest != "":
			return nil, printable.Errorf("unknown flag --%s: did you mean --%s?", name, nearest)
		case o == nil:
			return nil, printable.Errorf("unknown flag --%s: %s", name, "a variant takes "+variantFlags(table))
		case !o.varies:
			return nil, fmt.Errorf("--%s cannot differ between variants, since %s: give it once, outside --variant, or make this variant by a run of its own", name, o.whyCommon())
		case !given && len(words) == 0:
			return nil, fmt.Errorf("--%s has no value", name)
		case !given:
			value, words = words[0], words[1:]
		}
		if err := o.Value.Set(value); err != nil {
			return nil, printable.Errorf("--%s %s: %v", name, value, err)
		}
		own[name], c.Given[name] = true, true
	}
	return own, nil
}

// variantFlags lists what a variant may set.
func variantFlags(table []Option) string {
	var names []string
	for i := range table {
		if table[i].varies {
			names = append(names, "--"+table[i].Name)
		}
	}
	return strings.Join(names, ", ")
}

// whyCommon says why all variants of a run have one value of an option.
func (o *Option) whyCommon() string {
	switch {
	case o.Name == "replicas" || o.Name == "first-replica":
		return "all have the same replicas"
	case o.Name == "out":
		return "its output is OUT/NAME"
	case o.Group == groupInput:
		return "all are made of the same images"
	case o.Group == groupGeometry:
		return "all are made of the same crops"
	case o.Stage == stagePlan && o.Scope == Output:
		return "all mix the same pairs"
	}
	return "it is one for the whole run"
}

// leaveOut puts options back to their defaults that were set for all variants and that this one has no use for, as a run
// of its own would refuse them. own are the names of those that the variant itself sets.
func (c *Config) leaveOut(own map[string]bool) {
	p, err := c.mixParams()
	if err != nil {
		return // Validate says it
	}
	d := Default()
	unmixed := len(p.Methods) == 1 && p.Methods[0].Name == mix.None
	for _, o := range []struct {
		name    string
		useless bool
		reset   func()
	}{
		{"scheme", !p.Uses(mix.SaliencyMix), func() { c.Scheme = d.Scheme }},
		{"border", !p.Uses(mix.SaliencyMix), func() { c.Border = d.Border }},
		{"pair", !c.Mixes(), func() { c.Pair = d.Pair }},
		{"saliency-gray", !saliency.UsesGray(c.Detector), func() { c.SaliencyGray = d.SaliencyGray }},
		{"smoothing", c.LabelForm == "pair", func() { c.Smoothing = d.Smoothing }},
		{"alpha", unmixed || p.Lambda.Law == mix.LawFixed, func() { c.Alpha = d.Alpha }},
		{"lambda", unmixed, func() { c.Lambda = d.Lambda }},
		{"prob", unmixed, func() { c.Prob = d.Prob }},
		{"min-lambda", unmixed, func() { c.MinLambda = d.MinLambda }},
		{"max-lambda", unmixed, func() { c.MaxLambda = d.MaxLambda }},
		{"lambda-outside", unmixed, func() { c.LambdaOutside = d.LambdaOutside }},
	} {
		if o.useless && c.Given[o.name] && !own[o.name] {
			o.reset()
			delete(c.Given, o.name)
		}
	}
}

// EachPart are the configurations of the variants, or c itself where there are none.
func (c *Config) EachPart() []*Config {
	if len(c.Parts) == 0 {
		return []*Config{c}
	}
	return c.Parts
}

// Places are the outputs of the job: OUT, OUT/FORMAT where there are several formats, and below OUT/NAME those of
// a variant.
func (c *Config) Places() []Place {
	var places []Place
	for i, p := range c.EachPart() {
		for _, f := range p.Formats {
			dir := p.Out
			if len(p.Formats) > 1 {
				dir = blob.Join(p.Out, f)
			}
			places = append(places, Place{dir, f, p, i})
		}
	}
	return places
}

// OutputDirs are the folders of the outputs.
func (c *Config) OutputDirs() []string {
	var dirs []string
	for _, p := range c.Places() {
		dirs = append(dirs, p.Dir)
	}
	return dirs
}

// Above reports whether Out is the folder above the outputs of several formats or of variants, and no output itself.
func (c *Config) Above() bool { return len(c.Variants) > 0 || len(c.Formats) > 1 }

// validateParts is [Config.Validate] of a configuration with variants. What is wrong with all of them is reported once.
func (c *Config) validateParts() error {
	if c.Plan != "" {
		return &ConfigError{[]error{errors.New("--plan with --variant: a plan has the pairs and boxes of one recipe: run --plan once for each plan")}}
	}
	all := *c
	if all.Parts == nil {
		if err := all.Expand(); err != nil {
			return err
		}
	}
	var bad []error
	detectors := map[string]bool{}
	for _, p := range all.Parts {
		detectors[p.peaksFingerprint()] = true
	}
	if n := len(detectors); n > maxDetectors {
		bad = append(bad, fmt.Errorf("--variant: %d detectors, at most %d in one run: make several runs", n, maxDetectors))
	}
	count := map[string]int{}
	problems := make([][]error, len(all.Parts))
	for i, p := range all.Parts {
		var wrong *ConfigError
		if err := p.Validate(); errors.As(err, &wrong) {
			problems[i] = wrong.Problems
		} else if err != nil {
			return err
		}
		for _, err := range problems[i] {
			count[err.Error()]++
		}
	}
	said := map[string]bool{}
	for i, p := range all.Parts {
		for _, err := range problems[i] {
			text := err.Error()
			switch {
			case count[text] < len(all.Parts):
				bad = append(bad, fmt.Errorf("--variant %s: %w", p.Variant, err))
			case !said[text]:
				said[text] = true
				bad = append(bad, err)
			}
		}
	}
	if len(bad) > 0 {
		return &ConfigError{bad}
	}
	return nil
}
