package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source/tree"
)

// Reread understands the folders of tars when all members are known, of which discoverTars has seen a few:
// counts are the images of each folder, by its path in the tars, and base is where the class folders are
// by what it has seen. part says that a limit left some out.
func Reread(o Options, base string, counts map[string]int64, part bool) (doubts []tree.Doubt, warnings []string) {
	root := &tree.Folder{}
	for dir, n := range counts {
		at := root
		if dir != "" {
			at = root.Dir(dir)
		}
		at.Images, at.First = int(n), "*"
	}
	t := tree.Read(root, o.tree())
	doubts = t.Doubts
	switch {
	case t.Flat:
		doubts = append(doubts, flatTar(t.Base))
	case t.Base != base && !part && len(doubts) == 0:
		doubts = append(doubts, otherBase(base, t))
	}
	d := &discovery{}
	d.unused(slices.DeleteFunc(t.Unused, func(u tree.Unused) bool { return u.Images == 0 }))
	if len(d.Unused) > 0 {
		warnings = append(warnings, "not used: "+strings.Join(firstOf(d.Unused, printable.Name), ", "))
	}
	return doubts, append(warnings, t.Warnings...)
}

// otherBase is the doubt about tars whose beginning looks otherwise than the whole.
func otherBase(base string, t *tree.Reading) tree.Doubt {
	below := strings.Trim(strings.TrimPrefix(t.Base, t.Split), "/") // --class-depth counts from the split
	depth := 1
	if below != "" {
		depth = strings.Count(below, "/") + 2
	}
	return tree.Doubt{
		Text:  fmt.Sprintf("by the beginning of the first tar, class folders are in %s, by all members in %s", tarFolder(base), tarFolder(t.Base)),
		Flags: []string{fmt.Sprintf("--class-depth %d", depth), "--in with the tars unpacked on this machine"},
	}
}

func tarFolder(base string) string {
	if base == "" {
		return "the tar itself"
	}
	return base
}
