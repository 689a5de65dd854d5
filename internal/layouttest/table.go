// Package layouttest has the layouts in which image data sets are published, as small fixtures, and what
// is right for each: the classes, the number of images, or the reason to refuse it.
//
// A table is a text of blocks, parted by empty lines. The first lines of a block say what there is,
// one thing a line; braces in a path are each of several, {a,b} or {01..12}:
//
//	dir PATH N [.EXT]              N images in each of the folders, named after it
//	image PATH                     images of these names
//	file PATH [TEXT]               files that are no images
//	empty PATH                     folders without anything
//	link PATH TO                   a symbolic link
//	tar PATH                       a tar with what the lines behind say that begin with a tab
//	zip PATH                       a zip archive likewise
//	wds PATH KEY EXT LABEL…        a tar of samples; KEY is cls, or the key in their JSON; text:KEY makes texts
//	records PATH FEATURE LABEL…    a TFRecord file; text:FEATURE as above
//	parquet PATH N IMAGE COLUMN…   N rows; a COLUMN is NAME=CLASS|CLASS (a ClassLabel) or NAME:VALUE,VALUE
//	list PATH NAME=TEXT,TEXT…      a Parquet file of texts
//
// Lines that begin with > are [Row]s, with tabs between the fields.
package layouttest

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

//go:embed tables
var tables embed.FS

// A Layout is one block of a table.
type Layout struct {
	lines []string
	Rows  []Row
}

// A Row is one run over a layout, and what is right for it.
type Row struct {
	Layout *Layout
	Path   string // what --in names, below the folder of the fixture; or hf:…
	Flags  string // the other flags; paths in them are relative to that folder
	// Outcome is ok: used, and the words that begin with ! are not said; warn: used, and the words are
	// said; refused: exit code 2, and the words are said. With "gate " before it, the words are known
	// only when all labels are.
	Outcome string
	Gate    bool
	Classes int      // lines of the class list
	First   []string // its first lines
	Images  int      // good images
	Words   []string // regular expressions, each of which matches what is said; with ! before it must not
	// Example has pairs: an image whose name contains the first text is of the class that the second says.
	Example [][2]string
	// Not has the other places for the layout where the row does not hold: tar; zip; store;
	// or peeked, a tar of which only the beginning is looked at.
	Not []string
}

// Tables are the names of the tables.
func Tables() []string { return []string{"published", "more", "shards", "numbers"} }

// Load reads a table.
func Load(t testing.TB, name string) []*Layout {
	t.Helper()
	text, err := tables.ReadFile("tables/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []*Layout
	for block := range strings.SplitSeq(string(text), "\n\n") {
		l := &Layout{}
		for line := range strings.SplitSeq(strings.Trim(block, "\n"), "\n") {
			fields, isRow := strings.CutPrefix(line, ">\t")
			switch {
			case line == "" || line[0] == '#':
			case isRow:
				r, err := parseRow(fields)
				if err != nil {
					t.Fatalf("%s: %q: %v", name, line, err)
				}
				r.Layout = l
				l.Rows = append(l.Rows, r)
			default:
				l.lines = append(l.lines, line)
			}
		}
		if len(l.lines) == 0 {
			continue
		}
		if len(l.Rows) == 0 {
			t.Fatalf("%s: no row after %q", name, l.lines[0])
		}
		all = append(all, l)
	}
	return all
}

func parseRow(text string) (Row, error) {
	f := append(strings.Split(text, "\t"), make([]string, 9)...)
	r := Row{Path: f[0], Flags: f[1]}
	r.Outcome, r.Gate = strings.CutPrefix(f[2], "gate ")
	var err error
	switch r.Outcome {
	case "ok", "warn":
		if r.Classes, err = strconv.Atoi(f[3]); err != nil {
			return r, err
		}
		if r.Images, err = strconv.Atoi(f[5]); err != nil {
			return r, err
		}
	case "refused":
	default:
		return r, fmt.Errorf("unknown outcome %q", f[2])
	}
	if f[4] != "" {
		r.First = strings.Split(f[4], "|")
	}
	if f[6] != "" {
		r.Words = strings.Split(f[6], " & ")
	}
	for part := range strings.SplitSeq(f[7], ";") {
		if file, class, ok := strings.Cut(part, "="); ok {
			r.Example = append(r.Example, [2]string{file, class})
		}
	}
	r.Not = strings.Fields(f[8])
	if r.Outcome != "ok" && len(r.Words) == 0 {
		return r, fmt.Errorf("no words")
	}
	return r, nil
}

// Named reports whether the flags of a row name a file.
func (l *Layout) Named(path string) bool {
	return slices.ContainsFunc(l.Rows, func(r Row) bool { return slices.Contains(strings.Fields(r.Flags), path) })
}

func (r Row) String() string { return strings.TrimSpace(r.Path + " " + r.Flags) }

// Unlike returns the first of the row's words that what was said does not match; empty if it matches all.
// The name of the input is taken out of the text before.
func (r Row) Unlike(text, input string) string {
	text = strings.ReplaceAll(text, input, "IN")
	for _, w := range r.Words {
		pattern, not := strings.CutPrefix(w, "!")
		if regexp.MustCompile(pattern).MatchString(text) == not {
			return w
		}
	}
	return ""
}
