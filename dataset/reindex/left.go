package reindex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// A ForeignError means that a folder has a file of someone else where premix would write its own.
type ForeignError struct{ Path string }

func (e *ForeignError) Error() string {
	return printable.Sprintf("reindex: %s was not written by premix and would be replaced: move it away first", e.Path)
}

// foreign refuses a folder with a README.md of someone else. It is for folders in which only names of
// shards suggest an output.
func foreign(ctx context.Context, out string) error {
	uri := blob.Join(out, dataset.ReadmeFile)
	data, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil && dataset.Environment(err):
		return fmt.Errorf("reindex: %w", err)
	case err != nil || !dataset.IsReadme(data):
		return &ForeignError{uri}
	}
	return nil
}

// promised finds the number of shards if their names do not contain it: the greatest number in the
// files that list shards, as far as these are left.
func (t *task) promised(ctx context.Context) error {
	if t.set.format.Name() != "webdataset" {
		return nil // the names contain it
	}
	spec := &t.set.spec
	var info struct {
		Splits map[string]struct {
			Filenames []string `json:"filenames"`
		} `json:"splits"`
	}
	if err := t.readSide(ctx, "_info.json", &info); err != nil {
		return err
	}
	replicas := map[int]bool{}
	for _, s := range t.set.shards {
		replicas[s.replica] = true
	}
	for replica := range replicas {
		timm, wids := spec.Split, "wids-"+spec.Split
		if replica >= 0 {
			timm, wids = fmt.Sprintf("%s_r%03d", timm, replica), fmt.Sprintf("%s-r%03d", wids, replica)
		}
		var list struct {
			Shards []json.RawMessage `json:"shardlist"`
		}
		if err := t.readSide(ctx, path.Join("__index__", wids+".json"), &list); err != nil {
			return err
		}
		spec.Shards = max(spec.Shards, int64(len(info.Splits[timm].Filenames)), int64(len(list.Shards)))
	}
	objects, err := blob.List(ctx, blob.Join(t.out, "__index__"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reindex: %w", err)
	}
	any := *spec
	any.Shards = 1 << 31
	for _, o := range objects {
		if i, replica, ok := dataset.Named(t.set.format, any, path.Join("__index__", blob.Base(o.URI))); ok && replicas[replica] {
			spec.Shards = max(spec.Shards, i+1)
		}
	}
	return nil
}

// readSide reads a JSON file, if it is one.
func (t *task) readSide(ctx context.Context, file string, v any) error {
	data, err := blob.ReadAll(ctx, blob.Join(t.out, file), blob.MaxMeta)
	if err != nil && dataset.Environment(err) {
		return fmt.Errorf("reindex: %w", err)
	}
	if err == nil {
		_ = json.Unmarshal(data, v) // a damaged file says nothing
	}
	return nil
}
