package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn3[context.Context, []byte, func([]byte)](&listFn{})
	registerDoFn3[context.Context, []byte, func([]byte)](&splitFn{})
}

// Scan turns containers into a PCollection<[]byte> of chunks: workers list folders and headers.
func Scan(s beam.Scope, job *Job, containers []source.Container) beam.PCollection {
	s = s.Scope("transforms.Scan")
	listed := beam.ParDo(s, &listFn{newContainersFn("transforms.Scan", job, containers)}, beam.Impulse(s))
	chunks := beam.ParDo(s, &splitFn{newJobFn("transforms.Scan", job)}, beam.Reshuffle(s, listed))
	return beam.Reshuffle(s, chunks)
}

// NoSummaries returns an empty PCollection<[]byte>, for the [Gate] of a job that replays a plan: what they need to know of the input, the plan tells.
func NoSummaries(s beam.Scope, job *Job) beam.PCollection {
	s = s.Scope("transforms.NoSummaries")
	return beam.ParDo(s, &listFn{newContainersFn("transforms.NoSummaries", job, nil)}, beam.Impulse(s))
}

// listFn emits the containers, which the launcher found.
type listFn struct{ containersFn }

func (fn *listFn) ProcessElement(_ context.Context, _ []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	_, list, err := fn.loadContainers()
	if err != nil {
		return err
	}
	return emitAll(emit, list)
}

// splitFn cuts a container into chunks.
type splitFn struct{ jobFn }

func (fn *splitFn) ProcessElement(ctx context.Context, elem []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	var c source.Container
	job, err := fn.loadWith(elem, &c)
	if err != nil {
		return err
	}
	if err := stage.Reachable(ctx, job); err != nil {
		return err
	}
	chunks, err := stage.SplitOnce(ctx, job, c)
	if err != nil {
		return err
	}
	return emitAll(emit, chunks)
}
