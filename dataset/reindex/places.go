package reindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// lostRun is run.json where the one of the run is lost.
var lostRun = json.RawMessage(`{"lost": "when, where and how the split was made; premix reindex wrote this"}`)

// lostPlaces is what a rebuilt inputs.json lacks. Nothing in the manifest depends on it.
const lostPlaces = "places of the inputs"

// loadPlaces reads the files that tell of places and times: inputs.json, as far as it can be read, and
// whether run.json and report.html are as they should be.
func (t *task) loadPlaces(ctx context.Context) error {
	t.inputs = new(dataset.Inputs)
	for _, f := range []struct {
		name  string
		check func([]byte) error
		aside bool // nothing else has what is in it
	}{
		{dataset.InputsFile, t.loadInputs, true},
		{dataset.RunFile, dataset.CheckRun, true},
		{dataset.ReportFile, dataset.CheckReport, false},
	} {
		data, err := blob.ReadAll(ctx, dataset.Meta(t.out, t.set.spec.Split, f.name), blob.MaxMeta)
		missing := errors.Is(err, fs.ErrNotExist)
		if err != nil && !missing {
			return fmt.Errorf("reindex: %w", err)
		}
		if err == nil {
			err = f.check(data)
		}
		if err == nil {
			continue
		}
		t.wrong = append(t.wrong, f.name)
		if f.aside && !missing {
			t.broken = append(t.broken, f.name)
		}
	}
	return nil
}

// loadInputs decodes inputs.json. The error says what is wrong with it; t.inputs has what could be read.
func (t *task) loadInputs(data []byte) error {
	in, err := dataset.DecodeInputs(data)
	t.inputs, t.trusted = in, err == nil
	if err == nil && t.manifest != nil && t.manifest.Whole() {
		if why := in.Differs(t.manifest); why != "" {
			err = errors.New(why)
		}
	}
	return err
}

// finishPlaces writes inputs.json if it was missing or damaged, with what is left of it, and says which of
// the other two files were written.
func (t *task) finishPlaces(ctx context.Context, p *dataset.FinishParams) error {
	for _, name := range t.wrong {
		t.split.Rebuilt = append(t.split.Rebuilt, path.Join(dataset.MetaDir, p.Spec.Split, name))
	}
	if !slices.Contains(t.wrong, dataset.InputsFile) {
		return nil
	}
	old := t.inputs
	fresh := &dataset.Inputs{
		Digest: p.InputsDigest, GoodDigest: p.GoodDigest, ClassList: p.InputsClassList, RunID: old.RunID,
		Replicas: slices.Clone(old.Replicas), Roots: old.Roots, Containers: dataset.Containers(p.Chunks),
		Labels: old.Labels, Accept: old.Accept, Warnings: old.Warnings,
	}
	for _, s := range t.set.shards {
		fresh.Replicas = append(fresh.Replicas, s.replica)
	}
	slices.Sort(fresh.Replicas)
	fresh.Replicas = slices.Compact(fresh.Replicas)
	var roots []source.Input
	if err := json.Unmarshal(old.Roots, &roots); err != nil || len(roots) == 0 {
		fresh.Roots = json.RawMessage(`[]`)
		t.lose(lostPlaces)
		slices.Sort(t.split.Lost)
	}
	return dataset.SaveInputs(ctx, t.out, p.Spec.Split, fresh)
}
