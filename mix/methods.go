package mix

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Weighted is a method and its share of the samples.
type Weighted struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
	// Alpha replaces that of the law of λ for this method; 0 leaves it.
	Alpha float64 `json:"alpha,omitempty"`
	// MinScale and MaxScale are the range of resizemix's scale; both 0 leave it at 0.1 to 0.8.
	MinScale float64 `json:"min_scale,omitempty"`
	MaxScale float64 `json:"max_scale,omitempty"`
}

// ParseMethods reads the list of methods of the command line and checks it:
//
//	list   = name | item { "," item }
//	item   = name ":" weight { ":" option }
//	option = "alpha=" number | "scale=" number ( "-" | "," ) number      scale: resizemix only
//
// as in "saliencymix", "cutmix:1:alpha=0.2" or "saliencymix:0.5,mixup:0.3:alpha=0.8". A name alone
// has weight 1. Weights add up to at most 1, and what is missing stays unmixed.
func ParseMethods(list string) ([]Weighted, error) {
	items := splitItems(list)
	methods := make([]Weighted, 0, len(items))
	for _, item := range items {
		m, err := parseMethod(strings.TrimSpace(item), len(items) > 1)
		if err != nil {
			return nil, err
		}
		methods = append(methods, m)
	}
	return methods, checkMethods(methods)
}

// splitItems divides a list at its commas, but for those inside of a scale, which a number follows.
func splitItems(list string) []string {
	var items []string
	for i, part := range strings.Split(list, ",") {
		number, _, _ := strings.Cut(strings.TrimSpace(part), ":")
		if _, err := strconv.ParseFloat(number, 64); err == nil && i > 0 {
			items[len(items)-1] += "," + strings.TrimSpace(part)
			continue
		}
		items = append(items, part)
	}
	return items
}

func parseMethod(item string, weighted bool) (Weighted, error) {
	name, rest, more := strings.Cut(item, ":")
	m := Weighted{Name: name, Weight: 1}
	if !slices.Contains(Names(), name) {
		return m, fmt.Errorf("mix: %w", unknown("method", name, Names()))
	}
	if !more {
		if weighted {
			return m, fmt.Errorf("mix: %s in a list has no weight: write %s:0.5, for example", name, name)
		}
		return m, nil
	}
	weight, rest, more := strings.Cut(rest, ":")
	var err error
	if m.Weight, err = strconv.ParseFloat(weight, 64); err != nil {
		return m, fmt.Errorf("mix: %s: weight %q is not a number: write %s:WEIGHT:OPTION=VALUE", name, weight, name)
	}
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ":")
		if err := m.set(option); err != nil {
			return m, fmt.Errorf("mix: %s: %w", name, err)
		}
	}
	return m, nil
}

// set takes in one option of an item.
// CutRange divides a range of numbers, "a,b" or "a-b", in two. The minus of an exponent or of the first number
// divides nothing.
func CutRange(s string) (lo, hi string, ok bool) {
	if lo, hi, ok = strings.Cut(s, ","); ok {
		return lo, hi, true
	}
	for i := 1; i < len(s); i++ {
		if s[i] == '-' && s[i-1] != 'e' && s[i-1] != 'E' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func (m *Weighted) set(option string) error {
	key, value, _ := strings.Cut(option, "=")
	switch key {
	case "alpha":
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("alpha %q is not a number", value)
		}
		m.Alpha = v
		return checkAlpha(v)
	case "scale":
		lo, hi, ok := CutRange(value)
		var err1, err2 error
		m.MinScale, err1 = strconv.ParseFloat(lo, 64)
		m.MaxScale, err2 = strconv.ParseFloat(hi, 64)
		if !ok || err1 != nil || err2 != nil {
			return fmt.Errorf("scale %q is not a range: write scale=0.1-0.8", value)
		}
		return nil
	}
	return unknown("option", key, []string{"alpha", "scale"})
}

// checkMethods reports all that is wrong with a list of methods, joined.
func checkMethods(methods []Weighted) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("mix: "+format, args...)) }
	sum := 0.0
	for i, m := range methods {
		if !slices.Contains(Names(), m.Name) {
			bad("%w", unknown("method", m.Name, Names()))
		}
		if slices.ContainsFunc(methods[:i], func(o Weighted) bool { return o.Name == m.Name }) {
			bad("method %s is there twice", m.Name)
		}
		if !(m.Weight >= 0 && m.Weight <= 1) {
			bad("%s: weight %v is not in [0,1]", m.Name, m.Weight)
		}
		sum += m.Weight
		if m.Alpha != 0 {
			if err := checkAlpha(m.Alpha); err != nil {
				bad("%s: %w", m.Name, err)
			}
		}
		if m.MinScale == 0 && m.MaxScale == 0 {
			continue
		}
		if m.Name != ResizeMix {
			bad("%s: scale is an option of resizemix, which alone resizes", m.Name)
		} else if !(m.MinScale > 0 && m.MinScale <= m.MaxScale && m.MaxScale <= 1) {
			bad("resizemix: scale %v-%v: give two numbers in (0,1], the smaller first", m.MinScale, m.MaxScale)
		}
	}
	if sum > 1+tolerance {
		bad("the weights of the methods add up to %v, and may add up to 1; below 1, the rest stays unmixed", shown(sum))
	}
	return errors.Join(errs...)
}

// tolerance is what a sum of weights may miss 1 by, since 0.7 + 0.2 + 0.1 does.
const tolerance = 1e-9

// shown is a sum without the noise of its last bits.
func shown(sum float64) string { return strconv.FormatFloat(sum, 'g', 10, 64) }

// Choose is the method for a uniform number in [0,1), nil for none.
func Choose(methods []Weighted, u float64) *Weighted {
	sum := 0.0
	for i := range methods {
		sum += methods[i].Weight
		if u < sum || i == len(methods)-1 && sum > 1-tolerance {
			return &methods[i]
		}
	}
	return nil
}

// Scale is the range of resizemix's scale.
func (m *Weighted) Scale() (lo, hi float64) {
	if m.MinScale == 0 && m.MaxScale == 0 {
		return MinScale, MaxScale
	}
	return m.MinScale, m.MaxScale
}
