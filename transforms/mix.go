package transforms

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/premix/premix/plan"
	"github.com/premix/premix/transforms/stage"
)

func init() {
	register.DoFn5x1[context.Context, int64, []byte, func(*[]byte) bool, func([]byte), error](&mixFn{})
	register.DoFn5x1[context.Context, []byte, func(*[]byte) bool, func(*[]byte) bool, func(*[]byte) bool, error](&finishFn{})
}

// Mix takes the rows of groups of shards and the plan, writes the shards, and returns a
// PCollection<[]byte> of shard records.
func Mix(s beam.Scope, job *Job, groups, global beam.PCollection) beam.PCollection {
	s = s.Scope("transforms.Mix")
	return beam.ParDo(s, &mixFn{Job: mustMarshal("transforms.Mix", job)}, groups, beam.SideInput{Input: global})
}

type mixFn struct {
	Job    []byte
	job    *Job
	global *stage.Global
}

func (fn *mixFn) ProcessElement(ctx context.Context, _ int64, batch []byte, global func(*[]byte) bool, emit func([]byte)) (err error) {
	defer seal(&err)
	job, err := load(&fn.job, fn.Job)
	if err != nil {
		return err
	}
	g, err := loadGlobal(&fn.global, global)
	if err != nil || g == nil {
		return err
	}
	var rows []plan.Row
	for len(batch) > 0 {
		var b []byte
		if b, batch, err = frame(batch); err != nil {
			return err
		}
		if rows, err = plan.ReadRows(rows, b); err != nil {
			return err
		}
	}
	records, err := stage.Mix(ctx, job, g, rows)
	if err != nil {
		return err
	}
	for i := range records {
		b, err := marshal(&records[i])
		if err != nil {
			return err
		}
		emit(b)
	}
	return nil
}

// Finish completes the outputs. It hangs on an impulse, not on a grouping of the records: a stage
// behind a grouping never runs where there are none.
func Finish(s beam.Scope, job *Job, summaries, global, records beam.PCollection) {
	s = s.Scope("transforms.Finish")
	beam.ParDo0(s, &finishFn{Job: mustMarshal("transforms.Finish", job)}, beam.Impulse(s),
		beam.SideInput{Input: summaries}, beam.SideInput{Input: global}, beam.SideInput{Input: records})
}

type finishFn struct {
	Job []byte
	job *Job
}

func (fn *finishFn) ProcessElement(ctx context.Context, _ []byte, summaries, global, records func(*[]byte) bool) (err error) {
	defer seal(&err)
	job, err := load(&fn.job, fn.Job)
	if err != nil {
		return err
	}
	sums, err := drain[stage.Summary](summaries)
	if err != nil {
		return err
	}
	plans, err := drain[stage.Global](global)
	if err != nil || len(plans) == 0 {
		return err
	}
	recs, err := drain[stage.OutputRecord](records)
	if err != nil {
		return err
	}
	return stage.Finish(ctx, job, &plans[0], sums, recs)
}
