package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn3[context.Context, []byte, func([]byte)](&peaksFn{})
}

// Peaks takes a PCollection<[]byte> of chunks, makes sure that the cache has their peaks, and
// returns a PCollection<[]byte> of summaries, one for each chunk.
func Peaks(s beam.Scope, job *Job, chunks beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Peaks")
	return beam.ParDo(s, &peaksFn{newJobFn("transforms.Peaks", job)}, chunks)
}

type peaksFn struct{ jobFn }

func (fn *peaksFn) ProcessElement(ctx context.Context, elem []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	var c source.Chunk
	job, err := fn.loadWith(elem, &c)
	if err != nil {
		return err
	}
	sum, err := stage.Peaks(ctx, job, c)
	if err != nil {
		return err
	}
	return encodeTo[stage.Summary](emit)(sum)
}
