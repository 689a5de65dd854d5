package tree

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// containers are names of folders that hold the images, annotations or masks of a data set, and which
// no data set is known to have as a class.
var containers = map[string]bool{
	"images": true, "image": true, "imgs": true, "img": true, "jpg": true, "jpeg": true, "png": true,
	"jpegimages": true, "annotations": true, "annotation": true, "labels": true, "masks": true,
	"jpgs": true, "jpegs": true, "pngs": true, "label": true, "ground_truth": true, "groundtruth": true,
	"segmentation": true, "segmentations": true, "trimaps": true, "segmentationclass": true, "segmentationobject": true,
}

func container(name string) bool { return containers[strings.ToLower(name)] }

// classes makes classes of the folders in the present one.
func (r *reader) classes() {
	if len(r.at.withImages()) == 0 {
		r.Flat = r.at.Images > 0
		if !r.Flat {
			r.doubt(Doubt{Text: "no folder holds an image"})
		}
		return
	}
	byName := map[string]*Class{}
	r.collect(byName)
	if len(byName) == 0 {
		r.doubt(Doubt{Text: fmt.Sprintf("no image is in a folder at depth %d: the first is %s", r.o.Depth, r.path(r.at.Example())), Flags: []string{"--class-depth with a smaller number, or leaf"}})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		r.Classes = append(r.Classes, *byName[name])
	}
	r.links()
	r.controls()
	if !r.o.ClassNames {
		r.containerNames()
	}
	if r.o.Depth == Auto {
		if !r.o.ClassNames {
			r.parts()
		}
		if !r.o.SplitNames {
			r.joinedSplits()
		}
		r.compareDepths()
	}
	r.mixture()
	switch {
	case r.o.ByNumber:
		r.byNumber()
	case !r.o.Listed:
		r.textOrder()
	}
	if !r.o.Listed {
		r.empties()
	}
}

// collect fills in the classes by their names. Folders without images are side folders if they hold
// files, and classes if they are empty, as torchvision numbers them with allow_empty.
func (r *reader) collect(classes map[string]*Class) {
	add := func(name, folder string, images int, direct bool) {
		c := classes[name]
		if c == nil {
			c = &Class{Name: name, Direct: direct}
			classes[name] = c
		}
		c.Folders = append(c.Folders, folder)
		c.Images += images
	}
	if r.o.Depth == Leaf {
		r.at.walk("", func(path string, k *Folder) {
			if path == "" {
				r.Loose += k.Images
				return
			}
			add(path, path, k.Images, true)
		})
		return
	}
	r.atDepth(r.at, "", max(r.o.Depth, 1), add)
}

func (r *reader) atDepth(f *Folder, path string, depth int, add func(name, folder string, images int, direct bool)) {
	r.Loose += f.Images
	for _, k := range f.Folders {
		below := join(path, k.Name)
		images, files := k.Total(), k.files()
		switch {
		case images == 0 && files > 0:
			r.Unused = append(r.Unused, Unused{Path: r.path(below), Files: files})
		case depth == 1:
			add(k.Name, below, images, false)
		case images > 0:
			r.atDepth(k, below, depth-1, add)
		}
	}
}

// links refuses class folders that are one folder, and links at any depth that lead back to a folder that
// holds them.
func (r *reader) links() {
	r.upwards(r.at, "")
	seen := map[string]string{}
	for _, c := range r.Classes {
		for _, path := range c.Folders {
			k := r.at.Dir(path)
			if k.Identity == "" {
				continue
			}
			if other, twice := seen[k.Identity]; twice {
				r.doubt(Doubt{Text: fmt.Sprintf("the class folders %s and %s are one folder: one of them is a link", r.path(other), r.path(path)), Flags: []string{"remove the link"}})
			}
			seen[k.Identity] = path
		}
	}
}

// upwards refuses the links to folders above in a folder. Side folders are not read, so that links in them do
// no harm.
func (r *reader) upwards(k *Folder, path string) {
	if k.Up {
		r.doubt(Doubt{Text: fmt.Sprintf("the folder %s is a link to a folder that contains it", r.path(path)), Flags: []string{"remove the link"}})
	}
	if k.Total() == 0 && k.files() > 0 {
		return
	}
	for _, below := range k.Folders {
		r.upwards(below, join(path, below.Name))
	}
}

// controls refuses names of classes that no list of lines can hold.
func (r *reader) controls() {
	for _, c := range r.Classes {
		if strings.IndexFunc(c.Name, unicode.IsControl) >= 0 {
			r.doubt(Doubt{Text: fmt.Sprintf("the name of the class folder %q holds control characters", c.Name), Flags: []string{"rename the folder"}})
		}
	}
}

func (r *reader) containerNames() {
	var odd []string
	for _, c := range r.Classes {
		if c.Images > 0 && container(last(c.Name)) {
			odd = append(odd, c.Name)
		}
	}
	if len(odd) > 0 {
		r.doubtClasses(odd, "look like parts of a data set, not like classes", notClasses...)
	}
}

// notClasses settle a doubt whether folders are classes at all.
var notClasses = []string{"--labels FILE with a list of the images' classes", "--accept class-names if they are classes"}

// doubtClasses refuses classes by their names, with an image of the first two.
func (r *reader) doubtClasses(classes []string, why string, flags ...string) {
	d := Doubt{Text: fmt.Sprintf("the class folders %s %s", names(classes), why), Flags: flags}
	for _, name := range classes[:min(len(classes), 2)] {
		d.Examples = append(d.Examples, r.example(name))
	}
	r.doubt(d)
}

// example is the first image of a class.
func (r *reader) example(class string) Example {
	i := slices.IndexFunc(r.Classes, func(c Class) bool { return c.Name == class })
	folder := r.Classes[i].Folders[0]
	return Example{Path: r.path(join(folder, r.at.Dir(folder).Example())), Class: class}
}

// empties tells of class folders without images.
func (r *reader) empties() {
	var empty []string
	for label, c := range r.Classes {
		if c.Images == 0 && len(c.Folders) > 0 {
			empty = append(empty, fmt.Sprintf("%s (label %d)", c.Name, label))
		}
	}
	if len(empty) > 0 {
		r.warn("the class %s has no image: it keeps its number; use --classes FILE for other numbers", names(empty))
	}
}

func (r *reader) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}
