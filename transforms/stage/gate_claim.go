package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
)

// claimAll claims the outputs of a job. Every output is looked at before the first one is touched.
func claimAll(ctx context.Context, job *Job, g *Global, rows []dataset.InputContainer) error {
	for _, write := range []bool{false, true} {
		for i := range job.Outputs {
			if err := claim(ctx, job, &job.Outputs[i], g, rows, write); err != nil {
				return err
			}
		}
	}
	each := int64(len(job.Replicas)) * job.parts()
	setTotals(g.N*each, g.Shards*each, g.Rounds)
	return nil
}

// claim checks that an output is this job's, or free, and records recipe and inputs there, before
// the first shard. With --overwrite it first removes what an earlier job left, once for a start of
// the job; but an unfinished output of this very recipe and input is completed, so that a run with
// --overwrite that was interrupted goes on when it is started again.
func claim(ctx context.Context, job *Job, o *Output, g *Global, rows []dataset.InputContainer, write bool) error {
	fp := shardFingerprint(o, g)
	format, err := formats.ByName(o.Format)
	if err != nil {
		return err
	}
	held, err := lookHeld(ctx, job, o)
	if err != nil {
		return err
	}
	remove, err := held.replaced(ctx, fp)
	if err != nil {
		return err
	}
	if remove {
		held.inputs, held.config = nil, nil
	} else if err := held.check(ctx, fp, g, rows); err != nil {
		return err
	}
	spec := o.spec(job, g, 0)
	if err := held.bounded(format, spec, g, rows); err != nil {
		return err
	}
	if err := dataset.Agree(ctx, o.Dir, format, spec); err != nil {
		if mismatch := (*dataset.MismatchError)(nil); errors.As(err, &mismatch) {
			return refuse(CodeOther, "%v", err)
		}
		return err
	}
	if !remove {
		if err := unlisted(ctx, job, o, format, spec, fp, write); err != nil {
			return err
		}
	}
	if !write {
		return nil
	}
	if remove {
		if err := refuseLink(dataset.Remove(ctx, o.Dir, job.Split)); err != nil {
			return err
		}
	}
	err = dataset.SaveInputs(ctx, o.Dir, job.Split, &dataset.Inputs{
		Digest: g.InputsDigest, GoodDigest: g.GoodDigest, ClassList: g.OwnList, RunID: job.RunID, Replicas: held.begun(g), Roots: job.Inputs, Containers: rows,
		Labels: job.Source.Labels, Accept: job.Source.Accept, Listing: o.Listing, Warnings: g.Warnings,
	})
	if err != nil {
		return err
	}
	if !dataset.IsFinished(ctx, o.Dir, job.Split) { // the finish stage writes that of a run on a finished split
		if err := dataset.SaveRun(ctx, o.Dir, job.Split, job.RunJSON(o)); err != nil {
			return err
		}
	}
	return dataset.SaveConfig(ctx, o.Dir, format, spec, fp, o.Recipe)
}

// unlisted refuses to go on beside replicas that an interrupted run left unfinished and that this job
// does not make: no manifest would list them. --overwrite removes them.
func unlisted(ctx context.Context, job *Job, o *Output, format shard.Format, spec shard.Spec, fp string, write bool) error {
	_, rest, err := dataset.Others(ctx, o.Dir, format, spec, fp, job.Replicas)
	if err != nil || len(rest) == 0 {
		return err
	}
	if job.Overwrite {
		if write {
			return refuseLink(dataset.RemoveLeftovers(ctx, o.Dir, rest))
		}
		return nil
	}
	names := make([]string, len(rest))
	for i, l := range rest {
		name := "replica 0" // without a number in its names
		if job.numbered(l.Replica) {
			name = fmt.Sprintf("r%03d", l.Replica)
		}
		names[i] = fmt.Sprintf("%s with %d of %d shards", name, l.Shards, spec.Shards)
	}
	first, last := rest[0].Replica, rest[len(rest)-1].Replica
	what := "remove them"
	if _, err := dataset.LoadManifest(ctx, o.Dir, job.Split); err == nil {
		what = "rewrite the whole split"
	}
	return refuse(CodeOther, "%s has unfinished replicas of a run that was interrupted (%s): finish them with --first-replica %d --replicas %d, or add --overwrite to %s",
		o.Dir, source.FirstNames(names), first, last-first+1, what)
}

// loadInputs returns nil where there is no inputs.json, or a damaged one: it is of use only for
// messages.
func loadInputs(ctx context.Context, out, split string) (*dataset.Inputs, error) {
	in, err := dataset.LoadInputs(ctx, out, split)
	if errors.Is(err, fs.ErrNotExist) || dataset.Damaged(err) {
		return nil, nil
	}
	return in, err
}

// RunOf returns the RunID of the job that wrote an output's inputs.json, "" if there is none. It is
// written when the job is planned.
func RunOf(ctx context.Context, out, split string) (string, error) {
	in, err := loadInputs(ctx, out, split)
	if err != nil || in == nil {
		return "", err
	}
	return in.RunID, nil
}
