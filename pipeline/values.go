package pipeline

import (
	"errors"
	"slices"
	"strings"
)

// value binds a field to its text form.
type value[T any] struct {
	p     *T
	typ   string
	parse func(string) (T, error)
	print func(T) string
}

func (v *value[T]) String() string { return v.print(*v.p) }
func (v *value[T]) Type() string   { return v.typ }

func (v *value[T]) Set(s string) error {
	x, err := v.parse(s)
	if err != nil {
		return err
	}
	*v.p = x
	return nil
}

func stringVar(p *string) Value {
	return &value[string]{p: p, typ: "string", parse: func(s string) (string, error) { return s, nil }, print: func(s string) string { return s }}
}

func choiceVar(option string, p *string, names ...string) Value {
	initial := *p // nothing, where the default depends on other options
	parse := func(s string) (string, error) {
		if slices.Contains(names, s) || s == initial {
			return s, nil
		}
		return "", errors.New(Unknown(option, s, names))
	}
	return &value[string]{p: p, typ: strings.Join(names, "|"), parse: parse, print: func(s string) string { return s }}
}

// A List is a [Value] of several words.
type List interface {
	Value
	// Items are the words; SetItems replaces them.
	Items() []string
	SetItems([]string) error
}

// listValue is a repeatable option. The first Set replaces the default.
type listValue struct {
	p      *[]string
	set    bool
	commas bool // one Set may hold several words, with commas between them
}

func listVar(p *[]string) Value { return &listValue{p: p, commas: true} }

// inputs is a list of addresses, in which commas may stand.
func urisVar(p *[]string) Value { return &listValue{p: p} }

func (v *listValue) String() string  { return strings.Join(*v.p, ",") }
func (v *listValue) Type() string    { return "list" }
func (v *listValue) Items() []string { return *v.p }

func (v *listValue) Set(s string) error {
	if !v.set {
		*v.p, v.set = nil, true
	}
	words := []string{s}
	if v.commas {
		words = SplitList(s)
	}
	for _, e := range words {
		if e != "" {
			*v.p = append(*v.p, e)
		}
	}
	return nil
}

func (v *listValue) SetItems(items []string) error {
	v.set, *v.p = false, nil
	for _, e := range items {
		if err := v.Set(e); err != nil {
			return err
		}
	}
	return nil
}

// SplitList splits at commas outside of braces, so that a{1,2}.tar stays whole.
func SplitList(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ',':
			if depth <= 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}
