package labels

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Label is what a list says of an image: the number of a class, or −1 and its name. Without either the
// list has no class for the image.
type Label struct {
	Index int
	Class string
}

// A List gives images their labels.
type List struct {
	names  []string // as they are in the list, cleaned
	lines  []int
	labels []Label
	whole  *index // of all rows, by their names
	// deeper are indexes of rows with more folders than images have, by the number of these.
	deeper  map[int]*index
	mu      sync.Mutex // of deeper
	deepest int        // the most folders of a row
	// Numbers says that all labels are numbers.
	Numbers bool
	// Warnings are what of the labels may surprise, a line each.
	Warnings []string
}

// maxIndex bounds class numbers.
const maxIndex = math.MaxInt32

// List makes a list of a table. Labels are numbers if all of them are decimal whole numbers. No image may
// be listed twice.
func (t *Table) List(c Columns) (*List, error) {
	rows, lines := t.Rows[min(c.Skip, len(t.Rows)):], t.Lines[min(c.Skip, len(t.Lines)):]
	l := &List{whole: newIndex(len(rows))}
	seen := make(map[string]int, len(rows))
	var texts []string
	for i, row := range rows {
		name, text, err := c.cells(row)
		if err != nil {
			return nil, fmt.Errorf("line %d %w", lines[i], err)
		}
		if other, twice := seen[name]; twice {
			return nil, fmt.Errorf("lines %d and %d both have the image %s, as class %s and as class %s: an image has one class; keep one of them",
				lines[other], lines[i], name, texts[other], text)
		}
		seen[name] = i
		l.add(name, lines[i])
		texts = append(texts, text)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("it names no image")
	}
	if c.Rest {
		if err := severalClasses(texts, l); err != nil {
			return nil, err
		}
	}
	l.label(texts)
	return l, nil
}

// cells are the name of the image and the class of a row.
func (c Columns) cells(row []string) (name, text string, err error) {
	if c.Image < 0 || c.Label < 0 || c.Image >= len(row) || row[c.Image] == "" {
		return "", "", fmt.Errorf("names no image in column %d", c.Image+1)
	}
	if c.Label >= len(row) {
		return "", "", fmt.Errorf("has no column %d, that of classes", c.Label+1)
	}
	name, text = clean(row[c.Image]), row[c.Label]
	if c.Rest {
		text = strings.Join(row[c.Label:], " ")
	}
	for _, s := range []string{name, text} {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return "", "", fmt.Errorf("has control characters or a line break in %q: is a quotation mark missing?", s[:min(len(s), 80)])
		}
	}
	if name == "" {
		return "", "", fmt.Errorf("names no image in column %d", c.Image+1)
	}
	return name, strings.TrimSpace(text), nil
}

// severalClasses refuses lists with several classes for one image, as DTD's joint annotations: all words
// of a class are classes of other images.
func severalClasses(texts []string, l *List) error {
	all := map[string]bool{}
	for _, text := range texts {
		all[text] = true
	}
	for i, text := range texts {
		words := strings.Fields(text)
		if len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return !all[w] }) {
			return fmt.Errorf("line %d has several classes for %s (%s), and an image has one: write the list as CSV, with the one that is meant, or with the class in quotation marks",
				l.lines[i], l.names[i], strings.Join(words, ", "))
		}
	}
	return nil
}

// label takes over the classes of all rows, as numbers or as names.
func (l *List) label(texts []string) {
	numbers, odd := 0, -1
	for i, text := range texts {
		_, ok := number(text)
		switch {
		case text == "":
		case ok:
			numbers++
		case odd < 0:
			odd = i
		}
	}
	l.Numbers = odd < 0 && numbers > 0
	if odd >= 0 && 2*numbers > len(texts) {
		l.Warnings = append(l.Warnings, fmt.Sprintf("the classes are taken as names, in the order of text, although most are numbers: line %d has the class %s", l.lines[odd], texts[odd]))
	}
	l.labels = make([]Label, len(texts))
	for i, text := range texts {
		l.labels[i] = Label{-1, text}
		if n, _ := number(text); l.Numbers && text != "" {
			l.labels[i] = Label{Index: n}
			if n < 0 {
				l.labels[i] = Label{Index: -1} // as in the lists of test splits
			}
		}
	}
}

// number is the number of a class as programs write it: 7, or 7.0 where a column of pandas has a gap.
func number(text string) (int, bool) {
	whole := text
	if i := strings.IndexByte(text, '.'); i > 0 && i < len(text)-1 && strings.Trim(text[i+1:], "0") == "" {
		whole = text[:i]
	}
	n, err := strconv.Atoi(whole)
	return n, err == nil && n >= -1 && n <= maxIndex && strconv.Itoa(n) == whole
}

// clean is a name as a path without . and .., whose folders are separated by slashes.
func clean(name string) string {
	if !strings.Contains(name, "/") {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	return norm.NFC.String(strings.TrimPrefix(path.Clean("/"+name), "/"))
}

// Len is the number of images in the list.
func (l *List) Len() int { return len(l.names) }

// Name is the name of the image of a row.
func (l *List) Name(row int) string { return l.names[row] }

// Line is the line of a row in the file.
func (l *List) Line(row int) int { return l.lines[row] }

// Label is the label of a row.
func (l *List) Label(row int) Label { return l.labels[row] }

// Classes are the names of the list's classes, sorted bytewise; nil if they are numbers.
func (l *List) Classes() []string {
	if l.Numbers {
		return nil
	}
	var all []string
	for _, x := range l.labels {
		if x.Class != "" {
			all = append(all, x.Class)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
