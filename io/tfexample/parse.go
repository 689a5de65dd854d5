package tfexample

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxFeatures bounds what an example may hold; ImageNet's have about 20.
const maxFeatures = 1024

// A span is data[lo:hi] of the parsed message.
type span struct{ lo, hi int }

type feature struct {
	name span
	kind Kind
	list span
}

// An Example is a parsed message. It refers to the bytes that it was parsed from.
type Example struct {
	data     []byte
	features []feature
}

// Parse reads a message, reusing the memory of e. The getters then refer to data, which must not
// change. A message that is not an Example, one with two features of the same name, and one of more
// than 1,024 features are errors; unknown fields are skipped. Values are checked by the getters.
func (e *Example) Parse(data []byte) error {
	e.data, e.features = data, e.features[:0]
	err := e.each(span{0, len(data)}, 1, func(features span) error {
		return e.each(features, 1, e.entry)
	})
	if err != nil {
		e.features = e.features[:0]
		return fmt.Errorf("tfexample: %w", err)
	}
	return nil
}

// each calls f for every occurrence of the length-delimited field num of a message.
func (e *Example) each(message span, num protowire.Number, f func(span) error) error {
	return e.fields(message, func(n protowire.Number, value span) error {
		if n != num {
			return nil
		}
		return f(value)
	})
}

// fields calls f for every length-delimited field of a message and steps over the others.
func (e *Example) fields(message span, f func(protowire.Number, span) error) error {
	for at := message.lo; at < message.hi; {
		rest := e.data[at:message.hi]
		num, typ, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return fmt.Errorf("byte %d: %w", at, parseError(n))
		}
		if typ != protowire.BytesType {
			m := protowire.ConsumeFieldValue(num, typ, rest[n:])
			if m < 0 {
				return fmt.Errorf("byte %d: %w", at, parseError(m))
			}
			at += n + m
			continue
		}
		size, m := protowire.ConsumeVarint(rest[n:])
		if m < 0 {
			return fmt.Errorf("byte %d: %w", at, parseError(m))
		}
		lo := at + n + m
		if size > uint64(message.hi-lo) {
			return fmt.Errorf("byte %d: a field of %d bytes, %d are left", at, size, message.hi-lo)
		}
		at = lo + int(size)
		if err := f(num, span{lo, at}); err != nil {
			return err
		}
	}
	return nil
}

// entry adds a feature of the map.
func (e *Example) entry(s span) error {
	var f feature
	var value span
	err := e.fields(s, func(num protowire.Number, v span) error {
		switch num {
		case 1:
			f.name = v
		case 2:
			value = v
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = e.fields(value, func(num protowire.Number, v span) error {
		if num < 1 || num > 3 {
			return nil
		}
		if f.kind != None {
			return fmt.Errorf("feature %q has two lists", e.text(f.name))
		}
		f.kind, f.list = Kind(num), v
		return nil
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(e.features, func(g feature) bool { return bytes.Equal(e.text(g.name), e.text(f.name)) }) {
		return fmt.Errorf("feature %q is there twice", e.text(f.name))
	}
	if len(e.features) == maxFeatures {
		return fmt.Errorf("more than %d features", maxFeatures)
	}
	e.features = append(e.features, f)
	return nil
}

func (e *Example) text(s span) []byte { return e.data[s.lo:s.hi] }

func (e *Example) find(name string) *feature {
	for i := range e.features {
		if string(e.text(e.features[i].name)) == name {
			return &e.features[i]
		}
	}
	return nil
}

// parseError is what protowire says of a negative length. protobuf begins its messages with a
// space or with one that does not break, from one binary to the next, so that nobody relies on
// them; failures.jsonl has to be the same bytes everywhere.
func parseError(n int) error {
	err := protowire.ParseError(n)
	if _, text, ok := strings.Cut(err.Error(), "proto:"); ok {
		return errors.New(strings.TrimLeft(text, " \u00a0"))
	}
	return err
}
