package labels

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// knownKey is the column of classes of a list that is distributed with a data set; empty for others.
func knownKey(name string) string {
	if base := path.Base(name); strings.HasPrefix(base, "GT-") && strings.HasSuffix(base, ".csv") {
		return "ClassId" // GTSRB
	}
	return ""
}

// States reports whether a list has a column that is called as classes are, or key. It is true for a list
// that cannot be read, so that the reader says why.
func States(name, key string, data []byte) bool {
	if path.Base(name) == "val_annotations.txt" {
		return true
	}
	for _, s := range separators(data) {
		t, err := Parse(data, s)
		if err != nil {
			return true
		}
		header := t.Header
		if header == nil && len(t.Rows) > 0 {
			header = t.Rows[0]
		}
		if slices.ContainsFunc(header, func(h string) bool { return isLabelName(h, Question{Name: name, Key: key}) }) {
			return true
		}
	}
	return false
}

// labelColumn finds the column of classes: the one that is asked for, else label or class, else the only
// other one; in lists separated by spaces the second one.
func (t *Table) labelColumn(q Question, header []string, width int, c Columns) (int, error) {
	if q.Key != "" {
		return keyColumn(q.Key, header, c)
	}
	if path.Base(q.Name) == "val_annotations.txt" && header == nil && width > 1 { // Tiny ImageNet
		return 1, nil
	}
	for _, want := range []string{knownKey(q.Name), "label", "class"} {
		if i := slices.IndexFunc(header, func(h string) bool { return want != "" && strings.EqualFold(h, want) }); i >= 0 && i != c.Image {
			return i, nil
		}
	}
	var others []int // that have a name, or all where none has
	for k := range width {
		if k != c.Image && (header == nil || k < len(header) && header[k] != "" && !strings.HasPrefix(header[k], "Unnamed:")) {
			others = append(others, k)
		}
	}
	switch {
	case q.Found:
		return 0, fmt.Errorf("it has no column label or class; --label-key can be one of %s", strings.Join(otherNames(header, c), ", "))
	case t.words && c.Image == 0:
		return 1, nil
	case t.words && header == nil: // as images.txt of CUB-200, whose first column numbers the images
		return 0, fmt.Errorf("column %d names the images, and in a list separated by spaces the class follows the image: write the list as CSV, with image and class", c.Image+1)
	case len(others) == 1:
		return others[0], nil
	case header == nil:
		return 0, fmt.Errorf("it has %d columns and no line with their names: which one is the class? keep the columns of images and classes only", width)
	}
	return 0, fmt.Errorf("which column is the class? --label-key can be one of %s", strings.Join(otherNames(header, c), ", "))
}

// keyColumn is the column of a name.
func keyColumn(key string, header []string, c Columns) (int, error) {
	if header == nil {
		return 0, fmt.Errorf("--label-key %s: the list has no line with the names of its columns", key)
	}
	i := slices.Index(header, key)
	switch {
	case i < 0:
		return 0, fmt.Errorf("--label-key %s: no such column; it can be one of %s", key, strings.Join(otherNames(header, c), ", "))
	case slices.Contains(header[i+1:], key):
		return 0, fmt.Errorf("--label-key %s: two columns have this name: rename one of them", key)
	case i == c.Image:
		return 0, fmt.Errorf("--label-key %s: this column names the images; it can be one of %s", key, strings.Join(otherNames(header, c), ", "))
	}
	return i, nil
}

// otherNames are the names of the columns but that of images.
func otherNames(header []string, c Columns) []string {
	var names []string
	for k, h := range header {
		if k != c.Image && h != "" {
			names = append(names, h)
		}
	}
	return names
}
