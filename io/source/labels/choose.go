package labels

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Columns say where a table has the names of images and their classes.
type Columns struct {
	Separator    rune // of a list that is neither JSON nor Parquet
	Image, Label int
	// Skip is how many rows at the beginning hold no image: a count, and the names of columns.
	Skip int
	// Rest says that the class is everything from the column Label on, as words.
	Rest bool
}

// A Question is what a list is asked.
type Question struct {
	Name string                 // of the file: some lists are known by it
	Key  string                 // the column of classes; empty: it is found
	Has  func(text string) bool // reports whether a text names one of the images
	// Found says that the list was found beside the images, and not named by the user: then only a
	// column that is called as classes are is believed.
	Found bool
}

// Open reads a list and finds its columns. Each separator of its first line is tried: the one is right
// by which a column names the most images. An error says what the user has to choose.
func Open(data []byte, q Question) (*Table, Columns, error) {
	var best *Table
	var columns Columns
	var problem error
	most := -1
	for _, s := range separators(data) {
		t, err := Parse(data, s)
		if err != nil {
			if best == nil && problem == nil {
				problem = err
			}
			continue
		}
		c, hits, err := t.choose(q)
		if c.Separator = s; hits > most {
			best, columns, problem, most = t, c, err, hits
		}
	}
	return best, columns, problem
}

// choose finds the columns, and how many images the column of images names.
func (t *Table) choose(q Question) (c Columns, hits int, err error) {
	if len(t.Rows) == 0 {
		return c, 0, fmt.Errorf("it is empty")
	}
	if t.counted() {
		c.Skip = 1
	}
	width := 0
	for _, row := range t.Rows[c.Skip:] {
		width = max(width, len(row))
	}
	if width < 2 {
		return c, 0, fmt.Errorf("it has one column: a list has the names of images and their classes")
	}
	rows := t.Rows[c.Skip:]
	named := namedIn(rows, len(rows)/asked+1, width, q.Has)
	if slices.Max(named) == 0 {
		named = namedIn(rows, 1, width, q.Has) // the images may be few
	}
	c.Image, hits, err = t.imageColumn(named, c.Skip, q)
	if err != nil {
		return c, hits, err
	}
	header, first := t.Header, len(rows[0])
	if header == nil && t.headed(c, q) {
		if header = rows[0]; t.words && !isImageName(header[0]) && len(rows) > 1 && len(rows[1]) == len(header)+1 {
			header = append([]string{""}, header...) // the column of images has no name
		}
		c.Skip, first = c.Skip+1, len(header)
	}
	if header == nil {
		header = t.commented(width)
	}
	if c.Label, err = t.labelColumn(q, header, width, c); err != nil {
		return c, hits, err
	}
	c.Rest = t.words && c.Label == c.Image+1 && slices.ContainsFunc(t.Rows[c.Skip:], func(row []string) bool { return len(row) != first })
	return c, hits, nil
}

// counted reports whether the first row is the number of those behind it, with or without the names of
// columns, as in the lists of CelebA and DeepFashion.
func (t *Table) counted() bool {
	if len(t.Rows) < 2 || len(t.Rows[0]) != 1 {
		return false
	}
	n, err := strconv.Atoi(t.Rows[0][0])
	return err == nil && (n == len(t.Rows)-1 || n == len(t.Rows)-2)
}

// asked is in about how many rows the column of images is looked for.
const asked = 10_000

// namedIn is how many images each column names in every so manieth row, each counted once: classes that
// are numbers may be called as some images are, but they are few.
func namedIn(rows [][]string, step, width int, has func(string) bool) []int {
	named := make([]int, width)
	for k := range named {
		seen := map[string]bool{}
		for i := 0; i < len(rows); i += step {
			if row := rows[i]; k < len(row) && row[k] != "" && !seen[row[k]] && has(row[k]) {
				seen[row[k]] = true
			}
		}
		named[k] = len(seen)
	}
	return named
}

// imageNames are how columns of images are called.
var imageNames = []string{"image", "filename", "file_name", "image_name", "image_id", "imageid", "image_path", "path", "file", "img", "id"}

func isImageName(header string) bool { return slices.Contains(imageNames, strings.ToLower(header)) }

// imageColumn is the column that names the most images, and how many it names. Where two name as many,
// one whose texts have extensions is taken, or one that is called as columns of images are.
func (t *Table) imageColumn(named []int, skip int, q Question) (column, hits int, err error) {
	hits = slices.Max(named)
	if hits == 0 {
		return 0, 0, fmt.Errorf("no column names the images of the input; the first row has %s", strings.Join(t.Rows[skip][:min(len(t.Rows[skip]), 6)], ", "))
	}
	header := t.Header
	if header == nil {
		header = t.Rows[skip]
	}
	var best []int
	score := func(k int) int {
		n := 0
		if row := t.Rows[len(t.Rows)-1]; k < len(row) && path.Ext(row[k]) != "" {
			n += 2
		}
		if k < len(header) && isImageName(header[k]) {
			n++
		}
		if k < len(header) && (header[k] == "" || strings.HasPrefix(header[k], "Unnamed:") || isLabelName(header[k], q)) {
			n -= 4 // the index that pandas writes, and classes
		}
		return n
	}
	for k, n := range named {
		switch {
		case n < hits:
		case len(best) > 0 && score(k) == score(best[0]):
			best = append(best, k)
		case len(best) == 0 || score(k) > score(best[0]):
			best = []int{k}
		}
	}
	if len(best) > 1 {
		return 0, hits, fmt.Errorf("the columns %d and %d both name images: keep one of them, and one of classes", best[0]+1, best[1]+1)
	}
	return best[0], hits, nil
}

func isLabelName(name string, q Question) bool {
	return name != "" && (name == q.Key || strings.EqualFold(name, "label") || strings.EqualFold(name, "class") || name == knownKey(q.Name))
}

// headed reports whether the first row names columns: it names no image, and either one of its texts is
// the name of a column, or none of the others is found in its column again, as classes are.
func (t *Table) headed(c Columns, q Question) bool {
	row := t.Rows[c.Skip]
	if c.Image >= len(row) || q.Has(row[c.Image]) {
		return false
	}
	if slices.ContainsFunc(row, func(s string) bool { return isLabelName(s, q) }) || isImageName(row[c.Image]) {
		return true
	}
	if path.Ext(row[c.Image]) != "" {
		return false
	}
	for _, other := range t.Rows[c.Skip+1:] {
		for k, text := range row {
			if k != c.Image && k < len(other) && other[k] == text {
				return false
			}
		}
	}
	return true
}

// commented is the comment that names the columns, as in the lists of Oxford-IIIT Pet; nil if none does.
func (t *Table) commented(width int) []string {
	for _, c := range t.comments {
		if len(c) >= width && isImageName(c[0]) {
			return c[:width]
		}
	}
	return nil
}
