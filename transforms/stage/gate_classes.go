package stage

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// checkShared refuses an input that has a class beyond the list of another split of the output,
// whose list this split has to use.
func checkShared(job *Job, sums []Summary, classes []string) error {
	if job.Catalog.ListOf == "" {
		return nil
	}
	res := job.resolver(classes)
	unknown := map[string]int64{}
	for i := range sums {
		for label, count := range sums[i].Good {
			if _, ok, err := res.resolve(label); ok && err == nil {
				continue
			}
			index, class := parseLabel(label)
			if index >= 0 && index < len(job.Catalog.Own) {
				class = job.Catalog.Own[index]
			}
			if class == "" {
				class = strconv.Itoa(index)
			}
			unknown[class] += count
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	names := make([]string, 0, len(unknown))
	var images int64
	for name, n := range unknown {
		names = append(names, name)
		images += n
	}
	slices.Sort(names)
	return refuse(CodeOther, "%s", UnknownClasses(job.Outputs[0].Dir, job.Catalog.ListOf, names, len(classes))+fmt.Sprintf(" (images of it: %d; nothing was written, peaks are kept)", images))
}

// UnknownClasses is the message for classes that the list of another split lacks.
func UnknownClasses(out, split string, names []string, classes int) string {
	what := "class " + strconv.Quote(names[0]) + " of the input is"
	if len(names) > 1 {
		what = fmt.Sprintf("%d classes of the input (%s) are", len(names), some(names))
	}
	return fmt.Sprintf("%s not in the class list of the split %s in %s (%d classes): give --classes FILE to choose classes, or another --out", what, split, out, classes)
}

// some names the first few of a list.
func some(names []string) string {
	const most = 3
	more := ""
	if len(names) > most {
		names, more = names[:most], ", …"
	}
	return strings.Join(names, ", ") + more
}

// classList is the list given, that of the input, or what the labels of the input imply.
func classList(job *Job, sums []Summary) ([]string, error) {
	if job.Catalog.Classes != nil {
		return job.Catalog.Classes, nil
	}
	byIndex, byName := map[int]string{}, map[string]bool{}
	names := map[string]int{} // of those with an index
	top := -1
	for i := range sums {
		for label := range sums[i].Good {
			index, class := parseLabel(label)
			top = max(top, index)
			switch {
			case index < 0:
				byName[class] = true
			case class == "":
			default:
				if other, twice := byIndex[index]; twice && other != class {
					a, b := min(other, class), max(other, class)
					return nil, refuse(CodeUsage, "the input names label %d both %q and %q: give --classes FILE, or put a classes.txt beside it that says what the labels mean", index, a, b)
				}
				if other, twice := names[class]; twice && other != index {
					return nil, refuse(CodeUsage, "the input has the class %q under the labels %d and %d: give --classes FILE, or put a classes.txt beside it that says what the labels mean", class, min(other, index), max(other, index))
				}
				byIndex[index], names[class] = class, index
			}
		}
	}
	if top >= maxClasses {
		return nil, refuse(CodeUsage, "the input has the label %d: more than %d classes are not supported; is --label-key or --label-offset wrong?", top, maxClasses)
	}
	if len(byName) > 0 {
		return nameList(sums, byName, top)
	}
	return indexList(byIndex, names, top), nil
}

// nameList is the list of inputs that state names: sorted bytewise. Indexes without a name cannot be
// told apart from them.
func nameList(sums []Summary, names map[string]bool, top int) ([]string, error) {
	for i := range sums {
		for label := range sums[i].Good {
			_, class := parseLabel(label)
			if class == "" {
				return nil, refuse(CodeUsage, "the input states labels both as indexes (up to %d) and as names (such as %q): give --classes FILE", top, leastOf(names))
			}
			names[class] = true
		}
	}
	list := make([]string, 0, len(names))
	for n := range names {
		list = append(list, n)
	}
	slices.Sort(list)
	return list, nil
}

// indexList is the list of inputs that state indexes, 0 to top, under the names beside them, or else
// their numbers.
func indexList(byIndex map[int]string, names map[string]int, top int) []string {
	list := make([]string, top+1)
	for i := range list {
		if name, ok := byIndex[i]; ok {
			list[i] = name
			continue
		}
		list[i] = strconv.Itoa(i)
		for _, taken := names[list[i]]; taken; _, taken = names[list[i]] {
			list[i] += "_"
		}
	}
	return list
}

// ownList identifies the list that indexes in the input refer to, where it decides labels and is not
// the list of the output itself.
func ownList(job *Job, sums []Summary, classes []string) string {
	if job.Catalog.Own == nil || slices.Equal(job.Catalog.Own, classes) {
		return ""
	}
	for i := range sums {
		for label := range sums[i].Good {
			if index, _ := parseLabel(label); index >= 0 {
				return classesHash(job.Catalog.Own)
			}
		}
	}
	return ""
}

// maxClasses bounds the class list that labels may imply: a stray label must not make dense labels
// of gigabytes.
const maxClasses = 1 << 20

func leastOf(m map[string]bool) string {
	best := ""
	for k := range m {
		if best == "" || k < best {
			best = k
		}
	}
	return best
}
