package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	registerDoFn3[context.Context, []byte, func([]byte)](&copyAsideFn{})
	registerDoFn4[context.Context, []byte, func(*[]byte) bool, func([]byte)](&plannedShardsFn{})
	registerDoFn5[context.Context, []byte, func(*[]byte) bool, func(*[]byte) bool, func([]byte)](&replayFn{})
}

// CopyAside takes a PCollection<[]byte> of chunks of containers without random access, copies their
// entries, and returns a PCollection<[]byte> of the places of the copies.
func CopyAside(s beam.Scope, job *Job, chunks beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.CopyAside")
	return beam.ParDo(s, &copyAsideFn{newJobFn("transforms.CopyAside", job)}, chunks)
}

type copyAsideFn struct{ jobFn }

func (fn *copyAsideFn) ProcessElement(ctx context.Context, elem []byte, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	var c source.Chunk
	job, err := fn.loadWith(elem, &c)
	if err != nil {
		return err
	}
	copied, err := stage.CopyAside(ctx, job, c)
	if err != nil {
		return err
	}
	return encodeTo[stage.Copied](emit)(copied)
}

// Replay takes the plan and the copies of containers without random access, makes the shard of every
// plan file, and returns a PCollection<[]byte> of batches of shard records. The containers of the input are part
// of the pipeline.
func Replay(s beam.Scope, job *Job, containers []source.Container, global, copies beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Replay")
	base := newPlanFn("transforms.Replay", job)
	shards := beam.ParDo(s, &plannedShardsFn{base}, beam.Impulse(s), beam.SideInput{Input: global})
	fn := &replayFn{planFn: base, Input: packContainers("transforms.Replay", containers)}
	return beam.ParDo(s, fn, beam.Reshuffle(s, shards), beam.SideInput{Input: global}, beam.SideInput{Input: copies})
}

// plannedShardsFn lists the plan files. Its side input makes it wait for the gate.
type plannedShardsFn struct{ planFn }

func (fn *plannedShardsFn) ProcessElement(ctx context.Context, _ []byte, global func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, g, err := fn.loadPlan(global)
	if err != nil || g == nil {
		return err
	}
	list, err := stage.PlannedShards(ctx, job)
	if err != nil {
		return err
	}
	return emitAll(emit, list)
}

type replayFn struct {
	planFn
	Input  []byte // the containers, by packContainers
	images *source.Locator
}

func (fn *replayFn) ProcessElement(ctx context.Context, elem []byte, global, copies func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	defer countWaits(ctx)
	job, g, err := fn.loadPlan(global)
	if err != nil || g == nil {
		return err
	}
	if fn.images == nil {
		containers, err := unpackContainers(fn.Input)
		if err != nil {
			return err
		}
		copied, err := drain[stage.Copied](copies)
		if err != nil {
			return err
		}
		fn.images = stage.NewImages(job, containers, copied)
	}
	var p stage.PlannedShard
	if err := decode(elem, &p); err != nil {
		return err
	}
	batches, err := stage.Replayed(ctx, job, g, fn.images, p)
	if err != nil {
		return err
	}
	return emitBatches(emit, batches)
}
