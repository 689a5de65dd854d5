package stage

import (
	"context"
	"maps"
)

// A budget is what --limit and --limit-per-class leave, entry by entry in the order of the input. An
// entry is looked at as long as it could be used. So what is looked at depends on the entries and
// their order alone, and not on how the input is cut into chunks, nor on which chunks have peaks
// already.
type budget struct {
	res   *resolver     // nil: every label will be in the class list
	left  int64         // images that may still be used; −1: any number
	each  int64         // images of a class; 0: any number
	used  map[int]int64 // images of each class, if each bounds them
	open  int           // classes that are not full; −1: unknown
	mixed int64         // images of unknown classes, in an estimate
}

func newBudget(job *Job, classes []string) *budget {
	b := &budget{left: -1, each: job.LimitPerClass, used: map[int]int64{}, open: -1}
	if job.Limit > 0 {
		b.left = job.Limit
	}
	if classes != nil {
		b.res, b.open = job.resolver(classes), len(classes)
	}
	return b
}

// class is the class index of a label, as resolver.resolve finds it.
func (b *budget) class(label string) (class int, ok bool, err error) {
	if b.res == nil {
		return -1, true, nil
	}
	return b.res.resolve(label)
}

// ended says whether nothing more of a container can be used. Every image of the container has the
// label only; empty: they may have any.
func (b *budget) ended(only string) bool {
	switch {
	case b.left == 0:
		return true
	case b.each == 0:
		return false
	case only == "":
		return b.open == 0 || b.open > 0 && b.mixed >= b.each*int64(b.open)
	}
	class, ok, _ := b.class(only)
	return ok && b.used[class] >= b.each
}

// take uses as many of n images of a class as are left, and returns their number.
func (b *budget) take(class int, n int64) int64 {
	if b.each > 0 {
		n = min(n, b.each-b.used[class])
	}
	if b.left >= 0 {
		n = min(n, b.left)
		b.left -= n
	}
	if b.each > 0 && n > 0 {
		if b.used[class] += n; b.used[class] == b.each {
			b.open--
		}
	}
	return n
}

// expect takes off what a chunk of about n images will use.
func (b *budget) expect(only string, n int64) {
	if only != "" {
		if class, ok, _ := b.class(only); ok {
			b.take(class, n)
			return
		}
	}
	if b.left >= 0 {
		b.left -= min(n, b.left)
	}
	b.mixed += n
}

// clone is a budget that can be spent without the first one.
func (b *budget) clone() *budget {
	c := *b
	c.used = maps.Clone(b.used)
	return &c
}

// spend takes off what a chunk uses, and fills in its share of the plan. Its summary becomes that of what is
// looked at.
func (b *budget) spend(ctx context.Context, job *Job, p *PlannedChunk) error {
	after, all := b.clone(), *p
	all.Used, all.Excluded, all.BadLabels, all.Left = 0, 0, 0, b.leftOf(p.Good)
	for label, n := range p.Good.All() {
		after.use(&all, label, n)
	}
	if after.ended(p.Only) {
		return b.spendPart(ctx, job, p)
	}
	*b, *p = *after, all
	return nil
}

// spendPart is spend for a chunk in which the limits end. Where they do, only its rows tell.
func (b *budget) spendPart(ctx context.Context, job *Job, p *PlannedChunk) error {
	chunk, err := reloadRows(ctx, job, &p.Summary)
	if err != nil {
		return err
	}
	p.Left, p.Used, p.Excluded, p.BadLabels = b.leftOf(p.Good), 0, 0, 0
	cut := newSumming(&p.Summary)
	cut.Entries, cut.Bytes, cut.Failed, cut.Ignored = 0, 0, map[string]int64{}, 0
	cut.Digest, cut.GoodDigest, cut.Losses = [32]byte{}, [32]byte{}, nil
	for e := range byEntry(chunk.Rows) {
		if b.ended(p.Only) {
			break
		}
		if cut.add(job, e) {
			b.use(p, labelOf(&e[0]), 1)
		}
	}
	cut.end()
	p.Looked = cut.Entries
	return nil
}

// leftOf is how many images of some classes may still be used: of those of which counts has more. nil: of any as
// many as there are.
func (b *budget) leftOf(counts Counts) map[int]int64 {
	if b.each == 0 {
		return nil
	}
	have := map[int]int64{}
	for label, n := range counts.All() {
		if class, ok, err := b.class(label); ok && err == nil {
			have[class] += n // several labels can be of one class
		}
	}
	var left map[int]int64
	for class, n := range have {
		if most := b.each - b.used[class]; most < n {
			if left == nil {
				left = map[int]int64{}
			}
			left[class] = most
		}
	}
	return left
}

// use takes n good images of a label off the budget, and counts in p what becomes of them.
func (b *budget) use(p *PlannedChunk, label string, n int64) {
	class, ok, err := b.class(label)
	if err != nil {
		p.BadLabels += n
		return
	}
	var used int64
	if ok {
		used = b.take(class, n)
	}
	p.Used += used
	p.Excluded += n - used
}
