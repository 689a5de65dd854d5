package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn4[context.Context, []byte, func(*[]byte) bool, func([]byte)](&gateFn{})
}

// Gate takes the summaries of all chunks and returns a PCollection<[]byte> of one element, the
// plan of the job. It fails with a *stage.Refusal where the job must stop before its first write.
func Gate(s beam.Scope, job *Job, summaries beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Gate")
	return beam.ParDo(s, &gateFn{newJobFn("transforms.Gate", job)}, beam.Impulse(s), beam.SideInput{Input: summaries})
}

type gateFn struct{ jobFn }

func (fn *gateFn) ProcessElement(ctx context.Context, _ []byte, summaries func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, err := fn.load()
	if err != nil {
		return err
	}
	sums, err := drain[stage.Summary](summaries)
	if err != nil {
		return err
	}
	g, err := stage.Gate(ctx, job, sums)
	if err != nil {
		return err
	}
	return encodeTo[stage.Global](emit)(g)
}
