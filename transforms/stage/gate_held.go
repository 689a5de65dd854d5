package stage

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/shard"
)

// A held is what an output holds of the job's split, and says whose it is.
type held struct {
	job    *Job
	o      *Output
	inputs *dataset.Inputs // nil: nothing
	config *dataset.Config // nil: nothing
}

// lookHeld reads what an output holds.
func lookHeld(ctx context.Context, job *Job, o *Output) (*held, error) {
	old, err := loadInputs(ctx, o.Dir, job.Split)
	if err != nil {
		return nil, err
	}
	config, err := dataset.HeldConfig(ctx, o.Dir, job.Split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !dataset.Damaged(err) {
		return nil, refuse(CodeOther, "%v: choose another --out, or remove the split's files", err)
	}
	return &held{job: job, o: o, inputs: old, config: config}, nil
}

// replaced reports whether the job removes what is there: with --overwrite, once for a start of the job, and not
// where its own shards, of fingerprint fp, are unfinished.
func (h *held) replaced(ctx context.Context, fp string) (bool, error) {
	if !h.job.Overwrite || h.inputs != nil && h.inputs.RunID == h.job.RunID {
		return false, nil
	}
	if h.config == nil || h.config.Fingerprint != fp {
		return true, nil
	}
	_, err := dataset.LoadManifest(ctx, h.o.Dir, h.job.Split)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil || dataset.Damaged(err):
		return true, nil // it was finished once
	}
	return false, err
}

// of reports whether what is there has a fingerprint: by config.json, by the manifest or, if there is none, by the
// records of all shards. Where these disagree, config.json is damaged. records is the number of records that
// were read.
func (h *held) of(ctx context.Context, fp string) (ours bool, records int, err error) {
	if h.config != nil {
		if h.config.Fingerprint == fp {
			return true, 0, nil
		}
		m, err := dataset.LoadManifest(ctx, h.o.Dir, h.job.Split)
		switch {
		case err == nil:
			return m.Fingerprint == fp && m.Whole(), 0, nil
		case dataset.Damaged(err):
			return false, 0, nil
		case !errors.Is(err, fs.ErrNotExist):
			return false, 0, err
		}
	}
	recorded, records, err := dataset.Recorded(ctx, h.o.Dir, h.job.Split)
	return recorded == fp, records, err
}

// keeps reports whether the job goes on with what is there because it has a fingerprint.
func (h *held) keeps(ctx context.Context, fp string) (bool, error) {
	remove, err := h.replaced(ctx, fp)
	if err != nil || remove {
		return false, err
	}
	ours, _, err := h.of(ctx, fp)
	return ours, err
}

// check refuses to go on with what is of another recipe or input.
func (h *held) check(ctx context.Context, fp string, g *Global, rows []dataset.InputContainer) error {
	ours, records, err := h.of(ctx, fp)
	switch {
	case err != nil || ours:
		return err
	case h.config != nil:
		return h.refusal(ctx, g, rows)
	case records > 0:
		return refuse(CodeOther, "%s has lost %s, and shards of the split %s there are of another recipe or input: add --overwrite to replace it, or choose another --out",
			h.o.Dir, path.Join(dataset.MetaDir, h.job.Split, dataset.ConfigFile), h.job.Split)
	}
	return nil
}

// refusal says why the job may not go on with an output of another recipe or input.
func (h *held) refusal(ctx context.Context, g *Global, rows []dataset.InputContainer) error {
	job, o := h.job, h.o
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
func (h *held) begun(g *Global) []int {
	begun := []int{}
	if h.inputs != nil {
		begun = append(begun, h.inputs.Replicas...)
	}
	for _, replica := range h.job.Replicas {
		begun = append(begun, h.o.spec(h.job, g, replica).Replica)
	}
	slices.Sort(begun)
	return slices.Compact(begun)
}

// bounded refuses a job whose manifest premix might not read again: to say so after days of work would be late.
func (h *held) bounded(format shard.Format, spec shard.Spec, g *Global, rows []dataset.InputContainer) error {
	replicas := h.begun(g)
	for i := range replicas {
		replicas[i] = max(replicas[i], 0) // the one without a number
	}
	size := dataset.ManifestBound(format, spec, slices.Compact(replicas), rows)
	if size <= dataset.MaxManifest {
		return nil
	}
	return refuse(CodeUsage, "%s: the manifest of %d shards in each of %d replicas may have %d MiB, and the most that can be read is %d: make fewer shards, or write replicas to several outputs",
		h.o.Dir, spec.Shards, len(replicas), size>>20, int64(dataset.MaxManifest)>>20)
}
