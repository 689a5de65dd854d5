package labels

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Label is what a list says of an image: the number of a class, or −1 and its name.
type Label struct {
	Index int
	Class string
}

// A List gives images their labels.
type List struct {
	byName map[string]int // rows by the name as it is in the list, cleaned
	byBase map[string]int // and by its last part; −1 for one that several names end in
	names  []string
	labels []Label
	// Numbers says that all labels are numbers.
	Numbers bool
}

// List makes a list of a table. Labels are numbers if all of them are decimal numbers without leading
// zeros. An image that is listed twice must have one label.
func (t *Table) List(c Columns) (*List, error) {
	rows := t.Rows
	if c.Header {
		rows = rows[1:]
	}
	l := &List{byName: make(map[string]int, len(rows)), byBase: map[string]int{}, Numbers: true}
	var texts []string
	for i, row := range rows {
		line := i + 1
		if c.Header {
			line++
		}
		if c.Image >= len(row) || c.Label >= len(row) || row[c.Image] == "" {
			return nil, fmt.Errorf("row %d lacks a column", line)
		}
		name, text := clean(row[c.Image]), row[c.Label]
		if c.Rest {
			text = strings.Join(row[c.Label:], " ")
		}
		if text == "" {
			return nil, fmt.Errorf("row %d: %s has no class", line, name)
		}
		if other, twice := l.byName[name]; twice {
			if texts[other] != text {
				return nil, fmt.Errorf("row %d: %s is of class %s, and of class %s in another row", line, name, text, texts[other])
			}
			continue
		}
		l.byName[name] = len(texts)
		if base := path.Base(name); base != name {
			if _, twice := l.byBase[base]; twice {
				l.byBase[base] = -1
			} else {
				l.byBase[base] = len(texts)
			}
		}
		l.names, texts = append(l.names, name), append(texts, text)
		l.Numbers = l.Numbers && number(text)
	}
	for _, text := range texts {
		label := Label{-1, text}
		if l.Numbers {
			n, _ := strconv.Atoi(text)
			label = Label{Index: n}
		}
		l.labels = append(l.labels, label)
	}
	return l, nil
}

func clean(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// number reports whether a text is the number of a class as programs write it.
func number(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && strconv.Itoa(n) == text
}

// Len is the number of images in the list.
func (l *List) Len() int          { return len(l.names) }
func (l *List) Name(i int) string { return l.names[i] }

// Classes are the names of the list's classes, sorted bytewise; nil if they are numbers.
func (l *List) Classes() []string {
	if l.Numbers {
		return nil
	}
	var all []string
	for _, x := range l.labels {
		all = append(all, x.Class)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Find returns the row of an image by its path: under this name, without folders, without the
// extension, or without both; the list's names may have folders that the path lacks. It is −1 if the
// list does not have the image.
func (l *List) Find(image string) int {
	stem := strings.TrimSuffix(image, path.Ext(image))
	names := []string{image, stem, path.Base(image), path.Base(stem)}
	for _, name := range names {
		if i, ok := l.byName[name]; ok {
			return i
		}
	}
	for _, name := range names[2:] {
		if i, ok := l.byBase[name]; ok {
			return i
		}
	}
	return -1
}

// Label is the label of a row.
func (l *List) Label(row int) Label { return l.labels[row] }

// Names returns what reports whether a text names one of the images, as Choose needs it.
func Names(images []string) func(string) bool {
	known := make(map[string]bool, 4*len(images))
	for _, image := range images {
		stem := strings.TrimSuffix(image, path.Ext(image))
		for _, name := range []string{image, stem, path.Base(image), path.Base(stem)} {
			known[name] = true
		}
	}
	return func(text string) bool { return known[clean(text)] || known[path.Base(clean(text))] }
}
