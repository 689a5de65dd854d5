package stage

import (
	"context"
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/plan"
)

// usable yields the images of a chunk that take part, in order, with their class index: those that
// are good in every replica, in the class list, and within the limits.
func usable(job *Job, g *Global, id string, all []premix.Sample, yield func(entry []premix.Sample, label int)) {
	res := job.resolver(g.Classes)
	p := g.Chunks[id]
	taken := map[int]int64{}
	var n int64
	for e := range entries(all) {
		if n == p.Entries {
			return
		}
		n++
		if faultOf(e, job.cropReplicas()) != nil {
			continue
		}
		label, ok, err := res.resolve(labelOf(&e[0]))
		if err != nil || !ok {
			continue
		}
		if p.Left != nil {
			if taken[label] == p.Left[label] {
				continue
			}
			taken[label]++
		}
		yield(e, label)
	}
}

// Distribute sends the images of a chunk to their shards: it yields batches of rows, one for each
// part (group of shards in a replica) that gets any, in ascending order of the parts.
func Distribute(ctx context.Context, job *Job, g *Global, sum *Summary, yield func(part int64, batch []byte)) error {
	if g.Chunks[sum.ID].Count == 0 {
		return nil
	}
	chunk, err := again(ctx, job, sum)
	if err != nil {
		return err
	}
	copies := newCopies(job, sum, chunk.Rows)
	shards := plan.Shards{N: g.N, S: g.Shards}
	perms := make([]plan.Permutation, len(job.Replicas))
	for i, r := range job.Replicas {
		perms[i] = plan.NewPermutation(g.N, job.Mix.Seed, r)
	}
	parts := make([][]plan.Row, g.Parts)
	ordinal := g.Chunks[sum.ID].First
	usable(job, g, sum.ID, chunk.Rows, func(e []premix.Sample, label int) {
		for i, r := range job.Replicas {
			row := pick(e, r)
			if !job.Geometry.Random() {
				row = pick(e, 0)
			}
			s := *row
			s.Replica = r
			pos := perms[i].At(ordinal)
			k := int64(i)*g.Groups + g.group(shards.Of(pos))
			parts[k] = append(parts[k], plan.Row{Ordinal: ordinal, Position: pos, Label: label, Sample: &s, Spool: copies.locate(e, row, i)})
		}
		ordinal++
	})
	if got, want := ordinal-g.Chunks[sum.ID].First, g.Chunks[sum.ID].Count; got != want {
		return defect("%s (%s to %s): %d images take part, %d were counted", sum.Container, sum.First, sum.Last, got, want)
	}
	for k, rows := range parts {
		if len(rows) == 0 {
			continue
		}
		batch, err := plan.AppendRows(nil, rows)
		if err != nil {
			return fmt.Errorf("%s: %w", sum.Container, err)
		}
		yield(int64(k), batch)
	}
	return nil
}

// copies finds the entries of a chunk in its spool: the copies of good entries stand there one
// after the other, in order.
type copies struct {
	job    *Job
	path   string // empty: entries are read where they are
	mode   string
	offset map[*premix.Sample]int64 // of an entry, by its first row
}

func newCopies(job *Job, sum *Summary, all []premix.Sample) *copies {
	c := &copies{job: job, mode: sum.Spool}
	if c.mode == SpoolRef {
		return c
	}
	c.path = spoolPath(job, sum.ID, sum.Stamp, sum.Spool)
	c.offset = map[*premix.Sample]int64{}
	var at int64
	for e := range entries(all) {
		if faultOf(e, job.cropReplicas()) == nil {
			c.offset[&e[0]] = at
			at += spoolSize(job, c.mode, &e[0])
		}
	}
	return c
}

// locate is where the mix stage finds the copy for a row of an entry; zero: it reads the entry where
// it is. replica counts from the job's first.
func (c *copies) locate(entry []premix.Sample, row *premix.Sample, replica int) premix.Location {
	switch c.mode {
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
