package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/plan"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn5[context.Context, int64, []byte, func(*[]byte) bool, func([]byte)](&mixFn{})
}

// Mix takes the rows of groups of shards and the plan, writes the shards, and returns a
// PCollection<[]byte> of batches of shard records.
func Mix(s beam.Scope, job *Job, groups, global beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Mix")
	return beam.ParDo(s, &mixFn{newPlanFn("transforms.Mix", job)}, groups, beam.SideInput{Input: global})
}

type mixFn struct{ planFn }

func (fn *mixFn) ProcessElement(ctx context.Context, _ int64, batch []byte, global func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, g, err := fn.loadPlan(global)
	if err != nil || g == nil {
		return err
	}
	var rows []plan.Row
	for len(batch) > 0 {
		var b []byte
		if b, batch, err = frame(batch); err != nil {
			return err
		}
		if rows, err = plan.ReadRows(rows, b); err != nil {
			return err
		}
	}
	batches, err := stage.Mix(ctx, job, g, rows)
	if err != nil {
		return err
	}
	return emitBatches(emit, batches)
}

// emitBatches emits what the finish stage needs of shards.
func emitBatches(emit func([]byte), batches []stage.OutputBatch) error {
	for i := range batches {
		b, err := batches[i].Encode()
		if err != nil {
			return err
		}
		emit(b)
	}
	return nil
}
