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
	if n := len(t.Wrappers); n > 0 && !t.Flat { // a list gives the classes of images that lie flat
		say("%s only contains other folders: they are the classes", t.Wrappers[n-1])
	}
	if t.Split != "" && len(t.Splits) > 0 {
		say("%s is the split %s; use --split for another one (%s)", t.Split, o.split(), strings.Join(t.Splits, ", "))
	}
	d.unused(t.Unused)
	d.Warnings = append(d.Warnings, t.Warnings...)
	d.Doubts = append(d.Doubts, t.Doubts...)
}

// count adds up the images of the classes of all inputs, and finds the only class that has some. It knows
// neither where the names in an input do not tell.
func (c *Catalog) count(found []*discovery) {
	images, used := map[string]int64{}, map[string]bool{}
	for _, d := range found {
		if d.Images == nil {
			return
		}
		for name, n := range d.Images {
			images[name] += n
			if n > 0 {
				used[name] = true
			}
		}
	}
	c.Images, c.ByName = images, true
	if len(used) == 1 {
		c.OneClass = slices.Collect(maps.Keys(used))[0]
	}
}

// OneClassDoubt is what is said of an input whose images are all of one class.
func OneClassDoubt(class string) tree.Doubt {
	return tree.Doubt{
		Text:  fmt.Sprintf("all images are of the class %s, so mixing would not change a label", class),
		Flags: []string{"a deeper --in, or --class-depth N, if its folders are the classes", "--labels FILE with a list of classes", "--accept one-class if that is intended"},
	}
}
