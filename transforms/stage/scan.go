package stage

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// Split cuts a container into chunks.
func Split(ctx context.Context, job *Job, c source.Container) ([]source.Chunk, error) {
	chunks, err := source.Split(ctx, c, job.Source)
	return chunks, asRefusal(c.Name, err)
}

// listAhead is how many containers are listed at once.
const listAhead = 8

// Choose cuts containers into chunks, and yields those that an estimate needs, in the order of the
// input: all of them if there are no limits.
func Choose(ctx context.Context, job *Job, containers []source.Container, yield func(source.Chunk) error) error {
	return choose(ctx, job, containers, nil, func(c *source.Chunk) int64 { return max(1, Images(c)) }, yield)
}

// choose yields the chunks that the limits need, without those of known, if each has as many images as
// expect says. It asks that of each chunk that it yields, after it has met those of known before it.
func choose(ctx context.Context, job *Job, containers []source.Container, known *known, expect func(*source.Chunk) int64, yield func(source.Chunk) error) error {
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
				if known.meet(&c, b) {
					continue
				}
				if err := yield(c); err != nil {
					return err
				}
				b.expect(only, expect(&c))
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

// Rest yields the summaries of the chunks that the limits really need, in the order of the input.
// It takes those of have, which Probe and More chose, and makes more, one after the other, until the limits
// are reached or the input ends.
func Rest(ctx context.Context, job *Job, containers []source.Container, have []Summary, yield func(*Summary) error) error {
	known := byID(have)
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
			if err := b.spend(ctx, job, &PlannedChunk{Summary: *s, Looked: -1}); err != nil {
				return err
			}
		}
	}
	return nil
}

func byID(have []Summary) map[string]*Summary {
	m := make(map[string]*Summary, len(have))
	for i := range have {
		m[have[i].ID] = &have[i]
	}
	return m
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
