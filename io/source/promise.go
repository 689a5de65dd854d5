package source

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
)

// A promise is a set of shards whose names say how many there are: train-00002-of-00004, also with a
// hash or an extension behind it.
type promise struct {
	before, after string // of NUMBER-of-TOTAL in the path
	width         int
	total         int
	numbers       map[int]bool
}

var ofTotal = regexp.MustCompile(`^(.*?)([0-9]+)-of-([0-9]+)(?:-[0-9a-f]{8,})?((?:\.[^/]*)?)$`)

// promised compares shards with what their names promise. It is for folders: files that the user picked
// are taken as they were picked.
func (d *discovery) promised(r root, o Options, shards []blob.Object) {
	sets := map[string]*promise{}       // by folder, prefix, suffix and total
	totals := map[string]map[int]bool{} // by the same without the total
	for _, s := range shards {
		m := ofTotal.FindStringSubmatch(r.rel(s))
		if m == nil {
			continue
		}
		number, err := strconv.Atoi(m[2])
		total, terr := strconv.Atoi(m[3])
		if err != nil || terr != nil || total > maxPromise {
			continue
		}
		group := m[1] + "*" + m[4]
		key := fmt.Sprintf("%s of %d", group, total)
		if sets[key] == nil {
			sets[key] = &promise{m[1], m[4], len(m[2]), total, map[int]bool{}}
		}
		sets[key].numbers[number] = true
		if totals[group] == nil {
			totals[group] = map[int]bool{}
		}
		totals[group][total] = true
	}
	for _, group := range slices.Sorted(maps.Keys(totals)) {
		if list := slices.Sorted(maps.Keys(totals[group])); len(list) > 1 {
			d.Doubts = append(d.Doubts, tree.Doubt{
				Text:  fmt.Sprintf("the shards %s are of two generations, -of-%05d and -of-%05d: each may hold all images", group, list[0], list[1]),
				Flags: []string{"--in with a pattern that names one of them"},
			})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(sets)) {
		d.missing(o, sets[key].missing(), sets[key].total, "names")
	}
}

// missing refuses an input in which shards are missing that names or a list promise, of so many, or warns
// where the user has accepted it.
func (d *discovery) missing(o Options, missing []string, of int, by string) {
	if len(missing) == 0 {
		return
	}
	says := "promises"
	if by == "names" {
		says = "promise"
	}
	text := fmt.Sprintf("%d of the %d shards that %s %s are missing: %s", len(missing), of, by, says, FirstNames(missing))
	if o.accepts(AcceptMissing) {
		d.Warnings = append(d.Warnings, text)
		return
	}
	d.Doubts = append(d.Doubts, tree.Doubt{Text: text, Flags: []string{"get the missing files", "--accept missing to go on without them"}})
}

// maxPromise bounds totals: a larger number is no count of shards.
const maxPromise = 1_000_000

// missing are the shards that are not there. Numbers may begin at 0 or at 1.
func (p *promise) missing() []string {
	first := 0
	if !p.numbers[0] && p.numbers[p.total] {
		first = 1
	}
	var names []string
	for n := first; n < first+p.total; n++ {
		if !p.numbers[n] {
			names = append(names, fmt.Sprintf("%s%0*d-of-%0*d%s", p.before, p.width, n, p.width, p.total, p.after))
		}
	}
	return names
}

// configurations refuses folders side by side that hold the same files of splits: variants of one data
// set, of which one is meant.
func (d *discovery) configurations(r root, shards []blob.Object) {
	files := map[string][]string{}
	for _, s := range shards {
		top, rest, ok := strings.Cut(r.rel(s), "/")
		if !ok {
			return
		}
		files[top] = append(files[top], rest)
	}
	tops := slices.Sorted(maps.Keys(files))
	for i, top := range tops[:max(len(tops)-1, 0)] {
		slices.Sort(files[top])
		slices.Sort(files[tops[i+1]])
		if slices.Equal(files[top], files[tops[i+1]]) && tree.SplitPart(strings.ReplaceAll(files[top][0], "/", " ")) != "" {
			d.Doubts = append(d.Doubts, tree.Doubt{
				Text:  fmt.Sprintf("the folders %s and %s hold the same files of splits, as variants of one data set do", top, tops[i+1]),
				Flags: []string{"--in with the folder that is meant: " + strings.Join(tops[:min(len(tops), 10)], ", ")},
			})
			return
		}
	}
}
