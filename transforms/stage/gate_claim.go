package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// chunks says what became of the entries of each chunk. Each kind was counted where it was decided;
// an entry that was counted twice, or not at all, is a defect of the program.
func chunks(job *Job, g *Global, sums []Summary) ([]dataset.Chunk, error) {
	out := make([]dataset.Chunk, len(sums))
	res := job.resolver(g.Classes)
	for i := range sums {
		s := &sums[i]
		c := dataset.Chunk{
			Container: s.Container, First: s.First, Last: s.Last, CacheID: s.ID, Digest: s.Digest,
			Entries: s.Entries + s.Ignored, Ignored: s.Ignored, Good: g.Chunks[s.ID].Count, Excluded: g.Chunks[s.ID].Excluded,
		}
		c.Failed = badLabels(res, s.Good)
		for _, n := range s.Failed {
			c.Failed += n
		}
		sum := c.Good + c.Ignored + c.Excluded + c.Failed
		if sum != c.Entries || min(c.Good, c.Ignored, c.Excluded, c.Failed) < 0 {
			return nil, fmt.Errorf("stage: internal error: of %d entries of %s (%s to %s) %d are accounted for: %d good, %d ignored, %d left out, %d bad; please report it",
				c.Entries, c.Container, c.First, c.Last, sum, c.Good, c.Ignored, c.Excluded, c.Failed)
		}
		out[i] = c
	}
	return out, nil
}

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
	old, err := loadInputs(ctx, o.Dir, job.Split)
	if err != nil {
		return err
	}
	config, err := dataset.LoadConfig(ctx, o.Dir, job.Split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !(job.Overwrite && dataset.Damaged(err)) {
		return refuse(CodeOther, "%v: choose another --out, or remove the split's files", err)
	}
	remove := false
	if job.Overwrite && (old == nil || old.RunID != job.RunID) {
		keep, err := unfinished(ctx, job, o, config, fp)
		if err != nil {
			return err
		}
		if remove = !keep; remove {
			old, config = nil, nil
		}
	}
	if config != nil && config.Fingerprint != fp {
		if diff := dataset.RecipeDiff(config.Recipe, o.Recipe); len(diff) > 0 {
			return refuse(CodeOther, "%s", RecipeRefusal(o.Dir, job.Split, diff))
		}
		var diff []string
		if old != nil {
			diff = dataset.InputDiff(old.Containers, rows)
		}
		if list, err := dataset.LoadClasses(ctx, o.Dir, job.Split); err == nil {
			diff = append(diff, classDiff(list, g.Classes)...)
		}
		if old != nil && old.Digest == g.InputsDigest && old.GoodDigest != g.GoodDigest {
			return refuse(CodeOther, "%s", goodRefusal(o.Dir, job.Split, diff))
		}
		return refuse(CodeOther, "%s", inputRefusal(o.Dir, job.Split, diff))
	}
	spec := o.spec(job, g, job.Replicas[0])
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
		if err := dataset.Remove(ctx, o.Dir, job.Split); err != nil {
			return err
		}
	}
	begun := []int{}
	if old != nil {
		begun = append(begun, old.Replicas...)
	}
	for _, replica := range job.Replicas {
		begun = append(begun, o.spec(job, g, replica).Replica)
	}
	slices.Sort(begun)
	err = dataset.SaveInputs(ctx, o.Dir, job.Split, &dataset.Inputs{
		Digest: g.InputsDigest, GoodDigest: g.GoodDigest, ClassList: g.OwnList, RunID: job.RunID, Replicas: slices.Compact(begun), Roots: job.Inputs, Containers: rows,
	})
	if err != nil {
		return err
	}
	return dataset.SaveConfig(ctx, o.Dir, format, spec, fp, o.Recipe)
}

// unlisted refuses to go on beside replicas that an interrupted run left unfinished and that this job
// does not make: no manifest would list them. An unfinished split gets rid of them by --overwrite.
func unlisted(ctx context.Context, job *Job, o *Output, format shard.Format, spec shard.Spec, fp string, write bool) error {
	_, rest, err := dataset.Others(ctx, o.Dir, format, spec, fp, job.Replicas)
	if err != nil || len(rest) == 0 {
		return err
	}
	if job.Overwrite {
		if write {
			return dataset.RemoveLeftovers(ctx, rest)
		}
		return nil
	}
	names := make([]string, len(rest))
	for i, l := range rest {
		names[i] = fmt.Sprintf("r%03d with %d of %d shards", l.Replica, l.Shards, spec.Shards)
	}
	first, last := rest[0].Replica, rest[len(rest)-1].Replica
	what := "remove them"
	if _, err := dataset.LoadManifest(ctx, o.Dir, job.Split); err == nil {
		what = "make the whole split anew"
	}
	return refuse(CodeOther, "%s has unfinished replicas of a run that was interrupted (%s): finish them with --first-replica %d --replicas %d, or add --overwrite to %s",
		o.Dir, some(names), first, last-first+1, what)
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

// classDiff says in at most one line how two class lists differ.
func classDiff(old, list []string) []string {
	if slices.Equal(old, list) {
		return nil
	}
	var gone, added []string
	for _, c := range old {
		if !slices.Contains(list, c) {
			gone = append(gone, c)
		}
	}
	for _, c := range list {
		if !slices.Contains(old, c) {
			added = append(added, c)
		}
	}
	line := fmt.Sprintf("classes: %d → %d", len(old), len(list))
	switch {
	case gone == nil && added == nil:
		return []string{line + ", in another order"}
	case gone == nil:
		return []string{line + ", new: " + some(added)}
	case added == nil:
		return []string{line + ", without " + some(gone)}
	}
	return []string{line + ", without " + some(gone) + ", new: " + some(added)}
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

// RecipeRefusal is the message for an output that has another recipe; diff are the lines of
// dataset.RecipeDiff.
func RecipeRefusal(out, split string, diff []string) string {
	return fmt.Sprintf("%s holds the split %s of another recipe: add --overwrite to replace it, or choose another --out\n  %s", out, split, strings.Join(diff, "\n  "))
}

// goodRefusal is the message for an output of this very input, of which other images have faults.
func goodRefusal(out, split string, diff []string) string {
	what := fmt.Sprintf("other images are good in these replicas than in those of the split %s in %s, and all replicas of a split have the same images; nothing was written, peaks are kept: make all replicas in one run, with --overwrite or another --out", split, out)
	return strings.Join(append([]string{what}, someLines(diff)...), "\n  ")
}

// someLines are at most some lines, and how many more there are.
func someLines(lines []string) []string {
	const most = 10
	if len(lines) > most {
		return append(lines[:most:most], fmt.Sprintf("and %d more", len(lines)-most))
	}
	return lines
}

func inputRefusal(out, split string, diff []string) string {
	if diff = someLines(diff); len(diff) == 0 {
		diff = []string{"the choice of images differs"}
	}
	return fmt.Sprintf("%s holds the split %s made from other input; nothing was written, peaks are kept: add --overwrite to replace it, or choose another --out\n  %s", out, split, strings.Join(diff, "\n  "))
}
