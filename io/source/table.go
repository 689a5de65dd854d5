package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/labels"
	"github.com/premix/premix/io/source/tree"
)

// listTable is the kind of a list that is a table of images and classes.
const listTable = "table"

// MaxList bounds a list of images and classes, in bytes.
const MaxList = 256 << 20

// tableList makes a list of the contents of a table whose columns are known.
func tableList(files labelFiles, data []byte) (*labelList, error) {
	t, err := labels.Parse(data, files.Columns.Separator)
	if err != nil {
		return nil, err
	}
	list, err := t.List(files.Columns)
	if err != nil {
		return nil, err
	}
	return &labelList{table: list, offset: files.Offset, prefix: files.Prefix, classes: list.Classes()}, nil
}

// rowOf is the row of a file, and of another row that names it as well; both may be −1. A file without an
// image's name is only found by its whole name: a.txt may lie beside a.jpg.
func rowOf(list *labels.List, file string) (row, other int) {
	row, other = list.Find(file)
	if row >= 0 && !imageName(file) && !list.Whole(row, file) {
		return -1, -1
	}
	return row, other
}

// tableLabel gives an entry its label of the table. An image that the table lacks is a side file, and a
// side file that the table has is an image that cannot be read.
func (l *labelList) tableLabel(e Entry, name string) Entry {
	row, _ := rowOf(l.table, below(l.prefix, name))
	switch {
	case row < 0:
		return Entry{Sample: e.Sample, Ignored: true}
	case e.Ignored && !junkPath(name):
		return failf(e.Sample, premix.StageScan, premix.Unsupported, "the list of labels has it, and neither its name nor its bytes are those of an image")
	case e.Ignored || e.Sample.Fault != nil:
		return e
	}
	x := label{l.table.Label(row).Index, l.table.Label(row).Class}
	if x.index < 0 && x.class == "" {
		return failf(e.Sample, premix.StageLabel, premix.NoLabel, "line %d of the list of labels has no class for it", l.table.Line(row))
	}
	if err := x.shift(l.offset); err != nil {
		return fail(e.Sample, premix.StageLabel, err)
	}
	e.Sample.Label, e.Sample.Class = x.index, x.class
	return e
}

// A listed input is images whose classes are in a table.
type listed struct {
	uri   string // of the table
	given bool   // by --labels
	base  string // the folder that the images are in
	// prefix is the path of base below the folder of the table, or else below the input: so train/1.jpg of
	// the table is not taken for 1.jpg in the folder test.
	prefix string
	images []tabled
	// others are images beside the base, which the table may name too.
	others []string

	list   *labels.List
	digest premix.Digest       // of the table
	rows   []string            // the image of each row, as found; empty if it is missing
	name   func(string) string // of what lies at a path of the table
}

// A tabled image is one of a listed input.
type tabled struct {
	path string // below the folder or in the tar
	tar  string // the name of the tar; or empty
}

func (t tabled) String() string { return below(t.tar, t.path) }

// errorf is a mistake in the table.
func (l *listed) errorf(format string, args ...any) error {
	if l.given {
		return usagef("--labels %s: %s", l.uri, fmt.Sprintf(format, args...))
	}
	return usagef("%s, the list of labels next to the images: %s", l.uri, fmt.Sprintf(format, args...))
}

func (l *listed) paths() []string {
	paths := make([]string, len(l.images))
	for i, image := range l.images {
		paths[i] = image.path
	}
	return paths
}

// load reads the table and chooses its columns.
func (l *listed) load(ctx context.Context, o Options) (labelFiles, error) {
	if rel, ok := blob.Rel(blob.Dir(l.uri), l.base); ok {
		l.prefix = escape(rel)
	}
	files := labelFiles{Kind: listTable, Files: []string{l.uri}}
	if o.LabelOffset != nil {
		files.Offset = *o.LabelOffset
	}
	data, err := blob.ReadAll(ctx, l.uri, MaxList)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return files, l.errorf("no such file")
	case errors.Is(err, blob.ErrLimit):
		return files, l.errorf("it has more than %d bytes, so it is not a list of images and classes, or you must split it, one list for each input", int64(MaxList))
	}
	if err != nil {
		return files, fmt.Errorf("source: %w", err)
	}
	t, columns, err := labels.Open(data, labels.Question{
		Name: blob.Base(l.uri), Key: o.LabelKey, Has: labels.Names(l.paths()), Found: !l.given,
	})
	if err != nil {
		return files, l.errorf("%v", err)
	}
	files.Columns, l.digest = columns, DigestOf(data)
	if l.list, err = t.List(columns); err != nil {
		return files, l.errorf("%v", err)
	}
	return files, nil
}

