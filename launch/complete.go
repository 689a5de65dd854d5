package launch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// listing is a hash of what the launcher sees of the inputs, names, sizes and times, and of what it was asked
// about them beside the recipe. Two jobs with equal recipes and listings make the same output, unless somebody
// has changed a file and set back its time.
func (j *Job) listing(chunks []source.Chunk) (string, error) {
	h := sha256.New()
	c := j.Config
	asked := []any{
		source.Reader, Version, j.Description.Cache.Fingerprint, j.Description.Catalog, j.Catalog.Layout,
		c.ClassList, c.LabelSums, c.Accept, c.OnBad, c.MaxBad, j.Description.Indexes,
		j.Description.Inputs, j.Description.Source.Labels, // inputs.json says where they are
	}
	enc := json.NewEncoder(h)
	if err := enc.Encode(asked); err != nil {
		return "", fmt.Errorf("launch: %w", err)
	}
	for _, k := range chunks {
		if err := enc.Encode([]any{k.Container.Name, k.Container.URI, k.Container.Label, k.ID, k.Stamp}); err != nil {
			return "", fmt.Errorf("launch: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// complete returns the manifests of the outputs if a job like this one has finished all of them, from the same
// inputs, and nothing of them is missing: there is nothing to do. Only a job whose inputs the launcher lists can
// know that before any work. It is nil where something is to be done.
func (j *Job) complete(ctx context.Context) ([]*dataset.Manifest, error) {
	c := j.Config
	if j.Options.PeaksOnly || c.PlanOnly || c.Plan != "" || c.Overwrite || c.Recheck || j.Description.Listing == "" {
		return nil, nil
	}
	var all []*dataset.Manifest
	for _, dir := range c.OutputDirs() {
		in, err := dataset.LoadInputs(ctx, dir, c.Split)
		if err != nil || in.Listing != j.Description.Listing {
			return nil, nil // the job itself says what is wrong
		}
		m, err := dataset.Complete(ctx, dir, c.Split)
		if err != nil || m == nil {
			return nil, err
		}
		for _, replica := range j.Description.Replicas {
			if !slices.ContainsFunc(m.Replicas, func(r dataset.Replica) bool { return r.Replica == replica }) {
				return nil, nil
			}
		}
		all = append(all, m)
	}
	left, err := j.leftovers(ctx)
	if err != nil || left {
		return nil, err // a run removes what a killed one left
	}
	return all, nil
}

// leftovers reports whether copies of pixels or a cache of an earlier run are in the output.
func (j *Job) leftovers(ctx context.Context) (bool, error) {
	objects, err := blob.List(ctx, blob.Join(j.Config.Out, dataset.MetaDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("launch: %w", err)
	}
	return slices.ContainsFunc(objects, func(o blob.Object) bool {
		name := blob.Base(o.URI)
		return strings.HasPrefix(name, spoolName(j.Config)) || strings.HasPrefix(name, ownCacheName(j.Config))
	}), nil
}
