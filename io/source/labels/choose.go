package labels

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Columns say where a table has the names of images and their classes.
type Columns struct {
	Image, Label int
	// Header says that the first row holds names of columns.
	Header bool
	// Rest says that the class is everything from the column Label on, as words.
	Rest bool
}

// Choose finds the columns. The column of images is the one whose values are the most often names of
// files, for which has answers; the column of classes is the one that key names, else label or class,
// else the only other one. An error says what the user has to choose.
func (t *Table) Choose(name, key string, has func(image string) bool) (Columns, error) {
	var c Columns
	width := 0
	for _, row := range t.Rows {
		width = max(width, len(row))
	}
	if width < 2 {
		return c, fmt.Errorf("no column of classes: a list has the names of images and their classes")
	}
	hits := make([]int, width)
	for i, row := range t.Rows[:min(len(t.Rows), 10_000)] {
		for k, cell := range row {
			if has(cell) {
				hits[k]++
			}
		}
		if t.words && i > 0 && len(row) != len(t.Rows[0]) {
			c.Rest = true
		}
	}
	for k := range hits {
		if hits[k] > hits[c.Image] {
			c.Image = k
		}
	}
	if hits[c.Image] == 0 {
		return c, fmt.Errorf("no column names the images of the input")
	}
	header := t.Header
	if header == nil && t.headed(c.Image, has) {
		header, c.Header = t.Rows[0], true
	}
	var err error
	c.Label, err = t.labelColumn(name, key, header, width, c)
	return c, err
}

// headed reports whether the first row names columns: it names no image, as it would without an
// extension, or with one.
func (t *Table) headed(image int, has func(string) bool) bool {
	row := t.Rows[0]
	return image < len(row) && !has(row[image]) && path.Ext(row[image]) == ""
}

// known are columns of classes of lists that are distributed with data sets.
func known(name string) (key string, column int) {
	switch base := path.Base(name); {
	case base == "val_annotations.txt": // Tiny ImageNet
		return "", 1
	case strings.HasPrefix(base, "GT-") && strings.HasSuffix(base, ".csv"): // GTSRB
		return "ClassId", -1
	}
	return "", -1
}

func (t *Table) labelColumn(name, key string, header []string, width int, c Columns) (int, error) {
	knownKey, column := known(name)
	others := slices.DeleteFunc(slices.Clone(header), func(h string) bool { return slices.Index(header, h) == c.Image })
	switch {
	case key != "" && header == nil:
		return 0, fmt.Errorf("--label-key %s: the list has no line with the names of its columns", key)
	case key != "":
		if i := slices.Index(header, key); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("--label-key %s: no such column; it can be one of %s", key, strings.Join(others, ", "))
	case t.words:
		return c.Image + 1, nil
	case header == nil && column >= 0:
		return column, nil
	case header == nil && width == 2:
		return 1 - c.Image, nil
	case header == nil:
		return 0, fmt.Errorf("it has %d columns and no line with their names: which one is the class? keep the columns of images and classes only", width)
	}
	for _, want := range []string{knownKey, "label", "class"} {
		if i := slices.IndexFunc(header, func(h string) bool { return want != "" && strings.EqualFold(h, want) }); i >= 0 {
			return i, nil
		}
	}
	if len(header) == 2 {
		return 1 - c.Image, nil
	}
	return 0, fmt.Errorf("which column is the class? --label-key can be one of %s", strings.Join(others, ", "))
}
