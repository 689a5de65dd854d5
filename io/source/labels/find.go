package labels

import (
	"path"
	"strings"
)

// add adds a row.
func (l *List) add(name string, line int) {
	row := int32(len(l.names))
	l.names, l.lines = append(l.names, name), append(l.lines, line)
	b := path.Base(name)
	for i, key := range [2]string{b, stem(b)} {
		l.next = append(l.next, -1)
		if i == 1 && key == b {
			continue
		}
		if head, ok := l.heads[key]; ok {
			l.next[len(l.next)-1] = head
		}
		l.heads[key] = 2*row + int32(i)
	}
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
	b := path.Base(image)
	for i, key := range [2]string{b, stem(b)} {
		if i == 1 && key == b {
			break
		}
		at, ok := l.heads[key]
		for ok && at >= 0 {
			k := int(at / 2)
			at = l.next[at]
			f, fits := compare(l.names[k], image)
			switch {
			case !fits || k == row || k == other:
			case row < 0 || f.better(best):
				row, other, best = k, -1, f
			case !best.better(f):
				other = k
			}
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
