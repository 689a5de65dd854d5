package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.DoFn3x1[context.Context, []byte, func([]byte), error](&listFn{})
	register.DoFn3x1[context.Context, []byte, func([]byte), error](&splitFn{})
}

// Scan turns containers into a PCollection<[]byte> of chunks: workers list folders and headers.
// The containers travel inside of the pipeline; the launcher listed them.
func Scan(s beam.Scope, job *Job, containers []source.Container) beam.PCollection {
	s = s.Scope("transforms.Scan")
	listed := beam.ParDo(s, &listFn{Containers: mustMarshal("transforms.Scan", containers)}, beam.Impulse(s))
	chunks := beam.ParDo(s, &splitFn{Job: mustMarshal("transforms.Scan", job)}, beam.Reshuffle(s, listed))
	return beam.Reshuffle(s, chunks)
}

// listFn emits the containers.
type listFn struct{ Containers []byte }

func (fn *listFn) ProcessElement(_ context.Context, _ []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	var list []source.Container
	if err := unmarshal(fn.Containers, &list); err != nil {
		return err
	}
	for i := range list {
		b, err := marshal(&list[i])
		if err != nil {
			return err
		}
		emit(b)
	}
	return nil
}

// splitFn cuts a container into chunks.
type splitFn struct {
	Job []byte
	job *Job
}

func (fn *splitFn) ProcessElement(ctx context.Context, elem []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	job, err := load(&fn.job, fn.Job)
	if err != nil {
		return err
	}
	if err := stage.Reachable(ctx, job); err != nil {
		return err
	}
	var c source.Container
	if err := unmarshal(elem, &c); err != nil {
		return err
	}
	chunks, err := stage.Split(ctx, job, c)
	if err != nil {
		return err
	}
	for i := range chunks {
		b, err := marshal(&chunks[i])
		if err != nil {
			return err
		}
		emit(b)
	}
	return nil
}
