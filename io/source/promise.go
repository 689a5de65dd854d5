package source

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
)

// A promise is a set of shards whose names say how many there are: train-00002-of-00004, also with a
// hash or an extension behind it.
type promise struct {
	before, after string // of NUMBER-of-TOTAL in the path
	width         int
	total         int
	numbers       map[int]string // the shards, by their numbers
	twice         [2]string      // shards with one number; empty if there are none
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
			sets[key] = &promise{before: m[1], after: m[4], width: len(m[2]), total: total, numbers: map[int]string{}}
		}
		sets[key].add(number, r.rel(s))
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
		if twice := sets[key].twice; twice[0] != "" {
			d.Doubts = append(d.Doubts, tree.Doubt{
				Text:  fmt.Sprintf("the shards %s and %s have one number, as two generations of a data set do: each may hold all images", printable.Name(twice[0]), printable.Name(twice[1])),
				Flags: []string{"--in with a pattern that names one of them"},
			})
		}
		missing, n := sets[key].missing()
		d.missing(o, missing, n, sets[key].total, "names")
	}
}

// missing refuses an input in which n shards are missing that names or a list promise, of so many, or warns
// where the user has accepted it.
func (d *discovery) missing(o Options, missing []string, n, of int, by string) {
	if n == 0 {
		return
	}
	says := "promises"
	if by == "names" {
		says = "promise"
	}
	text := fmt.Sprintf("%d of the %d shards that %s %s are missing: %s", n, of, by, says, FirstNames(missing))
	if o.accepts(AcceptMissing) {
		d.Warnings = append(d.Warnings, text)
		return
	}
	d.Doubts = append(d.Doubts, tree.Doubt{Text: text, Flags: []string{"get the missing files", "--accept missing to continue without them"}})
}

// maxPromise bounds totals: a larger number is no count of shards.
const maxPromise = 1_000_000

// add adds a shard.
func (p *promise) add(number int, shard string) {
	if other, twice := p.numbers[number]; twice && p.twice[0] == "" {
		p.twice = [2]string{min(other, shard), max(other, shard)}
	}
	p.numbers[number] = shard
}

// missing are the first names of shards that are not there, and how many there are. Numbers may begin at 0 or
// at 1.
func (p *promise) missing() (names []string, n int) {
	first := 0
	if p.numbers[0] == "" && p.numbers[p.total] != "" {
		first = 1
	}
	for k := first; k < first+p.total; k++ {
		if p.numbers[k] != "" {
			continue
		}
		if n++; len(names) < 10 {
			names = append(names, fmt.Sprintf("%s%0*d-of-%0*d%s", p.before, p.width, k, p.width, p.total, p.after))
		}
	}
	return names, n
}

// kindOf is the path of a shard without its number and the number of all.
func kindOf(rel string) string {
	if m := ofTotal.FindStringSubmatch(rel); m != nil {
		return m[1] + "*" + m[4]
	}
	dir, base := path.Split(rel)
	if name, ext, ok := strings.Cut(base, "."); ok && strings.Trim(name, "0123456789") == "" {
		return dir + "*." + ext
	}
	return rel
}

// configurations refuses folders side by side that hold the same splits, in however many files: variants of
// one data set, of which one is meant.
func (d *discovery) configurations(r root, shards []blob.Object) {
	kinds := map[string]map[string]bool{} // of shards, by the first folder
	for _, s := range shards {
		top, rest, ok := strings.Cut(r.rel(s), "/")
		if !ok {
			return
		}
		if kinds[top] == nil {
			kinds[top] = map[string]bool{}
		}
		kinds[top][kindOf(rest)] = true
	}
	tops := slices.Sorted(maps.Keys(kinds))
	same := map[string]string{} // a folder with such files
	for _, top := range tops {
		list := slices.Sorted(maps.Keys(kinds[top]))
		key := strings.Join(list, "\x00")
		other, twice := same[key]
		if same[key] = top; !twice || tree.SplitPart(strings.ReplaceAll(list[0], "/", " ")) == "" {
			continue
		}
		d.Doubts = append(d.Doubts, tree.Doubt{
			Text:  fmt.Sprintf("the folders %s and %s hold the same files of splits, as variants of one data set do", printable.Name(other), printable.Name(top)),
			Flags: []string{"--in with the folder that is meant: " + printable.Name(strings.Join(tops[:min(len(tops), 10)], ", "))},
		})
		return
	}
}
