package stage

import (
	"context"
	"fmt"
	"iter"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/plan"
)

// Distribute sends the images of a chunk to their shards of a round: it yields batches of rows, one for each
// part (group of shards in a replica) that gets any, in ascending order of the parts.
func Distribute(ctx context.Context, job *Job, g *Global, p *PlannedChunk, round int64, yield func(part int64, batch []byte)) error {
	if p.Used == 0 || round >= g.Rounds {
		return nil
	}
	countRound(round)
	chunk, err := reloadRows(ctx, job, &p.Summary)
	if err != nil {
		return err
	}
	others, err := reloadOthers(ctx, job, &p.Summary, chunk)
	if err != nil {
		return err
	}
	parts, err := rowsOf(ctx, job, g, p, round, chunk.Rows, others)
	if err != nil {
		return err
	}
	for part, rows := range parts {
		if len(rows) == 0 {
			continue
		}
		batch, err := plan.AppendRows(nil, rows)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Container, err)
		}
		yield(int64(part), batch)
	}
	return nil
}

// rowsOf makes the rows of a chunk for the shards of a round, by part: each image has one in every replica.
// others have the same rows, with the peaks of further detectors.
func rowsOf(ctx context.Context, job *Job, g *Global, p *PlannedChunk, round int64, all []premix.Sample, others []*cache.Chunk) ([][]plan.Row, error) {
	more := newSpots(all, others)
	copies, err := newCopies(ctx, job, &p.Summary, all)
	if err != nil {
		return nil, err
	}
	shards := plan.Shards{N: g.N, S: g.Shards}
	first, last := g.replicasIn(round)
	permutations := make([]plan.Permutation, last+1)
	for i := first; i <= last; i++ {
		permutations[i] = plan.NewPermutation(g.N, job.Mix.Seed, job.Replicas[i])
	}
	parts := make([][]plan.Row, g.Parts)
	ordinal := p.Ordinal
	for entry, label := range usable(job, g, p, all) {
		for i := first; i <= last; i++ {
			r := job.Replicas[i]
			position := permutations[i].At(ordinal)
			part := int64(i)*g.Groups + g.group(shards.Of(position))
			if !g.inRound(part, round) {
				continue
			}
			row := rowOf(entry, r)
			if !job.Geometry.Random() {
				row = rowOf(entry, 0)
			}
			s := *row
			s.Replica = r
			parts[part] = append(parts[part], plan.Row{Ordinal: ordinal, Position: position, Label: label, Sample: &s, Spool: copies.locate(entry, row, int(i)), More: more.of(row)})
		}
		ordinal++
	}
	if n := ordinal - p.Ordinal; n != p.Used {
		return nil, defect("%s (%s to %s): %d images take part, %d were counted", p.Container, p.First, p.Last, n, p.Used)
	}
	return parts, nil
}

// spots finds the peaks of further detectors by the row of the first.
type spots struct {
	others []*cache.Chunk
	place  map[*premix.Sample]int // of a row in its chunk; nil: there are no others
}

func newSpots(all []premix.Sample, others []*cache.Chunk) spots {
	s := spots{others: others}
	if len(others) > 0 {
		s.place = make(map[*premix.Sample]int, len(all))
		for i := range all {
			s.place[&all[i]] = i
		}
	}
	return s
}

// of are the peaks of the image and replica of a row.
func (s spots) of(row *premix.Sample) (more []plan.Spot) {
	for _, c := range s.others {
		r := &c.Rows[s.place[row]]
		more = append(more, plan.Spot{Peak: r.Peak, Trough: r.Trough, Flat: r.Flat})
	}
	return more
}

// usable yields the images of a chunk that take part, in order, with their class index: those that
// are good in every replica, in the class list, and within the limits.
func usable(job *Job, g *Global, p *PlannedChunk, all []premix.Sample) iter.Seq2[[]premix.Sample, int] {
	return func(yield func(entry []premix.Sample, label int) bool) {
		res := job.resolver(g.Classes)
		taken := map[int]int64{}
		for e := range firstEntries(all, p.Looked) {
			if faultOf(e, job.cropReplicas()) != nil {
				continue
			}
			label, ok, err := res.resolve(labelOf(&e[0]))
			if err != nil || !ok {
				continue
			}
			if most, bound := p.Left[label]; bound && taken[label] == most {
				continue
			}
			taken[label]++
			if !yield(e, label) {
				return
			}
		}
	}
}

// copies finds the entries of a chunk in its spool, which has the copies of good entries one after
// the other, in order.
type copies struct {
	job    *Job
	path   string // empty: entries are read where they are
	mode   string
	offset map[*premix.Sample]int64 // of an entry, by its first row
	kept   *keptCrops               // where crops are kept
}

func newCopies(ctx context.Context, job *Job, sum *Summary, all []premix.Sample) (c *copies, err error) {
	c = &copies{job: job, mode: sum.Spool}
	switch c.mode {
	case SpoolRef:
		return c, nil
	case SpoolCrops: // what is not there any more is made again
		c.kept, err = openKept(ctx, job, sum.ID, nil)
		return c, err
	}
	c.path = spoolPath(job, sum.ID, sum.Stamp, sum.Spool)
	c.offset = map[*premix.Sample]int64{}
	var at int64
	for e := range byEntry(all) {
		if faultOf(e, job.cropReplicas()) == nil {
			c.offset[&e[0]] = at
			at += spoolSize(job, c.mode, &e[0])
		}
	}
	return c, nil
}

// locate is where the mix stage finds the copy for a row of an entry; zero: it reads the entry where
// it is. replica counts from the job's first.
func (c *copies) locate(entry []premix.Sample, row *premix.Sample, replica int) premix.Location {
	switch c.mode {
	case SpoolCrops:
		_, _, at, _ := c.kept.find(row.Digest, row.Replica)
		return at
	case SpoolPixels:
		n := int64(c.job.cropBytes())
		if !c.job.Geometry.Random() {
			replica = 0
		}
		return premix.Location{URI: c.path, Offset: c.offset[&entry[0]] + int64(replica)*n, Length: n}
	case SpoolBytes:
		return premix.Location{URI: c.path, Offset: c.offset[&entry[0]], Length: row.Location.Length}
	}
	return premix.Location{}
}
