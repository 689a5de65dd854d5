package tree

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A pair is the class of images by their first folder and by their last one.
type pair struct{ first, last string }

// compareDepths compares the classes of the first folder with those of the last one: as many images
// as belong to other sets of images there are in doubt. A tenth of all makes the input doubtful, fewer
// make a warning.
func (r *reader) compareDepths() {
	counts := map[pair]int{}
	example := map[pair]string{}
	depths := map[int]bool{}
	r.at.walk("", func(path string, k *Folder) {
		if path == "" {
			return
		}
		first, _, _ := strings.Cut(path, "/")
		p := pair{first, lastClass(path)}
		counts[p] += k.Images
		depths[strings.Count(path, "/")+1] = true
		if e := join(path, k.First); example[p] == "" {
			example[p] = e
		}
	})
	counts = withoutOneName(counts)
	total, odd, worst := disagreement(counts)
	switch {
	case odd == 0:
	case odd*10 >= total:
		r.doubt(r.depthDoubt(depths))
	default:
		r.warn("%d of %d images are in folders below their class folder, such as %s: the first folder, %s, is their class", odd, total, r.path(example[worst]), worst.first)
	}
}

// lastClass is the last folder of a path that is not named as a container of images is.
func lastClass(path string) string {
	parts := strings.Split(path, "/")
	i := len(parts) - 1
	for i > 0 && container(parts[i]) {
		i--
	}
	return parts[i]
}

// withoutOneName drops a name that all deeper folders of several classes share, as in CLASS/original.
func withoutOneName(counts map[pair]int) map[pair]int {
	firsts, lasts := map[string]bool{}, map[string]bool{}
	for p := range counts {
		if p.first != p.last {
			firsts[p.first], lasts[p.last] = true, true
		}
	}
	if len(lasts) != 1 || len(firsts) < 2 {
		return counts
	}
	merged := map[pair]int{}
	for p, n := range counts {
		merged[pair{p.first, p.first}] += n
	}
	return merged
}

// disagreement counts the images that two partitions put into different sets: all but those of pairs
// that are the largest of their first and of their last folder. It returns the largest such pair, too.
func disagreement(counts map[pair]int) (total, odd int, worst pair) {
	byFirst, byLast := map[string]pair{}, map[string]pair{}
	ordered := slices.SortedFunc(maps.Keys(counts), func(a, b pair) int {
		return strings.Compare(a.first+"/"+a.last, b.first+"/"+b.last)
	})
	for _, p := range ordered {
		if best, ok := byFirst[p.first]; !ok || counts[p] > counts[best] {
			byFirst[p.first] = p
		}
		if best, ok := byLast[p.last]; !ok || counts[p] > counts[best] {
			byLast[p.last] = p
		}
	}
	for _, p := range ordered {
		n := counts[p]
		total += n
		if byFirst[p.first] == p && byLast[p.last] == p {
			continue
		}
		odd += n
		if worst == (pair{}) || n > counts[worst] {
			worst = p
		}
	}
	return total, odd, worst
}

// depthDoubt shows the readings by the first folder and by the last one. Where all images lie equally
// deep, the last one is at a depth; otherwise only the whole path tells them apart.
func (r *reader) depthDoubt(depths map[int]bool) Doubt {
	deep := slices.Max(slices.Collect(maps.Keys(depths)))
	flags := []string{"--class-depth 1", "--class-depth leaf"}
	o := Options{Depth: Leaf}
	if len(depths) == 1 {
		flags[1] = fmt.Sprintf("--class-depth %d", deep)
		o.Depth = deep
	}
	other := &reader{o: o, at: r.at, Reading: &Reading{}}
	byName := map[string]*Class{}
	other.collect(byName)
	path := ""
	r.at.walk("", func(p string, k *Folder) {
		if strings.Count(p, "/") > 0 && path == "" {
			path = join(p, k.First)
		}
	})
	deeper := path[:strings.LastIndexByte(path, '/')]
	if len(depths) == 1 {
		deeper = last(deeper)
	}
	top, _, _ := strings.Cut(path, "/")
	d := Doubt{Text: "the first and the last folder of the images give different classes", Flags: flags}
	d.Examples = []Example{
		{Flag: flags[0], Path: r.path(path), Class: top, Classes: classNames(r.Classes)},
		{Flag: flags[1], Path: r.path(path), Class: deeper, Classes: slices.Sorted(maps.Keys(byName))},
	}
	return d
}

func classNames(list []Class) []string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.Name
	}
	return all
}
