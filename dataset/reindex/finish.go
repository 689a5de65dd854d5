package reindex

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
)

// wants reports whether the output has this kind of index.
func (t *task) wants(index string) bool {
	return t.manifest == nil || slices.Contains(t.manifest.Indexes, index)
}

// finish writes missing and wrong files of config, side files and manifest.
func (t *task) finish(ctx context.Context) error {
	shards, err := dataset.Gather(t.records)
	if err != nil {
		return err
	}
	p := dataset.FinishParams{
		Out: t.out, Format: t.set.format, Spec: t.set.spec, Shards: shards, Recipe: json.RawMessage(`{}`),
		Fingerprint: t.fingerprint, Versions: map[string]string{}, Rebuilt: true,
		Wrote: func(path string) { t.split.Rebuilt = append(t.split.Rebuilt, path) },
	}
	p.Spec.Replica = t.set.shards[0].replica
	if t.config != nil {
		p.Recipe = t.config.Recipe
	}
	for _, r := range t.records {
		if !slices.Contains(p.Replicas, r.Replica) {
			p.Replicas = append(p.Replicas, r.Replica)
		}
	}
	if t.manifest != nil {
		p.Versions, p.Indexes = t.manifest.Versions, t.manifest.Indexes
	} else {
		t.lose(dataset.LostVersions)
	}
	p.Failures = func(yield func(premix.Failure) error) error {
		for _, f := range t.failures {
			if err := yield(f); err != nil {
				return err
			}
		}
		return nil
	}
	t.takeInputs(&p)
	slices.Sort(t.split.Lost)
	if len(t.split.Lost) > 0 {
		p.Lost = t.split.Lost
	}
	if slices.Contains(t.wrong, dataset.RunFile) {
		p.Run = lostRun
	}
	_, err = dataset.Finish(ctx, p)
	if mismatch := (*dataset.MismatchError)(nil); errors.As(err, &mismatch) {
		t.damaged("%v", mismatch)
		return nil
	}
	if err != nil {
		return err
	}
	t.split.Finished = true
	return t.finishPlaces(ctx, &p)
}

// takeInputs fills in what became of the entries of the input. The source is the old manifest if the
// number of its samples is right, else inputs.json, else only the shards.
func (t *task) takeInputs(p *dataset.FinishParams) {
	var good int64
	for _, r := range t.records {
		if r.Replica == t.records[0].Replica {
			good += r.Samples
		}
	}
	if m := t.manifest; m != nil && slices.Contains(m.Lost, dataset.LostFailures) {
		t.lose(dataset.LostFailures) // an earlier rebuild had lost them
	}
	failed := int64(len(t.failures))
	adopt := func(digest, goodDigest, classList string, containers []dataset.InputContainer) (ignored int64, ok bool) {
		var have, bad int64
		for _, c := range containers {
			have += c.Good
			bad += c.Failed
			ignored += c.Ignored
		}
		if have != good || bad > failed && !slices.Contains(t.split.Lost, dataset.LostFailures) {
			return 0, false
		}
		p.InputsDigest, p.GoodDigest, p.InputsClassList, p.Chunks = digest, goodDigest, classList, chunks(containers)
		return ignored, true
	}
	if m := t.manifest; m != nil {
		if ignored, ok := adopt(m.Inputs.Digest, m.Inputs.GoodDigest, m.Inputs.ClassList, m.Inputs.Containers); ok {
			p.Ignored = max(m.Counts.Ignored-ignored, 0)
			for _, what := range []string{dataset.LostClasses, dataset.LostInputs, dataset.LostVersions, dataset.LostRecipe} {
				if slices.Contains(m.Lost, what) {
					t.lose(what)
				}
			}
			return
		}
	}
	if t.trusted && len(t.inputs.Containers) > 0 {
		if _, ok := adopt(t.inputs.Digest, t.inputs.GoodDigest, t.inputs.ClassList, t.inputs.Containers); ok {
			return // without the side files outside of all containers: only the manifest counts them
		}
	}
	t.lose(dataset.LostInputs)
	p.Chunks = []dataset.Chunk{{Container: "(lost)", Entries: good + failed, Good: good, Failed: failed}}
}

// chunks returns the containers as chunks. A damaged digest becomes zero.
func chunks(containers []dataset.InputContainer) []dataset.Chunk {
	out := make([]dataset.Chunk, len(containers))
	for i := range containers {
		out[i], _ = containers[i].Chunk()
	}
	return out
}
