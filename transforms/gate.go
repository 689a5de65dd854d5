package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn6[context.Context, []byte, func() func(*[]byte) bool, func([]byte), func([]byte), func([]byte)](&gateFn{})
}

// Gate takes the summaries of all chunks and returns three PCollection<[]byte>: the plan of the job, one
// element, which each worker of later stages holds; its chunks, dealt out evenly; and the accounts for [Finish].
// It fails with a *stage.Refusal where the job must stop before its first write.
func Gate(s beam.Scope, job *Job, summaries beam.PCollection) (global, chunks, accounts beam.PCollection) {
	s = s.Scope("transforms.Gate")
	fn := &gateFn{newJobFn("transforms.Gate", job)}
	global, chunks, accounts = beam.ParDo3(s, fn, beam.Impulse(s), beam.SideInput{Input: summaries})
	return global, beam.Reshuffle(s, chunks), accounts
}

type gateFn struct{ jobFn }

func (fn *gateFn) ProcessElement(ctx context.Context, _ []byte, summaries func() func(*[]byte) bool, global, chunks, accounts func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, err := fn.load()
	if err != nil {
		return err
	}
	p, err := stage.Gate(ctx, job, func(yield func(*stage.Summary) error) error { return decodeEach(summaries(), yield) })
	if err != nil {
		return err
	}
	if err := encodeTo[stage.Global](global)(p.Global); err != nil {
		return err
	}
	if err := emitAll(chunks, p.Chunks); err != nil {
		return err
	}
	return emitAll(accounts, p.Accounts)
}
