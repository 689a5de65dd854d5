package transforms

import (
	"context"
	"iter"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn5[context.Context, []byte, func(*[]byte) bool, func(*[]byte) bool, func(*[]byte) bool](&finishFn{})
}

// Finish completes the outputs. Its input is an impulse and not a grouping of the records: a stage
// after a grouping never runs where there are none.
func Finish(s beam.Scope, job *Job, accounts, global, records beam.PCollection) {
	s = s.Scope("transforms.Finish")
	beam.ParDo0(s, &finishFn{newPlanFn("transforms.Finish", job)}, beam.Impulse(s),
		beam.SideInput{Input: accounts}, beam.SideInput{Input: global}, beam.SideInput{Input: records})
}

type finishFn struct{ planFn }

func (fn *finishFn) ProcessElement(ctx context.Context, _ []byte, accounts, global, records func(*[]byte) bool) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, g, err := fn.loadPlan(global)
	if err != nil || g == nil {
		return err
	}
	parts, err := drain[stage.Account](accounts)
	if err != nil {
		return err
	}
	return stage.Finish(ctx, job, g, parts, batches(records))
}

// batches decodes the records of shards one batch after the other.
func batches(next func(*[]byte) bool) iter.Seq2[*stage.OutputBatch, error] {
	return func(yield func(*stage.OutputBatch, error) bool) {
		var elem []byte
		for next(&elem) {
			if b, err := stage.ReadOutputBatch(elem); !yield(b, err) || err != nil {
				return
			}
		}
	}
}
