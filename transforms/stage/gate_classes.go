package stage

import (
	"maps"
	"slices"
	"strconv"
)

// checkShared refuses an input that has a class beyond the list of another split of the output,
// whose list this split has to use.
func checkShared(job *Job, labels map[string]int64, classes []string) error {
	if job.Catalog.ListOf == "" {
		return nil
	}
	res := job.resolver(classes)
	unknown := map[string]int64{}
	for label, count := range labels {
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
	if len(unknown) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(unknown))
	return refuse(CodeOther, "%s (images of it: %d; nothing was written, peaks are kept)",
		UnknownClasses(job.Outputs[0].Dir, job.Catalog.ListOf, names, classes), total(unknown))
}

// classList is the list that the labels of the input imply.
func classList(labels map[string]int64) ([]string, error) {
	byIndex, byName := map[int]string{}, map[string]int{} // of labels that state both
	var bare []string                                     // names without an index
	nameless, top := false, -1
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		index, class := parseLabel(label)
		top = max(top, index)
		nameless = nameless || class == ""
		switch {
		case index < 0:
			bare = append(bare, class)
		case class != "":
			if other, twice := byIndex[index]; twice && other != class {
				return nil, refuse(CodeUsage, "the input names label %d both %q and %q: give --classes FILE, or put a classes.txt with the names of the labels next to it", index, min(other, class), max(other, class))
			}
			if other, twice := byName[class]; twice && other != index {
				return nil, refuse(CodeUsage, "the input has the class %q under the labels %d and %d: give --classes FILE, or put a classes.txt with the names of the labels next to it", class, min(other, index), max(other, index))
			}
			byIndex[index], byName[class] = class, index
		}
	}
	if err := CheckLabel(top); err != nil {
		return nil, err
	}
	switch {
	case len(bare) == 0:
		return indexList(byIndex, byName, top), nil
	case nameless:
		return nil, refuse(CodeUsage, "the input states labels both as indexes (up to %d) and as names (such as %q): give --classes FILE", top, bare[0])
	}
	// Names, sorted bytewise: an index beside a name says nothing where other names have none.
	names := slices.AppendSeq(bare, maps.Keys(byName))
	slices.Sort(names)
	return slices.Compact(names), nil
}

// indexList is the list of inputs that state indexes, 0 to top, under the names beside them, or else
// their numbers.
func indexList(byIndex map[int]string, byName map[string]int, top int) []string {
	list := make([]string, top+1)
	for i := range list {
		if name, ok := byIndex[i]; ok {
			list[i] = name
			continue
		}
		list[i] = strconv.Itoa(i)
		for _, taken := byName[list[i]]; taken; _, taken = byName[list[i]] {
			list[i] += "_"
		}
	}
	return list
}

// ownList identifies the list that indexes in the input refer to, where it decides labels and is not
// the list of the output itself.
func ownList(job *Job, labels map[string]int64, classes []string) string {
	if job.Catalog.Own == nil || slices.Equal(job.Catalog.Own, classes) {
		return ""
	}
	for label := range labels {
		if index, _ := parseLabel(label); index >= 0 {
			return classesHash(job.Catalog.Own)
		}
	}
	return ""
}

// maxClasses bounds the class list that labels may imply: a stray label must not make dense labels
// of gigabytes.
const maxClasses = 1 << 20

// CheckLabel refuses a label above the largest that may imply a class list.
func CheckLabel(label int) error {
	if label < maxClasses {
		return nil
	}
	return refuse(CodeUsage, "the input has the label %d: more than %d classes are not supported; is --label-key or --label-offset wrong?", label, maxClasses)
}
