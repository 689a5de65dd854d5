package stage

import (
	"context"

	"github.com/premix/premix/io/source"
)

// Where a container has no count, its images are guessed from its size, and may be ten times as many or as
// few. So the peaks that a limit needs are found in rounds, each of chunks that are worked on in parallel: a
// probe, then most of what is missing, by what the probe has measured, then the rest by what both have. What
// is missing after that is added one after the other: see Rest.

const (
	// smallImages is how many images there may be where one is guessed, of 110 kB: 3.4 kB each.
	smallImages = 32
	// mostShare is how much of what is missing the second round takes, since a probe of few containers misleads.
	mostShare = 0.75
)

// Probe yields the first chunks that the limits need: all that they need where images are counted, and
// where they are guessed as many as suffice if images are small.
func Probe(ctx context.Context, job *Job, containers []source.Container, yield func(source.Chunk) error) error {
	return choose(ctx, job, containers, nil, func(c *source.Chunk) int64 {
		n := max(1, Images(c))
		if c.Guessed {
			n *= smallImages
		}
		return n
	}, yield)
}

// More yields chunks that are missing in have, by what the chunks there measure; of those whose images are
// guessed only most of what is missing, unless it is the last round.
func More(ctx context.Context, job *Job, containers []source.Container, have []Summary, last bool, yield func(source.Chunk) error) error {
	k := &known{of: byID(have)}
	return choose(ctx, job, containers, k, func(c *source.Chunk) int64 {
		n := float64(max(1, Images(c)))
		if c.Guessed {
			if k.usable > 0 {
				n *= float64(k.usable) / float64(k.guessed)
			}
			if !last {
				n /= mostShare
			}
		}
		return max(1, int64(n+0.5))
	}, yield)
}

// known are the summaries that are there, and what they measure.
type known struct {
	of              map[string]*Summary
	guessed, usable int64 // images of the chunks met whose images were guessed
}

// meet takes what a chunk has off the budget if its summary is there.
func (k *known) meet(c *source.Chunk, b *budget) bool {
	if k == nil || k.of[c.ID] == nil {
		return false
	}
	var usable int64
	for label, n := range k.of[c.ID].Good.All() {
		if class, ok, err := b.class(label); ok && err == nil {
			usable += n
			b.take(class, n)
		}
	}
	if c.Guessed {
		k.guessed += max(1, Images(c))
		k.usable += usable
	}
	return true
}
