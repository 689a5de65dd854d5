// Package tree understands the folders of an image data set: which of them are splits, which only wrap
// others, which hold lists and no images, and which are classes.
//
// [Read] is a pure function of the names and counts in a [Folder] and of [Options]. It never opens a
// file, so a folder on disk, the keys of a store and the member names of a tar are read by the same
// rules. What the names leave in doubt is a [Doubt]: the caller refuses the input, and the user
// chooses a reading by a flag. No class is guessed.
package tree

import (
	"slices"
	"strings"
)

// A Folder is what a listing says of one folder. The zero value is an empty folder without a name.
type Folder struct {
	Name    string
	Images  int       // the files in it that are images, without those of its folders
	Files   int       // its other files
	First   string    // the name of its first image, for messages
	Folders []*Folder // in the bytewise order of their names, each name once
	// Identity is what two links to one folder have in common, as its device and inode. It is
	// empty where a folder cannot be reached in two ways.
	Identity string
	// Up says that the folder is a link to one that contains it.
	Up bool
}

// Add counts a file by its slash-separated path below f, and makes the folders that it names.
func (f *Folder) Add(path string, image bool) {
	dir, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, base = path[:i], path[i+1:]
	}
	at := f
	if dir != "" {
		at = f.Dir(dir)
	}
	if !image {
		at.Files++
		return
	}
	if at.Images == 0 || base < at.First {
		at.First = base
	}
	at.Images++
}

// Dir returns the folder at a slash-separated path below f, and makes it where it is missing.
func (f *Folder) Dir(path string) *Folder {
	at := f
	for name := range strings.SplitSeq(path, "/") {
		i, found := slices.BinarySearchFunc(at.Folders, name, func(k *Folder, name string) int { return strings.Compare(k.Name, name) })
		if !found {
			at.Folders = slices.Insert(at.Folders, i, &Folder{Name: name})
		}
		at = at.Folders[i]
	}
	return at
}

// Total is the number of images in f and in all folders below it.
func (f *Folder) Total() int {
	n := f.Images
	for _, k := range f.Folders {
		n += k.Total()
	}
	return n
}

// files is the number of files in f and below that are no images.
func (f *Folder) files() int {
	n := f.Files
	for _, k := range f.Folders {
		n += k.files()
	}
	return n
}

// withImages are the folders directly in f that hold images, at any depth.
func (f *Folder) withImages() []*Folder {
	var list []*Folder
	for _, k := range f.Folders {
		if k.Total() > 0 {
			list = append(list, k)
		}
	}
	return list
}

// Example is the path below f of its first image: that of the folder itself before those of its folders.
func (f *Folder) Example() string {
	if f.Images > 0 {
		return f.First
	}
	for _, k := range f.Folders {
		if k.Total() > 0 {
			return k.Name + "/" + k.Example()
		}
	}
	return ""
}

// walk calls visit for f and each folder below it that has images of its own, with its path below the
// folder where the walk began.
func (f *Folder) walk(path string, visit func(path string, k *Folder)) {
	if f.Images > 0 {
		visit(path, f)
	}
	for _, k := range f.Folders {
		k.walk(join(path, k.Name), visit)
	}
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// last is the last folder of a path.
func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
