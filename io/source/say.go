package source

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
)

// mostNamed is how many inputs, or folders that are not used, are named.
const mostNamed = 10

// Understood says how the inputs are understood, in lines for people with printable names: their layouts,
// splits and classes, the class of one image, and what is not used.
func (c *Catalog) Understood() []string {
	lines := firstOf(c.Inputs, func(in string) string { return in })
	for _, note := range c.Notes {
		lines = append(lines, printable.Line(note))
	}
	if len(c.Containers) > 0 {
		lines = append(lines, c.classLine())
	}
	if line := c.exampleLine(); line != "" {
		lines = append(lines, line)
	}
	if len(c.Unused) > 0 {
		lines = append(lines, "not used: "+strings.Join(firstOf(c.Unused, printable.Name), ", "))
	}
	return lines
}

// firstOf shows the first ten of a list, and says how many more there are.
func firstOf(list []string, show func(string) string) []string {
	var shown []string
	for _, item := range list[:min(len(list), mostNamed)] {
		shown = append(shown, show(item))
	}
	if n := len(list) - mostNamed; n > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", n))
	}
	return shown
}

// understoodAs notes the layout of an input.
func (c *Catalog) understoodAs(d *discovery) {
	line := printable.Sprintf("%s: %s", cmp.Or(d.in.Name, d.in.URI), d.Layout)
	if d.Layout != layoutFolder {
		line += ", " + printable.Count(int64(len(d.Containers)), "container")
	}
	c.Inputs = append(c.Inputs, line)
}

// classList are the classes as far as they are known: without a list they are those that names tell.
func (c *Catalog) classList() []string {
	if c.Classes == nil {
		return slices.Sorted(maps.Keys(c.Images))
	}
	return c.Classes
}

// classLine tells the number of classes, the first three and the last.
func (c *Catalog) classLine() string {
	classes := c.classList()
	if len(classes) == 0 {
		return "classes: known when all labels are read"
	}
	show := func(i int) string {
		s := fmt.Sprintf("%d %s", i, printable.Name(classes[i]))
		if c.Images != nil {
			s += " (" + printable.Count(c.Images[classes[i]], "image") + ")"
		}
		return s
	}
	const first = 3
	var shown []string
	for i := range min(len(classes), first) {
		shown = append(shown, show(i))
	}
	list := strings.Join(shown, ", ")
	if last := len(classes) - 1; last > first {
		list += " … " + show(last)
	} else if last == first {
		list += ", " + show(last)
	}
	return printable.Count(int64(len(classes)), "class") + ": " + list
}

// exampleLine leads from one image to its class.
func (c *Catalog) exampleLine() string {
	s := c.Example
	if s.Name == "" {
		return ""
	}
	labels := &Labels{Own: c.Own, Target: c.classList()}
	index, err := labels.Of(&s)
	switch {
	case len(labels.Target) == 0 && s.Class == "":
		return printable.Sprintf("%s has the label %d", s.Name, s.Label)
	case len(labels.Target) == 0:
		return printable.Sprintf("%s is of class %s", s.Name, s.Class)
	case err != nil || index < 0:
		return ""
	}
	return printable.Sprintf("%s is of class %d, %s", s.Name, index, labels.Target[index])
}

// exampleOf keeps an entry of a container as the example of the catalog, under its whole path.
func (c *Catalog) exampleOf(k Container, s *premix.Sample) {
	if c.Example.Name != "" || s.Fault != nil {
		return
	}
	c.Example = premix.Sample{Name: blob.Below(k.URI, strings.TrimPrefix(s.Name, k.below(""))), Label: s.Label, Class: s.Class}
}

// unused notes folders that are not used.
func (d *discovery) unused(list []tree.Unused) {
	for _, u := range list {
		what := printable.Count(int64(u.Images), "image")
		if u.Images == 0 {
			what = printable.Count(int64(u.Files), "file") + ", no image"
		}
		d.Unused = append(d.Unused, fmt.Sprintf("%s (%s)", below(d.in.Name, u.Path), what))
	}
}

// Doubtful is the refusal of an input: a line of what was understood, and all its doubts; nil if it has none.
func (c *Catalog) Doubtful() error {
	if len(c.Doubts) == 0 {
		return nil
	}
	lines := []string{"the classes of the input are in doubt, and premix does not guess; nothing was written. Understood: " + strings.Join(c.Understood(), "; ")}
	return &UsageError{strings.Join(append(lines, DoubtLines(c.Doubts)...), "\n"), true}
}

// DoubtLines are the lines of doubts, numbered if they are several.
func DoubtLines(doubts []tree.Doubt) (lines []string) {
	for i, d := range doubts {
		for k, line := range d.Lines() {
			switch {
			case k == 0 && len(doubts) == 1:
				line = "In doubt: " + line
			case k == 0:
				line = fmt.Sprintf("Doubt %d: %s", i+1, line)
			}
			lines = append(lines, line)
		}
	}
	return lines
}
