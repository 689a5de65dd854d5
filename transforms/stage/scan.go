package stage

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// StopsEarly says whether --limit or --limit-per-class can end the reading of the input before its
// end. Where classes are known only after the scan, none of them is known to be full.
func (j *Job) StopsEarly() bool {
	return j.Limit > 0 && j.LimitPerClass == 0 || j.LimitPerClass > 0 && j.Catalog.Classes != nil
}

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

// plans returns the share of each chunk that is looked at, by ID, and these chunks. sums are in the
// order of the input.
//
// The side files of a container in which the limits end are not counted: a chunk knows how many it
// has, and not where.
func plans(ctx context.Context, job *Job, sums []Summary, classes []string) (map[string]ChunkPlan, []Summary, error) {
	b := newBudget(job, classes)
	out := make(map[string]ChunkPlan, len(sums))
	kept := make([]Summary, 0, len(sums))
	var first int64
	for i := 0; i < len(sums); {
		from, name := len(kept), sums[i].Container
		for ; i < len(sums) && sums[i].Container == name; i++ {
			s := &sums[i]
			if _, twice := out[s.ID]; twice {
				return nil, nil, refuse(CodeUsage, "%s: the same part of the input was listed twice; is one folder inside of another --in?", s.Container)
			}
			if b.ended(s.Only) {
				continue
			}
			p, err := b.spend(ctx, job, s)
			if err != nil {
				return nil, nil, err
			}
			p.First = first
			first += p.Count
			out[s.ID] = p
			if p.Cut != nil {
				s = p.Cut
			}
			kept = append(kept, *s)
		}
		if !b.ended(sums[i-1].Only) {
			continue
		}
		for k := from; k < len(kept); k++ {
			if kept[k].Ignored > 0 {
				kept[k].Ignored = 0
				p := out[kept[k].ID]
				p.Cut = &kept[k]
				out[kept[k].ID] = p
			}
		}
	}
	return out, kept, nil
}

// looked returns of all chunks those that the plan looks at, as far as it does.
func (g *Global) looked(sums []Summary) []Summary {
	out := make([]Summary, 0, len(sums))
	for i := range sums {
		switch p, ok := g.Chunks[sums[i].ID]; {
		case ok && p.Cut != nil:
			out = append(out, *p.Cut)
		case ok:
			out = append(out, sums[i])
		}
	}
	return out
}

// listAhead is how many containers are listed at once.
const listAhead = 8

// Choose cuts containers into chunks, and yields those that are needed by an estimate, in the order
// of the input: all of them if there are no limits. Rest adds what the estimate was short of.
func Choose(ctx context.Context, job *Job, containers []source.Container, yield func(source.Chunk) error) error {
	b := newBudget(job, job.Catalog.Classes)
	early := job.StopsEarly()
	for batch := range slices.Chunk(inOrder(containers), listAhead) {
		chunks := make([][]source.Chunk, len(batch))
		g, gctx := errgroup.WithContext(ctx)
		for i, c := range batch {
			if early && b.ended(onlyLabel(c)) {
				continue
			}
			g.Go(func() (err error) {
				defer recoverAs(&err)
				chunks[i], err = Split(gctx, job, c)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i, list := range chunks {
			only := onlyLabel(batch[i])
			for _, c := range list {
				if early && b.ended(only) {
					break
				}
				if err := yield(c); err != nil {
					return err
				}
				b.expect(only, max(1, Images(&c)))
			}
		}
	}
	return nil
}

// Images is about how many images a chunk has, 0 if that is unknown.
func Images(c *source.Chunk) int64 {
	if c.EstImages == 0 {
		return int64(len(c.Names))
	}
	return int64(c.EstImages)
}

// Rest yields the summaries of the chunks that the limits really need, in the order of the input:
// those that Choose chose and that have peaks, and, one after the other, as many more as it takes
// until the limits are reached or the input ends.
func Rest(ctx context.Context, job *Job, containers []source.Container, have []Summary, yield func(*Summary) error) error {
	known := make(map[string]*Summary, len(have))
	for i := range have {
		known[have[i].ID] = &have[i]
	}
	b := newBudget(job, job.Catalog.Classes)
	for _, c := range inOrder(containers) {
		only := onlyLabel(c)
		if b.ended(only) {
			continue
		}
		chunks, err := Split(ctx, job, c)
		if err != nil {
			return err
		}
		for _, chunk := range chunks {
			if b.ended(only) {
				break
			}
			s := known[chunk.ID]
			if s == nil {
				if s, err = Peaks(ctx, job, chunk); err != nil {
					return err
				}
			}
			if err := yield(s); err != nil {
				return err
			}
			if _, err := b.spend(ctx, job, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// inOrder sorts containers into the order of the input.
func inOrder(containers []source.Container) []source.Container {
	sorted := slices.Clone(containers)
	slices.SortStableFunc(sorted, func(a, b source.Container) int {
		return cmp.Compare(source.Order(a.Name), source.Order(b.Name))
	})
	return sorted
}

// onlyLabel is the label of all images of a container, or empty.
func onlyLabel(c source.Container) string {
	if c.Class == "" {
		return ""
	}
	return labelOf(&premix.Sample{Class: c.Class, Label: -1})
}
