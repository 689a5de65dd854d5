package reindex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// load reads the files that describe the split, as far as they are left. It guesses the rest from the
// shards.
func (t *task) load(ctx context.Context) error {
	spec := &t.set.spec
	var err error
	t.manifest, err = dataset.LoadManifest(ctx, t.out, spec.Split)
	if err := t.loaded(dataset.ManifestFile, err); err != nil {
		return err
	}
	t.config, err = dataset.LoadConfig(ctx, t.out, spec.Split)
	if err := t.loaded(dataset.ConfigFile, err); err != nil {
		return err
	}
	if t.set.format == nil {
		t.damaged("none of its shards is there")
		return nil
	}
	if err := t.loadFailures(ctx); err != nil {
		return err
	}
	if err := t.loadPlaces(ctx); err != nil {
		return err
	}
	t.trustManifest()
	if err := t.findFingerprint(ctx); err != nil {
		return err
	}
	t.leaveStray()
	classes, err := dataset.LoadClasses(ctx, t.out, spec.Split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if t.config == nil {
		t.lose(dataset.LostRecipe)
		if err := t.promised(ctx); err != nil {
			return err
		}
		spec.Classes = classes
		return t.guess(ctx)
	}
	if len(t.set.shards) == 0 {
		t.damaged("no shard that the manifest lists is there")
		return nil
	}
	shards := spec.Shards
	*spec = t.config.Shape.Spec(classes)
	if t.config.Shape.Format != t.set.format.Name() || spec.Shards < shards {
		t.damaged("config.json tells of %d shards of %s, not of %d of %s", spec.Shards, t.config.Shape.Format, shards, t.set.format.Name())
		return nil
	}
	if dataset.ShapeOf(t.set.format, *spec).Classes == t.config.Shape.Classes {
		return nil
	}
	spec.Classes = nil
	if found, err := t.sharedClasses(ctx); found || err != nil {
		return err
	}
	return t.guessClasses(ctx, t.config.Shape.Classes.Count)
}

// trustManifest takes what the manifest says of recipe and hashes. A manifest that has the right hash of
// itself is right; config.json has no hash, and gives way to it.
func (t *task) trustManifest() {
	m := t.manifest
	if m == nil {
		return
	}
	sound := m.Whole()
	if t.config == nil || sound {
		t.config = &dataset.Config{Fingerprint: m.Fingerprint, Shape: m.Shape, Recipe: m.Recipe}
	}
	if !sound {
		return
	}
	t.listed = map[string]string{}
	for _, r := range m.Replicas {
		for _, s := range r.Shards {
			t.listed[s.Name] = s.SHA256
		}
	}
}

// findFingerprint takes the fingerprint of the manifest, of the records, if they all have the same one, or
// of config.json. Records that keep their fingerprint are those of shards that the job goes on with,
// although config.json is damaged.
func (t *task) findFingerprint(ctx context.Context) error {
	t.fingerprint = "lost"
	if t.config != nil {
		t.fingerprint = t.config.Fingerprint
	}
	if t.listed != nil {
		return nil
	}
	recorded, n, err := dataset.Recorded(ctx, t.out, t.set.spec.Split)
	if err != nil {
		return err
	}
	if recorded != "" && (t.config == nil || n > 1) {
		t.fingerprint = recorded
	}
	return nil
}

// sharedClasses takes the class names from another split of the output with the same ones.
func (t *task) sharedClasses(ctx context.Context) (bool, error) {
	splits, err := dataset.Splits(ctx, t.out)
	if err != nil {
		return false, err
	}
	for _, split := range splits {
		classes, err := dataset.LoadClasses(ctx, t.out, split)
		if err != nil && dataset.Environment(err) {
			return false, err
		}
		spec := t.set.spec
		spec.Classes = classes
		if err == nil && dataset.ShapeOf(t.set.format, spec).Classes == t.config.Shape.Classes {
			t.set.spec.Classes = classes
			return true, nil
		}
	}
	return false, nil
}

// loaded handles the error of reading a file: a damaged file is lost, and will be put aside.
func (t *task) loaded(file string, err error) error {
	if dataset.Damaged(err) {
		t.broken = append(t.broken, file)
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// putAside renames the damaged files, to make room for new ones.
func (t *task) putAside(ctx context.Context) error {
	for _, file := range t.broken {
		if err := dataset.PutAside(ctx, t.out, t.set.spec.Split, file); err != nil {
			return err
		}
		t.split.Aside = append(t.split.Aside, path.Join(dataset.MetaDir, t.set.spec.Split, file))
	}
	return nil
}

// leaveStray leaves out shards of replicas that the manifest does not list.
func (t *task) leaveStray() {
	if t.manifest == nil {
		return
	}
	known := map[string]bool{}
	replicas := map[int]bool{}
	for _, r := range t.manifest.Replicas {
		if !r.Numbered {
			r.Replica = -1
		}
		replicas[r.Replica] = true
		for _, s := range r.Shards {
			known[s.Name] = true
		}
	}
	kept := t.set.shards[:0]
	for _, s := range t.set.shards {
		if known[s.path] || replicas[s.replica] && s.index < t.manifest.Shape.Shards {
			kept = append(kept, s)
		} else {
			t.split.Stray = append(t.split.Stray, s.path)
		}
	}
	t.set.shards = kept
	t.set.spec.Shards = t.manifest.Shape.Shards
}

// loadFailures reads failures.jsonl, and skips damaged lines.
func (t *task) loadFailures(ctx context.Context) error {
	data, err := blob.ReadAll(ctx, dataset.Meta(t.out, t.set.spec.Split, dataset.FailuresFile), blob.MaxMeta)
	if errors.Is(err, fs.ErrNotExist) {
		t.lose(dataset.LostFailures)
		return nil
	}
	if err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	for line := range bytes.Lines(data) {
		var f premix.Failure
		if json.Unmarshal(line, &f) != nil || f.Name == "" || f.Stage == "" || f.Kind == "" || f.Reason == "" || line[len(line)-1] != '\n' {
			t.lose(dataset.LostFailures)
			t.broken = append(t.broken, dataset.FailuresFile)
			continue
		}
		t.failures = append(t.failures, f)
	}
	t.broken = slices.Compact(t.broken)
	return nil
}
