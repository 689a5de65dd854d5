package tree

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// partWords are words in the names of folders that hold one part of a data set each, beside those of
// containers and splits: part_1, part_2.
var partWords = map[string]bool{
	"part": true, "batch": true, "chunk": true, "shard": true, "subset": true, "fold": true,
	"volume": true, "vol": true, "data": true, "dataset": true,
}

var (
	digits = regexp.MustCompile(`[0-9]+`)
	word   = regexp.MustCompile(`[A-Za-z]+`)
	joined = regexp.MustCompile(`^(?i:(train|training|val|valid|validation|dev|test|testing|eval|evaluation)(?:set|data|dataset|images?|imgs?|jpe?gs?|pngs?|pics|pictures|photos))$`)
)

// joinedSplits refuses classes whose names are all those of splits, written in one word with what they hold:
// TrainImages and TestImages. Readers do not take them for splits.
func (r *reader) joinedSplits() {
	splits := map[string]bool{}
	var all []string
	for _, c := range r.Classes {
		if c.Images == 0 {
			continue
		}
		m := joined.FindStringSubmatch(c.Name)
		if m == nil {
			return
		}
		splits[Split(m[1])] = true
		all = append(all, c.Name)
	}
	if len(splits) < 2 {
		return
	}
	r.doubtClasses(all, "have the names of splits", "a deeper --in with the one that is meant", "--accept split-names if they are classes")
}

// parts refuses classes whose names differ in a number alone and say that they are parts of a data set, as
// HAM10000_images_part_1 and HAM10000_images_part_2 do. class_1 and class_2 are classes.
func (r *reader) parts() {
	var all []string
	for _, c := range r.Classes {
		if c.Images > 0 {
			all = append(all, c.Name)
		}
	}
	if len(all) < 2 || !partOf(all[0]) {
		return
	}
	pattern := digits.ReplaceAllString(all[0], "#")
	if pattern == all[0] || slices.ContainsFunc(all, func(name string) bool { return digits.ReplaceAllString(name, "#") != pattern }) {
		return
	}
	r.doubtClasses(all, "differ in a number alone, as parts of one data set do", notClasses...)
}

func partOf(name string) bool {
	return slices.ContainsFunc(word.FindAllString(name, -1), func(w string) bool {
		return container(w) || partWords[strings.ToLower(w)] || Split(w) != ""
	})
}

// mixture tells of classes that hold several folders that are called as the parts of a data set are: the
// masks of images are images too.
func (r *reader) mixture() {
	for _, c := range r.Classes {
		kinds := map[string]bool{}
		for _, path := range c.Folders {
			for _, k := range r.at.Dir(path).withImages() {
				if container(k.Name) && !c.Direct {
					kinds[k.Name] = true
				}
			}
		}
		if len(kinds) > 1 {
			r.warn("the class %s has images in the folders %s: all are used", c.Name, names(slices.Sorted(maps.Keys(kinds))))
			return
		}
	}
}
