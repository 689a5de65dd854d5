package transforms

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.DoFn4x1[context.Context, []byte, func(*[]byte) bool, func([]byte), error](&gateFn{})
	register.DoFn4x1[context.Context, []byte, func(*[]byte) bool, func(int64, []byte), error](&distributeFn{})
	register.DoFn3x2[context.Context, int64, func(*[]byte) bool, int64, []byte](&collectFn{})
}

// Gate takes the summaries of all chunks and returns a PCollection<[]byte> of one element, the
// plan of the job. It fails with a *stage.Refusal where the job must stop before its first write.
func Gate(s beam.Scope, job *Job, summaries beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Gate")
	return impulseTo(s, &gateFn{Job: mustMarshal("transforms.Gate", job)}, beam.SideInput{Input: summaries})[0]
}

type gateFn struct {
	Job []byte
	job *Job
}

func (fn *gateFn) ProcessElement(ctx context.Context, _ []byte, summaries func(*[]byte) bool, emit func([]byte)) error {
	job, err := load(&fn.job, fn.Job)
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
	b, err := marshal(g)
	if err != nil {
		return err
	}
	emit(b)
	return nil
}

// Distribute takes the summaries and the plan, and returns a PCollection<KV<int64,[]byte>> of row
// batches, keyed by group of shards. These are all the bytes that a shuffle moves.
func Distribute(s beam.Scope, job *Job, summaries, global beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Distribute")
	fn := &distributeFn{Job: mustMarshal("transforms.Distribute", job)}
	return beam.ParDo(s, fn, summaries, beam.SideInput{Input: global})
}

type distributeFn struct {
	Job    []byte
	job    *Job
	global *stage.Global
}

func (fn *distributeFn) ProcessElement(ctx context.Context, elem []byte, global func(*[]byte) bool, emit func(int64, []byte)) error {
	job, err := load(&fn.job, fn.Job)
	if err != nil {
		return err
	}
	g, err := loadGlobal(&fn.global, global)
	if err != nil || g == nil {
		return err
	}
	var sum stage.Summary
	if err := unmarshal(elem, &sum); err != nil {
		return err
	}
	return stage.Distribute(ctx, job, g, &sum, emit)
}

// loadGlobal reads the plan from its side input, once for each instance. There is none where the
// gate refused; then nothing is to be done.
func loadGlobal(cached **stage.Global, next func(*[]byte) bool) (*stage.Global, error) {
	if *cached == nil {
		all, err := drain[stage.Global](next)
		if err != nil || len(all) == 0 {
			return nil, err
		}
		*cached = &all[0]
	}
	return *cached, nil
}

// frames splits what collectFn joined.
func frames(all []byte, yield func([]byte) error) error {
	for len(all) > 0 {
		n, k := binary.Uvarint(all)
		if k <= 0 || n > uint64(len(all)-k) {
			return fmt.Errorf("transforms: a group of %d bytes is torn", len(all))
		}
		if err := yield(all[k : k+int(n)]); err != nil {
			return err
		}
		all = all[k+int(n):]
	}
	return nil
}

// Collect takes the row batches and returns a PCollection<KV<int64,[]byte>> with one element for
// each group, spread evenly over the workers: a runner that hashes few keys, as Flink does, would
// leave some of its slots idle.
func Collect(s beam.Scope, batches beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Collect")
	return beam.Reshuffle(s, beam.ParDo(s, &collectFn{}, beam.GroupByKey(s, batches)))
}

type collectFn struct{}

func (fn *collectFn) ProcessElement(_ context.Context, group int64, batches func(*[]byte) bool) (int64, []byte) {
	var all, b []byte
	for batches(&b) {
		all = append(binary.AppendUvarint(all, uint64(len(b))), b...)
	}
	return group, all
}
