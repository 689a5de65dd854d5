package source

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/premix/premix/io/source/tree"
)

// What a user can accept with Options.Accept.
const (
	AcceptSplitNames = "split-names" // folders called as splits are classes
	AcceptClassNames = "class-names" // folders called as containers of images are classes
	AcceptOneClass   = "one-class"   // all images are of one class
	AcceptMissing    = "missing"     // files that names or lists promise are not there
)

// Acceptable are the values of Options.Accept.
func Acceptable() []string {
	return []string{AcceptSplitNames, AcceptClassNames, AcceptOneClass, AcceptMissing}
}

func (o Options) accepts(doubt string) bool { return slices.Contains(o.Accept, doubt) }

// tree are the options of understanding folders.
func (o Options) tree() tree.Options {
	return tree.Options{
		Split: o.split(), Depth: o.ClassDepth, ByNumber: o.ClassNumbers, Offset: o.LabelOffset, Listed: o.Classes != nil,
		SplitNames: o.accepts(AcceptSplitNames), ClassNames: o.accepts(AcceptClassNames),
	}
}

// understood takes over how the folders of an input were understood. Doubts about splits end the
// discovery, since nothing below them can be listed.
func (d *discovery) understood(o Options, t *tree.Reading) {
	say := func(format string, args ...any) { d.Notes = append(d.Notes, fmt.Sprintf(format, args...)) }
	if n := len(t.Wrappers); n > 0 {
		say("%s only holds other folders: its classes are those in it", t.Wrappers[n-1])
	}
	if t.Split != "" && len(t.Splits) > 0 {
		say("%s is the split %s; --split takes another one (%s)", t.Split, o.split(), strings.Join(t.Splits, ", "))
	}
	if len(t.Unused) > 0 {
		say("not used: %s", unusedText(t.Unused))
	}
	d.Warnings = append(d.Warnings, t.Warnings...)
	d.Doubts = append(d.Doubts, t.Doubts...)
}

// unusedText names folders that are not used, ten at most.
func unusedText(list []tree.Unused) string {
	var words []string
	for _, u := range list[:min(len(list), 10)] {
		what := fmt.Sprintf("%d files, no image", u.Files)
		if u.Images > 0 {
			what = fmt.Sprintf("%d images", u.Images)
		}
		words = append(words, fmt.Sprintf("%s (%s)", u.Path, what))
	}
	if n := len(list) - 10; n > 0 {
		words = append(words, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(words, ", ")
}

// oneClass is the only class that has images, or empty. byName says that the names in all inputs tell
// which classes have some.
func oneClass(found []*discovery) (only string, byName bool) {
	all := map[string]bool{}
	for _, d := range found {
		if d.withImages == nil {
			return "", false
		}
		maps.Copy(all, d.withImages)
	}
	for name := range all {
		only = name
	}
	if len(all) > 1 {
		only = ""
	}
	return only, true
}

// OneClassDoubt is what is said of an input whose images are all of one class.
func OneClassDoubt(class string) tree.Doubt {
	return tree.Doubt{
		Text:  fmt.Sprintf("all images are of the class %s, so that mixing changes no label", class),
		Flags: []string{"a deeper --in or --class-depth N if its folders are the classes", "--labels FILE with a list of classes", "--accept one-class if it is meant"},
	}
}

// Doubtful is the refusal of an input with all its doubts; nil if it has none.
func (c *Catalog) Doubtful() error {
	if len(c.Doubts) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("the classes of the input are in doubt, and nothing is guessed about labels")
	for _, note := range c.Notes {
		b.WriteString("\n  " + note)
	}
	for _, d := range c.Doubts {
		b.WriteString("\n  " + d.String())
	}
	return usagef("%s", b.String())
}
