package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.DoFn3x1[context.Context, []byte, func([]byte), error](&chooseFn{})
	register.DoFn4x1[context.Context, []byte, func(*[]byte) bool, func([]byte), error](&restFn{})
}

// LimitedPeaks is Scan and Peaks of a job whose limits end before its input does. What is needed by
// an estimate is worked on in parallel; then one worker adds, chunk by chunk, what the estimate was
// short of, so that no peak is found that nobody asked for, but for those in the last chunk.
func LimitedPeaks(s beam.Scope, job *Job, containers []source.Container) beam.PCollection {
	encoded, list := mustMarshal("transforms.LimitedPeaks", job), mustMarshal("transforms.LimitedPeaks", containers)
	scan := s.Scope("transforms.Scan")
	chunks := beam.ParDo(scan, &chooseFn{Job: encoded, Containers: list}, beam.Impulse(scan))
	some := Peaks(s, job, beam.Reshuffle(scan, chunks))
	s = s.Scope("transforms.Peaks")
	return beam.Reshuffle(s, impulseTo(s, &restFn{Job: encoded, Containers: list}, beam.SideInput{Input: some})[0])
}

// chooseFn emits the chunks that are needed by an estimate.
type chooseFn struct{ Job, Containers []byte }

func (fn *chooseFn) ProcessElement(ctx context.Context, _ []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	job, containers, err := loadBoth(fn.Job, fn.Containers)
	if err != nil {
		return err
	}
	if err := stage.Reachable(ctx, job); err != nil {
		return err
	}
	return stage.Choose(ctx, job, containers, func(c source.Chunk) error {
		b, err := marshal(&c)
		if err == nil {
			emit(b)
		}
		return err
	})
}

// restFn emits the summaries of the chunks that are really needed, and makes those that lack.
type restFn struct{ Job, Containers []byte }

func (fn *restFn) ProcessElement(ctx context.Context, _ []byte, some func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	job, containers, err := loadBoth(fn.Job, fn.Containers)
	if err != nil {
		return err
	}
	have, err := drain[stage.Summary](some)
	if err != nil {
		return err
	}
	return stage.Rest(ctx, job, containers, have, func(s *stage.Summary) error {
		b, err := marshal(s)
		if err == nil {
			emit(b)
		}
		return err
	})
}

func loadBoth(encodedJob, encodedContainers []byte) (*Job, []source.Container, error) {
	var job *Job
	if _, err := load(&job, encodedJob); err != nil {
		return nil, nil, err
	}
	var containers []source.Container
	err := unmarshal(encodedContainers, &containers)
	return job, containers, err
}
