package stage

import (
	"context"
	"maps"
)

// A budget is what --limit and --limit-per-class leave over, entry by entry in the order of the
// input. An entry is looked at as long as it could be used. So what is looked at depends on the
// entries and their order alone, not on how the input is cut into chunks, nor on which chunks have
// peaks already.
type budget struct {
	res   *resolver     // nil: every label will be in the class list
	left  int64         // images that may still be used; −1: any number
	each  int64         // images of a class; 0: any number
	used  map[int]int64 // images of each class, if there is a bound on them
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

// class is the class index of a label. ok is false for one that is left out on purpose, and then out
// is true, or that is a fault.
func (b *budget) class(label string) (class int, ok, out bool) {
	if b.res == nil {
		return -1, true, false
	}
	class, ok, err := b.res.resolve(label)
	return class, ok && err == nil, !ok && err == nil
}

// ended says whether nothing more of a container can be used, whose images all have the label only;
// empty: they may have any.
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

// take uses as many of n images of a class as are left.
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

// spend takes off what a chunk uses, and returns its share in the plan, but for the first ordinal.
// The rows of the chunk are read where the limits end inside of it.
func (b *budget) spend(ctx context.Context, job *Job, s *Summary) (ChunkPlan, error) {
	after, p := b.clone(), ChunkPlan{Entries: -1}
	byClass := map[int]int64{}
	for label, n := range s.Good {
		switch class, ok, out := b.class(label); {
		case ok:
			byClass[class] += n
		case out:
			p.Excluded += n
		}
	}
	if b.each > 0 {
		p.Left = map[int]int64{}
	}
	for class, n := range byClass {
		if b.each > 0 {
			p.Left[class] = b.each - b.used[class]
		}
		used := after.take(class, n)
		p.Count += used
		p.Excluded += n - used
	}
	if !after.ended(s.Only) {
		*b = *after
		return p, nil
	}
	chunk, err := again(ctx, job, s)
	if err != nil {
		return p, err
	}
	cut := *s
	cut.Entries, cut.Good, cut.Failed, cut.Ignored = 0, map[string]int64{}, map[string]int64{}, 0
	cut.Digest, cut.GoodDigest = [32]byte{}, [32]byte{}
	p.Count, p.Excluded = 0, 0
	for e := range entries(chunk.Rows) {
		if b.ended(s.Only) {
			break
		}
		if !cut.add(job, e) {
			continue
		}
		switch class, ok, out := b.class(labelOf(&e[0])); {
		case ok:
			used := b.take(class, 1)
			p.Count += used
			p.Excluded += 1 - used
		case out:
			p.Excluded++
		}
	}
	p.Entries, p.Cut = cut.Entries, &cut
	return p, nil
}
