package tree

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// spellings are the names of splits that Hugging Face's readers know.
// https://huggingface.co/docs/datasets/repository_structure
var spellings = map[string]string{
	"train": "train", "training": "train",
	"val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
	"test": "test", "testing": "test", "eval": "test", "evaluation": "test",
}

// Split returns the split that a name is a spelling of, in any case: train, validation or test. It is
// empty for other names.
func Split(name string) string { return spellings[strings.ToLower(name)] }

var splitPart = regexp.MustCompile(`(?i)(?:^|[-._ 0-9])(train|training|val|valid|validation|dev|test|testing|eval|evaluation)(?:[-._ 0-9]|$)`)

// SplitPart returns the split that a part of a name is a spelling of, as in seg_train or train2017. It
// is empty if no part is one.
func SplitPart(name string) string {
	if m := splitPart.FindStringSubmatch(name); m != nil {
		return Split(m[1])
	}
	return ""
}

// enterSplit goes into the folder of the wanted split if the present folder holds splits. Folders are
// splits if their names say two different ones, or one and no other folder has images. Names that only
// contain a split's are believed where those of all folders with images do: train_interior of
// Places365 is a class.
func (r *reader) enterSplit() bool {
	if r.Split != "" || r.o.SplitNames || len(r.Doubts) > 0 {
		return false
	}
	kids := r.at.withImages()
	found := map[string][]*Folder{}
	for _, k := range kids {
		if s := Split(k.Name); s != "" {
			found[s] = append(found[s], k)
		}
	}
	if len(found) < 2 && !(len(found) == 1 && len(kids) == 1) {
		found = map[string][]*Folder{}
		for _, k := range kids {
			s := SplitPart(k.Name)
			if s == "" {
				return false
			}
			found[s] = append(found[s], k)
		}
		if len(found) < 2 {
			return false
		}
	}
	return r.takeSplit(found)
}

func (r *reader) takeSplit(found map[string][]*Folder) bool {
	wanted := r.o.Split
	if s := Split(wanted); s != "" {
		wanted = s
	}
	splits := map[*Folder]bool{}
	var all []string
	for _, k := range r.at.Folders {
		for s, list := range found {
			if !slices.Contains(list, k) {
				continue
			}
			splits[k] = true
			all = append(all, k.Name)
			if s != wanted {
				r.Splits = append(r.Splits, k.Name)
			}
		}
	}
	take := found[wanted]
	switch len(take) {
	case 1:
		r.enter(take[0], splits)
		r.Split = r.Base
		return true
	case 0:
		r.doubt(Doubt{
			Text:  fmt.Sprintf("the folders %s are splits, and none is the split %s", names(all), r.o.Split),
			Flags: []string{"--split " + first(found), "--accept split-names if they are classes"},
		})
	default:
		r.doubt(Doubt{
			Text:  fmt.Sprintf("the folders %s and %s are both the split %s", r.path(take[0].Name), r.path(take[1].Name), wanted),
			Flags: []string{"--in with the one that is meant", "--accept split-names if they are classes"},
		})
	}
	return false
}

// first is a split that was found, the one that users want most often.
func first(found map[string][]*Folder) string {
	for _, s := range []string{"train", "validation"} {
		if len(found[s]) > 0 {
			return s
		}
	}
	return "test"
}
