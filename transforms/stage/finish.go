package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/formats"
)

// Finish completes each output from the records of its shards: merged indexes, failures, the
// manifest last. batches yields those of all outputs, in any order.
func Finish(ctx context.Context, job *Job, g *Global, accounts []Account, batches iter.Seq2[*OutputBatch, error]) error {
	shards, err := gatherShards(job, g, batches)
	if err != nil {
		return err
	}
	err = finishAll(job.Guarded(ctx), job, g, accounts, shards)
	if err != nil {
		return err
	}
	// Last: the launcher may be gone, and from here on others may write to the outputs.
	return RemoveMarkers(ctx, job)
}

func finishAll(ctx context.Context, job *Job, g *Global, accounts []Account, shards []*dataset.ShardSet) error {
	in, err := outcomeOf(ctx, job, g, accounts)
	if err != nil {
		return err
	}
	err = completeOutputs(ctx, job, g, in, shards)
	// An earlier attempt may have cleaned up. Then the source of the failures may be gone, and the
	// outputs are as they should be.
	if errors.Is(err, fs.ErrNotExist) && job.Cache.Temporary {
		done, why := completed(ctx, job, g, shards)
		if why != nil {
			return errors.Join(err, why)
		}
		if done {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return cleanUp(ctx, job)
}

// An outcome is what became of the entries of the input.
type outcome struct {
	chunks []dataset.Chunk
	// ignored counts the side files outside the chunks.
	ignored int64
	// failures yields every failure in the order of the input.
	failures func(yield func(premix.Failure) error) error
}

// outcomeOf returns what became of the entries: as the gate says, or, in the replay of a plan, as
// the plan says.
func outcomeOf(ctx context.Context, job *Job, g *Global, accounts []Account) (*outcome, error) {
	if job.Replay != nil {
		return plannedOutcome(ctx, job)
	}
	all := joined(accounts)
	in := &outcome{ignored: job.Catalog.Ignored}
	for i := range all.Containers {
		c, err := all.Containers[i].Chunk()
		if err != nil {
			return nil, defect("%v", err)
		}
		in.chunks = append(in.chunks, c)
	}
	rows := newFailures(job, g, all)
	in.failures = func(yield func(premix.Failure) error) error { return rows.each(ctx, yield) }
	return in, nil
}

// completed says whether each output has a manifest of this very job that lists all shards.
func completed(ctx context.Context, job *Job, g *Global, shards []*dataset.ShardSet) (bool, error) {
	for i := range job.Outputs {
		o := &job.Outputs[i]
		if run, err := RunOf(ctx, o.Dir, job.Split); err != nil || run != job.RunID {
			return false, err
		}
		m, err := dataset.LoadManifest(ctx, o.Dir, job.Split)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil || m.Fingerprint != shardFingerprint(o, g) || !shards[i].ListedIn(m) {
			return false, err
		}
	}
	return !job.PlanOnly, nil
}

// completeOutputs completes each output. Where shards turn out to be damaged, it goes on with the other
// outputs, and then says which shards the next run makes anew.
func completeOutputs(ctx context.Context, job *Job, g *Global, in *outcome, shards []*dataset.ShardSet) error {
	var messages []string
	for i := range job.Outputs {
		err := completeOutput(ctx, job, g, in, &job.Outputs[i], shards[i])
		if damaged := (*dataset.DamagedError)(nil); errors.As(err, &damaged) {
			message, err := makeAnew(ctx, job, damaged)
			if err != nil {
				return err
			}
			messages = append(messages, message)
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(messages) > 0 {
		return refuse(CodeFailed, "%s", printable.Made(strings.Join(messages, "\n")))
	}
	return nil
}

// completeOutput completes one output. The error is a *[dataset.DamagedError] if shards are damaged.
func completeOutput(ctx context.Context, job *Job, g *Global, in *outcome, o *Output, shards *dataset.ShardSet) error {
	finish := dataset.Finish
	if job.PlanOnly {
		finish = dataset.FinishPlan
	}
	if want := g.Shards * int64(len(job.Replicas)); shards.Len() != want {
		return fmt.Errorf("stage: %s: %d of %d shards have a record", o.Dir, shards.Len(), want)
	}
	format, err := formats.ByName(o.Format)
	if err != nil {
		return err
	}
	if err := stillOurs(ctx, job, g, o, format, shards); err != nil {
		return err
	}
	run, err := withShards(job, o, shards)
	if err != nil {
		return err
	}
	_, err = finish(ctx, dataset.FinishParams{
		Out: o.Dir, Format: format, Spec: o.spec(job, g, 0), Replicas: job.Replicas,
		Shards: shards, Recipe: o.Recipe, Fingerprint: shardFingerprint(o, g), Versions: o.Versions,
		Chunks: in.chunks, Ignored: in.ignored, InputsDigest: g.InputsDigest, GoodDigest: g.GoodDigest, InputsClassList: g.OwnList, Failures: in.failures,
		Run: run, Indexes: job.Indexes.names(),
	})
	return err
}