// match finds the image of each row, and says which images the table lacks. A row that fits two images,
// or an image that fits two rows, is a mistake of the user's.
func (l *listed) match(ctx context.Context, d *discovery) error {
	if alien, err := l.alien(ctx); err != nil {
		return err
	} else if alien || l.alike() {
		l.prefix = ""
	}
	l.rows = make([]string, l.list.Len())
	var lacking []tabled
	found := 0
	// Files with images' names come first: a row without an extension is meant for one of them.
	slices.SortStableFunc(l.images, func(a, b tabled) int {
		switch is := imageName(a.path); {
		case is == imageName(b.path):
			return 0
		case is:
			return -1
		}
		return 1
	})
	for _, image := range l.images {
		row, other := rowOf(l.list, below(l.prefix, image.path))
		switch {
		case row < 0 && imageName(image.path):
			lacking = append(lacking, image)
		case row < 0:
		case other >= 0:
			return l.errorf("lines %d and %d (%s and %s) both name %s: keep one of them", l.list.Line(row), l.list.Line(other), l.list.Name(row), l.list.Name(other), image)
		case l.rows[row] != "":
			return l.errorf("line %d: %s can be %s or %s: write the path of each image below the input", l.list.Line(row), l.list.Name(row), l.rows[row], image)
		case l.otherSplit(row, image) != "":
			return l.errorf("line %d: %s is of the split %s, and %s is not: give the list of the split that the input is",
				l.list.Line(row), l.list.Name(row), l.otherSplit(row, image), path.Join(path.Base(l.base), image.path))
		default:
			l.rows[row] = image.String()
			found++
		}
	}
	if found == 0 {
		return l.errorf("no row fits an image of the input: line %d names %s, and the first image is %s", l.list.Line(0), l.list.Name(0), below(l.prefix, l.images[0].path))
	}
	for _, w := range l.list.Warnings {
		d.Warnings = append(d.Warnings, blob.Base(l.uri)+": "+w)
	}
	if n := len(lacking); n > 0 {
		d.Warnings = append(d.Warnings, fmt.Sprintf("images that are not in %s, and are not used: %d, as %s", blob.Base(l.uri), n, lacking[0]))
	}
	return nil
}

// otherSplit is the split that the folders of a row name, if those of the image name another one: files of
// two splits are often called alike.
func (l *listed) otherSplit(row int, image tabled) string {
	theirs := splitAbove(l.list.Name(row))
	if theirs == "" {
		return ""
	}
	ours := splitAbove(path.Join(path.Base(l.base), l.prefix, image.path))
	if ours == "" || ours == theirs {
		return ""
	}
	return theirs
}

// splitAbove is the split that the folders of a path name, the last one if there are several; or empty.
func splitAbove(name string) string {
	for dir := parent(name); dir != ""; dir = parent(dir) {
		if split := tree.Split(path.Base(dir)); split != "" {
			return split
		}
	}
	return ""
}

// alike reports whether the prefix changes nothing. Then it is left out, so that the images are the same
// wherever the table lies.
func (l *listed) alike() bool {
	for _, image := range l.images {
		with, two := rowOf(l.list, below(l.prefix, image.path))
		if without, more := rowOf(l.list, image.path); with != without || two != more {
			return false
		}
	}
	return true
}

// alien reports whether the folders in the table are of another place, so that those of the input say
// nothing: no image fits by them, and none of the table's folders lies beside the images.
func (l *listed) alien(ctx context.Context) (bool, error) {
	for _, image := range l.images {
		if row, _ := rowOf(l.list, below(l.prefix, image.path)); row >= 0 {
			return false, nil
		}
	}
	for _, image := range l.others {
		if row, _ := rowOf(l.list, image); row >= 0 {
			return false, nil
		}
	}
	files, err := l.beside(ctx, make([]bool, l.list.Len()))
	return len(files) == 0, err
}

