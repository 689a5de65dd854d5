package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
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
	setTotals(g.N*int64(len(job.Replicas)), g.Shards*int64(len(job.Replicas)))
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
	held, err := holding(ctx, job, o, fp)
	if err != nil {
		return err
	}
	if held.config != nil && held.config.Fingerprint != fp {
		ours, err := recordedAs(ctx, job, o, fp)
		if err != nil {
			return err
		}
		if !ours {
			return held.refusal(ctx, job, o, g, rows)
		}
	}
	spec := o.spec(job, g, 0)
	if err := dataset.Agree(ctx, o.Dir, format, spec); err != nil {
		if mismatch := (*dataset.MismatchError)(nil); errors.As(err, &mismatch) {
			return refuse(CodeOther, "%v", err)
		}
		return err
	}
	if !held.remove {
		if err := unlisted(ctx, job, o, format, spec, fp, write); err != nil {
			return err
		}
	}
	if !write {
		return nil
	}
	if held.remove {
		if err := refuseLink(dataset.Remove(ctx, o.Dir, job.Split)); err != nil {
			return err
		}
	}
	err = dataset.SaveInputs(ctx, o.Dir, job.Split, &dataset.Inputs{
		Digest: g.InputsDigest, GoodDigest: g.GoodDigest, ClassList: g.OwnList, RunID: job.RunID, Replicas: held.begun(job, o, g), Roots: job.Inputs, Containers: rows,
		Labels: job.Source.Labels, Accept: job.Source.Accept, Listing: job.Listing, Warnings: g.Warnings,
	})
	if err != nil {
		return err
	}
	if err := dataset.SaveRun(ctx, o.Dir, job.Split, job.Run); err != nil {
		return err
	}
	return dataset.SaveConfig(ctx, o.Dir, format, spec, fp, o.Recipe)
}

// A held is what an output holds of the job's split, and what the job has to agree with.
type held struct {
	inputs *dataset.Inputs // nil: nothing
	config *dataset.Config // nil: nothing
	remove bool            // the job replaces all of it, and agrees with anything
}

// holding reads what an output holds.
func holding(ctx context.Context, job *Job, o *Output, fp string) (held, error) {
	old, err := loadInputs(ctx, o.Dir, job.Split)
	if err != nil {
		return held{}, err
	}
	config, err := dataset.HeldConfig(ctx, o.Dir, job.Split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !dataset.Damaged(err) {
		return held{}, refuse(CodeOther, "%v: choose another --out, or remove the split's files", err)
	}
	if job.Overwrite && (old == nil || old.RunID != job.RunID) {
		ours, err := unfinished(ctx, job, o, config, fp)
		if err != nil || !ours {
			return held{remove: true}, err
		}
	}
	if config == nil {
		recorded, n, err := dataset.Recorded(ctx, o.Dir, job.Split)
		if err != nil {
			return held{}, err
		}
		if n > 0 && recorded != fp {
			return held{}, refuse(CodeOther, "%s has lost %s, and shards of the split %s there are of another recipe or input: add --overwrite to replace it, or choose another --out",
				o.Dir, path.Join(dataset.MetaDir, job.Split, dataset.ConfigFile), job.Split)
		}
	}
	return held{inputs: old, config: config}, nil
}

// recordedAs reports whether an output is this job's by its manifest or, if it is unfinished, by the records
// of all its shards: then config.json, which says something else, is damaged.
func recordedAs(ctx context.Context, job *Job, o *Output, fp string) (bool, error) {
	m, err := dataset.LoadManifest(ctx, o.Dir, job.Split)
	if err == nil {
		return m.Fingerprint == fp && m.Whole(), nil
	}
	if dataset.Damaged(err) {
		return false, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	recorded, _, err := dataset.Recorded(ctx, o.Dir, job.Split)
	return recorded == fp, err
}

// refusal says why the job may not go on with an output of another recipe or input.
func (h *held) refusal(ctx context.Context, job *Job, o *Output, g *Global, rows []dataset.InputContainer) error {
	if diff := dataset.RecipeDiff(h.config.Recipe, o.Recipe); len(diff) > 0 {
		return refuse(CodeOther, "%s", printable.Made(RecipeRefusal(o.Dir, job.Split, diff)))
	}
	var diff []string
	if h.inputs != nil {
		diff = dataset.InputDiff(h.inputs.Containers, rows)
	}
	if list, err := dataset.LoadClasses(ctx, o.Dir, job.Split); err == nil {
		diff = append(diff, classDiff(list, g.Classes)...)
	}
	if h.inputs != nil && h.inputs.Digest == g.InputsDigest && h.inputs.GoodDigest != g.GoodDigest {
		return refuse(CodeOther, "%s", printable.Made(goodRefusal(o.Dir, job.Split, diff)))
	}
	return refuse(CodeOther, "%s", printable.Made(inputRefusal(o.Dir, job.Split, diff)))
}

// begun are the replicas that were begun in an output, those of the job among them, as in the names of
// shards.
func (h *held) begun(job *Job, o *Output, g *Global) []int {
	begun := []int{}
	if h.inputs != nil {
		begun = append(begun, h.inputs.Replicas...)
	}
	for _, replica := range job.Replicas {
		begun = append(begun, o.spec(job, g, replica).Replica)
	}
	slices.Sort(begun)
	return slices.Compact(begun)
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
		what = "make the whole split anew"
	}
	return refuse(CodeOther, "%s has unfinished replicas of a run that was interrupted (%s): finish them with --first-replica %d --replicas %d, or add --overwrite to %s",
		o.Dir, source.FirstNames(names), first, last-first+1, what)
}

// unfinished says whether the output is this job's own, interrupted.
func unfinished(ctx context.Context, job *Job, o *Output, config *dataset.Config, fp string) (bool, error) {
	if config == nil || config.Fingerprint != fp {
		return false, nil
	}
	_, err := dataset.LoadManifest(ctx, o.Dir, job.Split)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if dataset.Damaged(err) {
		return false, nil // it was finished once
	}
	return false, err
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
