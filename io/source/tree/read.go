package tree

import (
	"strings"

	"github.com/premix/premix/internal/printable"
)

// Depths of Options.Depth.
const (
	Auto = 0  // wrappers are entered, and the first folder below them is the class
	Leaf = -1 // the whole path below the split or the root is the class
)

// Options are what a user says about the folders.
type Options struct {
	Split    string // train, validation or test, or another name that a folder may have
	Depth    int    // the class is the name of the folder at this depth, counted from 1; or Auto, Leaf
	ByNumber bool   // class folders are numbers, and the number is the label
	// Offset is the number of the first class under ByNumber; nil if the user has not said it.
	Offset *int
	// Listed says that a class list decides numbers, so that those of folders are of no interest.
	Listed bool
	// SplitNames and ClassNames are doubts that the user has settled: folders called as splits
	// are classes, and so are folders called as containers of images are.
	SplitNames, ClassNames bool
}

// A Reading is how folders are understood.
type Reading struct {
	Base     string   // the folder below which classes are, from the root; empty for the root itself
	Wrappers []string // the paths of folders that were entered since they only hold others
	Split    string   // the path of the folder that was taken as the wanted split; or empty
	Splits   []string // the names of the other splits beside it
	Classes  []Class  // label by label
	Flat     bool     // the images lie in Base itself, and no folder says their class
	Loose    int      // images above the folders of classes
	Unused   []Unused
	Warnings []string // what is understood and may surprise, one line each
	Doubts   []Doubt  // why the input must be refused; empty if it can be used
}

// A Class is one class of folders.
type Class struct {
	Name    string
	Folders []string // below Base; none for a number that no folder has
	Images  int
	// Direct says that only the images in the folders themselves are meant, and not those below them.
	Direct bool
}

// An Unused folder is one that is neither a class nor holds any.
type Unused struct {
	Path   string // from the root
	Images int    // at any depth
	Files  int
}

// A Doubt is a reason to refuse an input.
type Doubt struct {
	Text     string    // what was understood, and why that may be wrong
	Examples []Example // one for each reading, if there are several
	Flags    []string  // what the user can add to settle it
}

// An Example is the class of one image under one reading.
type Example struct {
	Flag    string // which chooses the reading
	Path    string // of the image, from the root
	Class   string
	Classes []string // all classes of the reading
}

// Read understands the folders below root. It is a pure function: the same folders and options give
// the same reading, whatever holds them.
func Read(root *Folder, o Options) *Reading {
	r := &reader{o: o, at: root, Reading: &Reading{}}
	for r.enterSplit() || r.enterWrapper() {
	}
	if len(r.Doubts) == 0 {
		r.classes()
	}
	return r.Reading
}

// Splits understands folders of shards, whose number is that of images in the folders: it takes the
// wanted split, below wrappers where there are some, and no classes. Without splits the reading is
// empty.
func Splits(root *Folder, o Options) *Reading {
	r := &reader{o: o, at: root, Reading: &Reading{}}
	for r.enterSplit() || r.Split == "" && r.enterWrapper() {
	}
	if r.Split == "" && len(r.Doubts) == 0 {
		return &Reading{}
	}
	return r.Reading
}

// A reader is in the folder at, whose path is Base.
type reader struct {
	*Reading
	o  Options
	at *Folder
}

func (r *reader) path(name string) string { return join(r.Base, name) }

// enter goes into a folder of the present one, and notes its siblings as unused, but for other splits.
func (r *reader) enter(k *Folder, splits map[*Folder]bool) {
	for _, other := range r.at.Folders {
		if other != k && !splits[other] {
			r.unused(other)
		}
	}
	r.Base = r.path(k.Name)
	r.at = k
}

func (r *reader) unused(k *Folder) {
	u := Unused{Path: r.path(k.Name), Images: k.Total(), Files: k.files()}
	if u.Images+u.Files > 0 {
		r.Unused = append(r.Unused, u)
	}
}

// enterWrapper goes into the only folder with images if it has none of its own and holds others that
// have some. A folder with images of its own is a class, unless its name says that it only holds them,
// as images does: then they have no folder of their class.
func (r *reader) enterWrapper() bool {
	if r.o.Depth != Auto || r.at.Images > 0 || len(r.Doubts) > 0 {
		return false
	}
	kids := r.at.withImages()
	if len(kids) != 1 || kids[0].Up {
		return false
	}
	if kids[0].Images > 0 && (r.o.ClassNames || !container(kids[0].Name) || len(kids[0].withImages()) > 0) {
		return false // a class
	}
	r.enter(kids[0], nil)
	r.Wrappers = append(r.Wrappers, r.Base)
	return true
}

// doubt adds a reason to refuse the input.
func (r *reader) doubt(d Doubt) { r.Doubts = append(r.Doubts, d) }

// names joins names for a message; an ellipsis replaces those after the tenth.
func names(list []string) string {
	var shown []string
	for _, name := range list[:min(len(list), 10)] {
		shown = append(shown, printable.Name(name))
	}
	if len(list) > 10 {
		shown = append(shown, "…")
	}
	return strings.Join(shown, ", ")
}