// take makes the table the list of an input.
func (l *listed) take(ctx context.Context, name func(string) string, o Options, d *discovery) (labelFiles, error) {
	files, err := l.load(ctx, o)
	if err != nil {
		return files, err
	}
	if err := l.match(ctx, d); err != nil {
		return files, err
	}
	files.Prefix = l.prefix
	files.Hash = files.hash(l.digest)
	l.name = name
	d.listed, d.byName, d.Classes = l, !l.list.Numbers, l.list.Classes()
	d.Notes = append(d.Notes, "classes are those of "+l.uri)
	l.example(files, d)
	return files, nil
}

// example makes the first row that has an image the example of the input.
func (l *listed) example(files labelFiles, d *discovery) {
	i := slices.IndexFunc(l.rows, func(image string) bool { return image != "" })
	if i < 0 {
		return
	}
	x := label{l.list.Label(i).Index, l.list.Label(i).Class}
	if x.shift(files.Offset) == nil {
		d.Example = premix.Sample{Name: blob.Below(l.base, l.rows[i]), Label: x.index, Class: x.class}
	}
}

// missingImages makes failures of the images that tables have and no input does. A table that several
// inputs share may have a part of its images in each.
func missingImages(ctx context.Context, found []*discovery, all *Catalog) error {
	done := map[string]bool{}
	for _, d := range found {
		l := d.listed
		if l == nil || done[l.uri] {
			continue
		}
		done[l.uri] = true
		there := make([]bool, l.list.Len())
		var others, away []string
		for _, e := range found {
			if e.listed == nil || e.listed.uri != l.uri {
				continue
			}
			others = append(others, e.listed.others...)
			for row, image := range e.listed.rows[:min(len(e.listed.rows), len(there))] {
				there[row] = there[row] || image != ""
			}
		}
		for _, image := range others {
			if row, _ := rowOf(l.list, image); row >= 0 && !there[row] {
				there[row] = true
				away = append(away, l.list.Name(row))
			}
		}
		if err := l.lacks(ctx, there, away, all); err != nil {
			return err
		}
	}
	return nil
}

// lacks makes failures of the images of the table that are not there; away are those that lie beside the
// input, as the images of other splits do.
func (l *listed) lacks(ctx context.Context, there []bool, away []string, all *Catalog) error {
	beside, err := l.beside(ctx, there)
	if err != nil {
		return err
	}
	for row, is := range there {
		switch name := l.list.Name(row); {
		case is:
		case beside[name]:
			away = append(away, name)
		default:
			all.fail(escape(l.name(name)), premix.StageScan, premix.Unsupported, "the image is missing: "+blob.Base(l.uri)+" lists it")
		}
	}
	if len(away) > 0 {
		all.Notes = append(all.Notes, fmt.Sprintf("not used: %s that %s lists outside the input, such as %s", printable.Count(int64(len(away)), "image"), blob.Base(l.uri), away[0]))
	}
	return nil
}

// beside are the images of rows without one that lie in folders beside that of the input, below the
// folder of the table.
func (l *listed) beside(ctx context.Context, there []bool) (map[string]bool, error) {
	dir := blob.Dir(l.uri)
	if _, inside := blob.Rel(dir, l.base); !inside {
		return nil, nil
	}
	ours, _, _ := strings.Cut(l.prefix, "/")
	wanted := map[string]bool{} // first folders of rows
	for row, is := range there {
		if first, _, ok := strings.Cut(l.list.Name(row), "/"); ok && !is && first != ours {
			wanted[first] = true
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	names, err := blob.Names(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	files := map[string]bool{}
	for _, n := range names {
		if !n.Dir || !wanted[n.Base] {
			continue
		}
		for f, err := range blob.Walk(ctx, blob.Join(dir, n.Base)) {
			if err != nil {
				return nil, fmt.Errorf("source: %w", err)
			}
			rel, _ := blob.Rel(dir, f.URI)
			files[escape(rel)] = true
		}
	}
	return files, nil
}
