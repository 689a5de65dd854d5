package transforms

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.DoFn4x1[context.Context, []byte, func(*[]byte) bool, func([]byte), error](&gateFn{})
	register.DoFn4x1[context.Context, []byte, func(*[]byte) bool, func(int64, []byte), error](&distributeFn{})
	register.DoFn4x1[context.Context, int64, func(*[]byte) bool, func(int64, []byte), error](&collectFn{})
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

func (fn *gateFn) ProcessElement(ctx context.Context, _ []byte, summaries func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
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
// batches, framed with their parts and keyed by bucket. These are all the bytes that a shuffle
// moves.
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

func (fn *distributeFn) ProcessElement(ctx context.Context, elem []byte, global func(*[]byte) bool, emit func(int64, []byte)) (err error) {
	defer seal(&err)
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
	var bucket int64
	var framed []byte
	err = stage.Distribute(ctx, job, g, &sum, func(part int64, batch []byte) {
		if b := g.Bucket(part); b != bucket {
			if framed != nil {
				emit(bucket, framed)
			}
			bucket, framed = b, nil
		}
		framed = appendFrame(binary.AppendUvarint(framed, uint64(part)), batch)
	})
	if err == nil && framed != nil {
		emit(bucket, framed)
	}
	return err
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

// appendFrame appends a batch with its length.
func appendFrame(all, batch []byte) []byte {
	return append(binary.AppendUvarint(all, uint64(len(batch))), batch...)
}

// frame takes the first batch off what appendFrame made.
func frame(all []byte) (batch, rest []byte, err error) {
	n, k := binary.Uvarint(all)
	if k <= 0 || n > uint64(len(all)-k) {
		return nil, nil, fmt.Errorf("transforms: a group of %d bytes is torn", len(all))
	}
	return all[k : k+int(n)], all[k+int(n):], nil
}

// Collect takes the row batches and returns a PCollection<KV<int64,[]byte>> with one element for
// each part, dealt out evenly to the workers: a runner that hashes few keys, as Flink does, would
// leave some of its slots idle.
func Collect(s beam.Scope, batches beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Collect")
	return beam.Reshuffle(s, beam.ParDo(s, &collectFn{}, beam.GroupByKey(s, batches)))
}

type collectFn struct{}

func (fn *collectFn) ProcessElement(_ context.Context, _ int64, batches func(*[]byte) bool, emit func(int64, []byte)) (err error) {
	defer seal(&err)
	parts := map[int64][]byte{}
	var framed []byte
	for batches(&framed) {
		for rest := framed; len(rest) > 0; {
			part, k := binary.Uvarint(rest)
			if k <= 0 {
				return fmt.Errorf("transforms: a bucket of %d bytes is torn", len(framed))
			}
			var batch []byte
			var err error
			if batch, rest, err = frame(rest[k:]); err != nil {
				return err
			}
			parts[int64(part)] = appendFrame(parts[int64(part)], batch)
		}
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		emit(part, parts[part])
	}
	return nil
}
