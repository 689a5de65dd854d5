package stage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source"
)

// classDiff says in at most one line how two class lists differ.
func classDiff(old, list []string) []string {
	if slices.Equal(old, list) {
		return nil
	}
	without := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(c string) bool { return slices.Contains(b, c) })
	}
	line := fmt.Sprintf("classes: %d → %d", len(old), len(list))
	gone, added := without(old, list), without(list, old)
	if len(gone) > 0 {
		line += ", without " + source.FirstNames(gone)
	}
	if len(added) > 0 {
		line += ", new: " + source.FirstNames(added)
	}
	line += source.LookAlike(added, gone)
	if len(gone)+len(added) == 0 {
		line += ", in another order"
	}
	return []string{line}
}

// RecipeRefusal is the message for an output that has another recipe; diff are the lines of
// dataset.RecipeDiff.
func RecipeRefusal(out, split string, diff []string) string {
	if dataset.OnlyVersions(diff) {
		return printable.Sprintf("%s holds the split %s of another version of premix, which gives other bytes (%s): finish it with that version, add --overwrite to replace it, or choose another --out", out, split, strings.Join(diff, ", "))
	}
	return printable.Sprintf("%s holds the split %s of another recipe: add --overwrite to replace it, or choose another --out\n  %s", out, split, joinLines(diff))
}

// goodRefusal is the message for an output of the same input, in which other images have faults.
func goodRefusal(out, split string, diff []string) string {
	what := printable.Sprintf("the existing replicas of the split %s in %s have other good images than the new ones, and all must have the same; nothing was written, peaks are kept: make all replicas in one run, with --overwrite or another --out", split, out)
	return printable.Sprintf("%s\n  %s", printable.Made(what), joinLines(someLines(diff)))
}

// someLines are the first few lines, and how many more there are.
func someLines(lines []string) []string {
	const most = 10
	if len(lines) > most {
		return append(lines[:most:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return lines
}

// joinLines joins lines to one, that of the differences. The names in them may hold line breaks.
func joinLines(lines []string) printable.Made {
	shown := make([]string, len(lines))
	for i, line := range lines {
		shown[i] = printable.Line(line)
	}
	return printable.Made(strings.Join(shown, "; "))
}

// inputRefusal is the message for an output of other input.
func inputRefusal(out, split string, diff []string) string {
	if diff = someLines(diff); len(diff) == 0 {
		diff = []string{"the choice of images differs"}
	}
	return printable.Sprintf("%s holds the split %s, made from other input; nothing was written, peaks are kept: add --overwrite to replace it, or choose another --out\n  %s", out, split, joinLines(diff))
}

// UnknownClasses is the message for classes that the list of another split lacks.
func UnknownClasses(out, split string, names, list []string) string {
	what := "class " + strconv.Quote(names[0]) + " of the input is"
	if len(names) > 1 {
		what = fmt.Sprintf("%d classes of the input (%s) are", len(names), source.FirstNames(names))
	}
	return printable.Sprintf("%s not in the class list of the split %s in %s (%d classes)%s: give --classes FILE to choose classes, or another --out", what, split, out, len(list), source.LookAlike(names, list))
}
