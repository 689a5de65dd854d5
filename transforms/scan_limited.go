package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn3[context.Context, []byte, func([]byte)](&chooseFn{})
	registerDoFn4[context.Context, []byte, func(*[]byte) bool, func([]byte)](&moreFn{})
	registerDoFn4[context.Context, []byte, func(*[]byte) bool, func([]byte)](&restFn{})
}

// LimitedPeaks is Scan and Peaks of a job whose limits end before its input does. What is needed by
// an estimate is worked on in parallel, in three rounds, each by what those before it have measured; then one
// worker adds, chunk by chunk, what the estimates lacked. So no peaks are found that the limits do not need,
// except some in the last chunk, and some where containers have no counts.
func LimitedPeaks(s beam.Scope, job *Job, containers []source.Container) beam.PCollection {
	input := newContainersFn("transforms.LimitedPeaks", job, containers)
	scan := s.Scope("transforms.Scan")
	chunks := beam.ParDo(scan, &chooseFn{input}, beam.Impulse(scan))
	have := Peaks(s, job, beam.Reshuffle(scan, chunks))
	for _, last := range []bool{false, true} {
		more := beam.ParDo(scan, &moreFn{input, last}, beam.Impulse(scan), beam.SideInput{Input: have})
		have = beam.Flatten(s, have, Peaks(s, job, beam.Reshuffle(scan, more)))
	}
	s = s.Scope("transforms.Peaks")
	return beam.Reshuffle(s, beam.ParDo(s, &restFn{input}, beam.Impulse(s), beam.SideInput{Input: have}))
}

// chooseFn emits the chunks of the first round.
type chooseFn struct{ containersFn }

func (fn *chooseFn) ProcessElement(ctx context.Context, _ []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, containers, err := fn.loadContainers()
	if err != nil {
		return err
	}
	if err := stage.Reachable(ctx, job); err != nil {
		return err
	}
	send := encodeTo[source.Chunk](emit)
	return stage.Probe(ctx, job, containers, func(c source.Chunk) error { return send(&c) })
}

// moreFn emits the chunks of a later round.
type moreFn struct {
	containersFn
	Last bool
}

func (fn *moreFn) ProcessElement(ctx context.Context, _ []byte, have func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, containers, err := fn.loadContainers()
	if err != nil {
		return err
	}
	list, err := drain[stage.Summary](have)
	if err != nil {
		return err
	}
	send := encodeTo[source.Chunk](emit)
	return stage.More(ctx, job, containers, list, fn.Last, func(c source.Chunk) error { return send(&c) })
}

// restFn emits the summaries of the chunks that are really needed, and makes those that are missing.
type restFn struct{ containersFn }

func (fn *restFn) ProcessElement(ctx context.Context, _ []byte, estimated func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, containers, err := fn.loadContainers()
	if err != nil {
		return err
	}
	have, err := drain[stage.Summary](estimated)
	if err != nil {
		return err
	}
	return stage.Rest(ctx, job, containers, have, encodeTo[stage.Summary](emit))
}
