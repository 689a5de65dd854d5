package stage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/io/source/tree"
	"github.com/premix/premix/mix"
)

// checkLabels looks at the labels of all good images: it refuses what is in doubt, and returns what may
// surprise.
func checkLabels(ctx context.Context, t *tally, g *Global) (warnings []string, err error) {
	job, labels := t.job, t.labels
	doubts, warnings := t.folders.check(job)
	numbers, bare := numbersOf(labels)
	if job.Catalog.Classes == nil {
		switch {
		case !bare || len(numbers) == 0:
		case !job.Catalog.OffsetSaid && fromOne(numbers):
			doubts = append(doubts, tree.Doubt{
				Text:  fmt.Sprintf("the labels of the input are the numbers 1 to %d, and no list gives their names: %s", len(numbers), firstOfLabel(ctx, t, numbers[0])),
				Flags: []string{"--label-offset 1 to make label 1 class 0", "--label-offset 0 to keep the numbers, with a class 0 without images"},
			})
		case len(numbers) < len(g.Classes):
			top := numbers[len(numbers)-1]
			warnings = append(warnings, fmt.Sprintf("%d of %d numbers have images; the highest, %d, has %d: %s; --classes FILE lists all classes",
				len(numbers), len(g.Classes), top, countOf(labels, top), firstOfLabel(ctx, t, top)))
		}
	}
	used := usedClasses(job, labels, g.Classes)
	listed := job.Catalog.Classes != nil && !job.Catalog.Choice && !job.Catalog.ByName && job.Catalog.ListOf == ""
	if (listed || job.Catalog.Classes == nil && !bare) && !job.StopsEarly() {
		if w := unusedClasses(g.Classes, used); w != "" {
			warnings = append(warnings, w)
		}
	}
	if len(used) == 1 && !job.StopsEarly() && job.mixes() && !slices.Contains(job.Source.Accept, source.AcceptOneClass) {
		doubts = append(doubts, source.OneClassDoubt(g.Classes[slices.Collect(maps.Keys(used))[0]]))
	}
	if len(doubts) == 0 {
		return warnings, nil
	}
	lines := append([]string{"the classes of the input are in doubt, and premix does not guess; nothing was mixed, peaks are kept"}, source.DoubtLines(doubts)...)
	return nil, &Refusal{Code: CodeUsage, Message: strings.Join(lines, "\n")}
}

// mixes reports whether the methods of the job change labels.
func (j *Job) mixes() bool {
	return slices.ContainsFunc(j.Mix.Methods, func(m mix.Weighted) bool { return mix.Pairs(m.Name) })
}

// numbersOf are the labels that are numbers, in ascending order; bare says that none is a name alone.
func numbersOf(labels map[string]int64) (numbers []int, bare bool) {
	for label, n := range labels {
		index, _ := parseLabel(label)
		if index < 0 {
			return nil, false
		}
		if n > 0 {
			numbers = append(numbers, index)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), true
}

// fromOne reports whether sorted numbers are exactly 1 to N.
func fromOne(numbers []int) bool { return numbers[0] == 1 && numbers[len(numbers)-1] == len(numbers) }

func countOf(labels map[string]int64, number int) (n int64) {
	for label, count := range labels {
		if index, _ := parseLabel(label); index == number {
			n += count
		}
	}
	return n
}

// usedClasses are the indexes of classes that have images.
func usedClasses(job *Job, labels map[string]int64, classes []string) map[int]bool {
	used, res := map[int]bool{}, job.resolver(classes)
	for label, n := range labels {
		if index, ok, err := res.resolve(label); n > 0 && ok && err == nil {
			used[index] = true
		}
	}
	return used
}

// unusedClasses says which classes of a list have no image; empty if all have some.
func unusedClasses(classes []string, used map[int]bool) string {
	var names []string
	for i, name := range classes {
		if !used[i] {
			names = append(names, fmt.Sprintf("%s (label %d)", name, i))
		}
	}
	if len(names) == 0 {
		return ""
	}
	all, more := len(names), ""
	if all > 10 {
		names, more = names[:10], fmt.Sprintf(" and %d more", all-10)
	}
	return fmt.Sprintf("%d of the %d classes in the input's list have no image: %s%s; they keep their numbers", all, len(classes), strings.Join(names, ", "), more)
}

// firstOfLabel names the first image with a number as its label. Where its rows cannot be read it is the
// container: the message is more useful than that error.
func firstOfLabel(ctx context.Context, t *tally, number int) string {
	p, err := t.firstWith(number)
	if err != nil || p == nil {
		return "label " + strconv.Itoa(number)
	}
	name := "in " + p.Container
	if chunk, err := reloadRows(ctx, t.job, &p.Summary); err == nil {
		at := slices.IndexFunc(chunk.Rows, func(s premix.Sample) bool { return s.Fault == nil && s.Label == number })
		if at >= 0 {
			name = chunk.Rows[at].Name
		}
	}
	return name + " has the label " + strconv.Itoa(number)
}
