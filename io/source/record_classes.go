package source

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/premix/premix/io/tfexample"
)

// nameKeys are the features by which TF-slim names the class beside its index: the synset, and a
// text for people.
var nameKeys = [...]string{slimSynset, "image/class/text"}

// A statement is what one record says of its class.
type statement struct {
	label int64
	names [len(nameKeys)]string // empty where it has none
}

// statementOf reads the label of an example and the names beside it; ok is false without an index.
func statementOf(ex *tfexample.Example, k *recordKeys) (s statement, ok bool) {
	var err error
	if s.label, err = ex.Int(k.Label); err != nil || s.label < 0 {
		return s, false
	}
	for i, key := range nameKeys {
		if name, err := ex.Text(key); err == nil && k.Label == slimLabel {
			s.names[i] = escape(strings.TrimSpace(name))
		}
	}
	return s, true
}

// A recordSet is a TFRecord input without the last decisions on its keys: they depend on the class
// lists of all inputs.
type recordSet struct {
	in     Input
	keys   *recordKeys // those of its containers
	first  []statement
	listed bool // a class list lies beside it
}

// settle decides where labels count from and which feature names the class. list is what indexes
// refer to, that of the input itself or of other inputs, and given that of --classes; both may be nil.
func (r *recordSet) settle(list, given []string, o Options) {
	feature := r.feature(list, given)
	r.keys.Class = ""
	if feature >= 0 {
		r.keys.Class = nameKeys[feature]
	}
	if o.LabelOffset == nil {
		r.keys.Offset, r.keys.Assumed = offsetOf(r.first, feature, r.keys, list)
	}
}

// feature chooses the one of nameKeys whose words a list has, or the first that has names if
// there is no list; −1 if the records name no class that can be used.
func (r *recordSet) feature(list, given []string) int {
	some := func(i int, is func(name string) bool) bool {
		return slices.ContainsFunc(r.first, func(s statement) bool { return s.names[i] != "" && is(s.names[i]) })
	}
	for _, l := range [][]string{list, given} {
		words := setOf(l)
		for i := range nameKeys {
			if r.listed && (i > 0 || some(i, func(name string) bool { return !words[name] })) {
				continue // the list beside them need not have their words
			}
			if some(i, func(name string) bool { return words[name] }) {
				return i
			}
		}
	}
	if r.listed {
		return -1 // the list has other names than the records: indexes count
	}
	every := func(string) bool { return true }
	synset, text := some(0, every), some(1, every) && r.oneToOne(1)
	wnids := some(0, wnid.MatchString)
	switch {
	case synset && text && wnids && len(given) > 0 && !slices.ContainsFunc(given, wnid.MatchString):
		return 1
	case synset:
		return 0
	case text:
		return 1
	}
	return -1
}

var wnid = regexp.MustCompile(`^n[0-9]{8}$`)

// oneToOne says that the first records have one label for each name of a feature, and one name for
// each label, and that the names are single lines.
func (r *recordSet) oneToOne(feature int) bool {
	names, labels := map[int64]string{}, map[string]int64{}
	for _, s := range r.first {
		name := s.names[feature]
		if strings.ContainsFunc(name, unicode.IsControl) {
			return false
		}
		if n, ok := names[s.label]; ok && n != name {
			return false
		}
		if l, ok := labels[name]; ok && l != s.label {
			return false
		}
		names[s.label], labels[name] = name, s.label
	}
	return true
}

// differ returns the first class to which the records never give the name that name has for it,
// and the one that they give. ok is false if there is none.
func (r *recordSet) differ(name func(class int) (string, bool)) (class int, said string, ok bool) {
	agreed, other := map[int]bool{}, map[int]string{}
	feature := slices.Index(nameKeys[:], r.keys.Class)
	for _, s := range r.first {
		i := int(s.label) - r.keys.Offset
		if feature < 0 || s.names[feature] == "" || i < 0 {
			continue
		}
		want, known := name(i)
		switch {
		case known && want == s.names[feature]:
			agreed[i] = true
		case known && other[i] == "":
			other[i] = s.names[feature]
		}
	}
	maps.DeleteFunc(other, func(i int, _ string) bool { return agreed[i] })
	if len(other) == 0 {
		return 0, "", false
	}
	class = slices.Min(slices.Collect(maps.Keys(other)))
	return class, other[class], true
}

// agreeRecords settles the inputs whose records alone may name their classes. These names are the
// class list of such an input: index by index they must be those of the other inputs, of which
// first is the one with a list, and of each other. With --classes, where they are not, the names
// are taken and the indexes are not.
func agreeRecords(inputs []*discovery, first *discovery, o Options) error {
	var list []string
	if first != nil {
		list = first.Classes
	}
	type name struct {
		class string
		in    Input
	}
	said := map[int]name{} // of the inputs before, where none has a list
	for _, d := range inputs {
		r := d.records
		if r == nil {
			continue
		}
		r.settle(list, o.Classes, o)
		class, other, differs := r.differ(func(i int) (string, bool) {
			if first == nil {
				n, ok := said[i]
				return n.class, ok
			}
			if i < len(list) {
				return list[i], true
			}
			return "", true
		})
		if differs && o.Classes != nil {
			r.keys.ByName = true
			continue
		}
		if differs {
			has, from := classAt(list, class)+" in", said[class].in
			if first != nil {
				from = first.in
			} else {
				has = "“" + said[class].class + "” in the records of"
			}
			return usagef("class %d is %s %s and “%s” in the records of %s: the class lists of all inputs must be the same; give --classes FILE to use the classes in it, or put a classes.txt next to the records",
				class, has, from.URI, other, r.in.URI)
		}
		feature := slices.Index(nameKeys[:], r.keys.Class)
		for _, s := range r.first {
			i := int(s.label) - r.keys.Offset
			if _, known := said[i]; !known && feature >= 0 && s.names[feature] != "" {
				said[i] = name{s.names[feature], r.in}
			}
		}
	}
	return nil
}
