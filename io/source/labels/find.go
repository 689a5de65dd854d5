package labels

import (
	"path"
	"strings"
)

// An index finds rows by a key.
type index struct {
	heads map[string]int32
	next  []int32 // of each row, the row before it with the same key; or −1
}

func newIndex(rows int) *index { return &index{heads: make(map[string]int32, rows)} }

// add adds the rows up to row, which is the only one with a key.
func (x *index) add(key string, row int) {
	for len(x.next) <= row {
		x.next = append(x.next, -1)
	}
	if head, ok := x.heads[key]; ok {
		x.next[row] = head
	}
	x.heads[key] = int32(row)
}

// visit calls f for each row of a key.
func (x *index) visit(key string, f func(row int)) {
	at, ok := x.heads[key]
	for ok && at >= 0 {
		f(int(at))
		at = x.next[at]
	}
}

// add adds a row.
func (l *List) add(name string, line int) {
	row := len(l.names)
	l.names, l.lines = append(l.names, name), append(l.lines, line)
	l.whole.add(folded(name), row)
	l.deepest = max(l.deepest, strings.Count(name, "/"))
}

// folded is a path with its extension in small letters.
func folded(name string) string {
	ext := path.Ext(name)
	if lower := strings.ToLower(ext); lower != ext {
		return name[:len(name)-len(ext)] + lower
	}
	return name
}

// below is the index of rows with more folders than depth, by the last depth ones of them. It is made when it
// is first asked for: images mostly lie equally deep.
func (l *List) below(depth int) *index {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x := l.deeper[depth]; x != nil {
		return x
	}
	x := newIndex(0)
	for row, name := range l.names {
		if tail := lastParts(name, depth+1); tail != name {
			x.add(folded(tail), row)
		}
	}
	if l.deeper == nil {
		l.deeper = map[int]*index{}
	}
	l.deeper[depth] = x
	return x
}

// lastParts is the end of a path that has so many parts.
func lastParts(name string, parts int) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			if parts--; parts == 0 {
				return name[i+1:]
			}
		}
	}
	return name
}

func stem(base string) string { return strings.TrimSuffix(base, path.Ext(base)) }

// A fit says how well a row names an image; more is better.
type fit struct {
	folders int // that both names have
	ending  int // 2: the same extension, 1: in another case, 0: the row has none
	excess  int // less the folders that one of the names has
}

func (a fit) better(b fit) bool {
	switch {
	case a.folders != b.folders:
		return a.folders > b.folders
	case a.ending != b.ending:
		return a.ending > b.ending
	}
	return a.excess > b.excess
}

// Find returns the row of an image by its path: the row that has the same name, or the same without some
// of the folders at the beginning of either, or without the extension. Where two rows name the image
// equally well, other is the second; otherwise it is −1. Both are −1 if the list does not have the image.
func (l *List) Find(image string) (row, other int) {
	image = clean(image)
	row, other = -1, -1
	var best fit
	consider := func(k int) {
		f, fits := compare(l.names[k], image)
		switch {
		case !fits || k == row || k == other:
		case row < 0 || f.better(best):
			row, other, best = k, -1, f
		case !best.better(f):
			other = k
		}
	}
	depth := strings.Count(image, "/")
	for i, key := range [2]string{folded(image), folded(stem(image))} {
		if i == 1 && key == folded(image) {
			break
		}
		if depth < l.deepest {
			l.below(depth).visit(key, consider)
		}
		for parts := depth + 1; parts > 0; parts-- {
			l.whole.visit(lastParts(key, parts), consider)
		}
	}
	if other >= 0 && other < row {
		return other, row
	}
	return row, other
}

// Whole reports whether a row has the whole name of a file, with its extension.
func (l *List) Whole(row int, file string) bool { return path.Base(l.names[row]) == base(file) }

// compare says how well a row names an image, if it does.
func compare(row, image string) (f fit, fits bool) {
	rowDir, rowBase := path.Split(row)
	imageDir, imageBase := path.Split(image)
	switch {
	case rowBase == imageBase:
		f.ending = 2
	case stem(rowBase) == stem(imageBase) && strings.EqualFold(path.Ext(rowBase), path.Ext(imageBase)):
		f.ending = 1
	case rowBase != stem(imageBase):
		return f, false
	}
	short, long := rowDir, imageDir
	if len(short) > len(long) {
		short, long = long, short
	}
	if !strings.HasSuffix("/"+long, "/"+short) {
		return f, false
	}
	f.folders = strings.Count(short, "/")
	f.excess = -(strings.Count(long, "/") - f.folders)
	return f, true
}

// Names returns what reports whether a text names one of the images, as a [Question] has it.
func Names(images []string) func(string) bool {
	known := make(map[string]bool, 2*len(images))
	for _, image := range images {
		b := base(image)
		known[b], known[stem(b)] = true, true
	}
	return func(text string) bool {
		b := base(text)
		return b != "/" && b != "." && (known[b] || isExtension(path.Ext(b)) && known[stem(b)])
	}
}

// isExtension reports whether the end of a name is one of a file, and not the rest of a sentence.
func isExtension(ext string) bool {
	return len(ext) > 1 && len(ext) < 8 && !strings.ContainsFunc(ext[1:], func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
