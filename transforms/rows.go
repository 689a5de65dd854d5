package transforms

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn4[context.Context, []byte, func(*[]byte) bool, func(int64, []byte)](&distributeFn{})
	registerDoFn4[context.Context, int64, func(*[]byte) bool, func(int64, []byte)](&collectFn{})
	registerDoFn4[context.Context, []byte, func(*[]byte) bool, func([]byte)](&afterFn{})
}

// Distribute takes the chunks of the plan and the plan, and returns a PCollection<KV<int64,[]byte>> of row
// batches of a round, framed with their parts and keyed by bucket. These are all the bytes that a shuffle
// moves.
func Distribute(s beam.Scope, job *Job, round int64, chunks, global beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Distribute")
	fn := &distributeFn{newPlanFn("transforms.Distribute", job), round}
	return beam.ParDo(s, fn, chunks, beam.SideInput{Input: global})
}

type distributeFn struct {
	planFn
	Round int64
}

func (fn *distributeFn) ProcessElement(ctx context.Context, elem []byte, global func(*[]byte) bool, emit func(int64, []byte)) (err error) {
	defer seal(&err)
	job, g, err := fn.loadPlan(global)
	if err != nil || g == nil {
		return err
	}
	var chunk stage.PlannedChunk
	if err := decode(elem, &chunk); err != nil {
		return err
	}
	var bucket int64
	var framed []byte
	err = stage.Distribute(ctx, job, g, &chunk, fn.Round, func(part int64, batch []byte) {
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

// After returns the plan once all shards of a round have their records, so that who takes it as a side input begins
// then: the runner does not hold the rows of two rounds.
func After(s beam.Scope, job *Job, global, records beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.After")
	return beam.ParDo(s, &afterFn{newJobFn("transforms.After", job)}, global, beam.SideInput{Input: records})
}

type afterFn struct{ jobFn }

func (fn *afterFn) ProcessElement(_ context.Context, global []byte, _ func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	if _, err := fn.load(); err != nil {
		return err
	}
	emit(global)
	return nil
}

// Collect takes the row batches and returns a PCollection<KV<int64,[]byte>> with one element for
// each part, dealt out evenly to the workers: a runner that hashes few keys, as Flink does, would
// leave some of its slots idle.
func Collect(s beam.Scope, job *Job, batches beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Collect")
	return beam.Reshuffle(s, beam.ParDo(s, &collectFn{newJobFn("transforms.Collect", job)}, beam.GroupByKey(s, batches)))
}

type collectFn struct{ jobFn }

func (fn *collectFn) ProcessElement(_ context.Context, _ int64, batches func(*[]byte) bool, emit func(int64, []byte)) (err error) {
	defer seal(&err)
	if _, err := fn.load(); err != nil {
		return err
	}
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
