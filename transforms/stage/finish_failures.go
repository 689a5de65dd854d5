package stage

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
)

// failures are the bad images of a job. They are in the rows of the cache, which are read again for them; where
// they are few, they are then kept for the next output.
type failures struct {
	job  *Job
	g    *Global
	in   *Account
	kept []premix.Failure // of the chunks; nil: not read, or too many
	most int              // chunks that are read at once
}

const (
	// failuresAhead is how many chunks are read at once, where they have few rows.
	failuresAhead = 16
	// failureRows bounds the rows of chunks that are read at once, about: 50 MB.
	failureRows = 1 << 17
	// keptFailures bounds the memory of failures that are kept, failureSize is what one takes beside its texts.
	keptFailures = 32 << 20
	failureSize  = 96
)

func newFailures(job *Job, g *Global, in *Account) *failures {
	return &failures{job: job, g: g, in: in, most: failuresAhead}
}

// ahead is how many of some chunks are read at once.
func (f *failures) ahead(chunks []BadChunk) int {
	n, rows := 0, int64(0)
	for n < min(f.most, len(chunks)) {
		if rows += chunks[n].Entries * int64(len(f.job.cropReplicas())); n > 0 && rows > failureRows {
			break
		}
		n++
	}
	return n
}

// each yields every failure in the order of the input, those outside any container first. It returns the first
// error of yield.
func (f *failures) each(ctx context.Context, yield func(premix.Failure) error) error {
	for _, row := range f.job.Catalog.Failures {
		row.Weight = f.in.weight(&row)
		if err := yield(row); err != nil {
			return err
		}
	}
	if f.kept != nil {
		return yieldAll(f.kept, yield)
	}
	kept, size := []premix.Failure{}, 0
	err := f.chunks(ctx, func(rows []premix.Failure) error {
		for i := range rows {
			size += len(rows[i].Name) + len(rows[i].Reason) + failureSize
		}
		if size <= keptFailures {
			kept = append(kept, rows...)
		}
		return yieldAll(rows, yield)
	})
	if err == nil && size <= keptFailures {
		f.kept = kept
	}
	return err
}

func yieldAll(rows []premix.Failure, yield func(premix.Failure) error) error {
	for i := range rows {
		if err := yield(rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// chunks yields the failures of each chunk that has any, in the order of the input.
func (f *failures) chunks(ctx context.Context, yield func([]premix.Failure) error) error {
	for left := f.in.Bad; len(left) > 0; {
		batch := left[:f.ahead(left)]
		left = left[len(batch):]
		rows := make([][]premix.Failure, len(batch))
		g, gctx := errgroup.WithContext(ctx)
		for i := range batch {
			g.Go(func() (err error) {
				defer recoverAs(&err)
				rows[i], err = f.of(gctx, &batch[i])
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i := range rows {
			if err := yield(rows[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// of reads the failures of a chunk.
func (f *failures) of(ctx context.Context, b *BadChunk) (rows []premix.Failure, err error) {
	chunk, err := reloadRows(ctx, f.job, &b.Summary)
	if err != nil {
		return nil, err
	}
	res := f.job.resolver(f.g.Classes)
	weights := b.Weights
	for e := range firstEntries(chunk.Rows, b.Looked) {
		row := premix.Failure{Name: e[0].Name}
		if s := faultOf(e, f.job.cropReplicas()); s != nil {
			row.Stage, row.Kind, row.Reason = s.FaultStage, s.Fault.Kind, s.Fault.Reason
			if _, ok := lossOf(s); ok {
				if len(weights) == 0 {
					return nil, defect("%s (%s to %s) has more losses than its summary", b.Container, b.First, b.Last)
				}
				row.Weight, weights = weights[0], weights[1:]
			}
		} else if _, _, err := res.resolve(labelOf(&e[0])); err != nil {
			row.Stage, row.Kind = premix.StageLabel, premix.BadLabel
			row.Reason = source.Place(b.Layout, &e[0]) + err.Error()
		} else {
			continue
		}
		rows = append(rows, row)
	}
	return rows, nil
}
