package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/premix/premix/io/blob"
)

// begunPrefix begins the names, in OUT/__premix__, of files like run.json. They say of a split that has no plan which run
// began it; the folder of the split, where run.json is, appears with the plan.
const begunPrefix = ".begun-"

func begunFile(out, split string) string { return blob.Join(out, MetaDir, begunPrefix+split) }

// IsPlanned reports whether a run has planned a split.
func IsPlanned(ctx context.Context, out, split string) (bool, error) {
	_, err := blob.Stat(ctx, Meta(out, split, ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("dataset: %w", err)
	}
	return true, nil
}

// SaveBegun says which run begins a split.
func SaveBegun(ctx context.Context, out, split string, run json.RawMessage) error {
	if err := blob.WriteFile(ctx, begunFile(out, split), append(run[:len(run):len(run)], '\n')); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// RemoveBegun removes what SaveBegun wrote, if it is there.
func RemoveBegun(ctx context.Context, out, split string) error {
	if err := blob.Remove(ctx, begunFile(out, split)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// A BegunSplit is a split that has no plan yet, with the last run that began it.
type BegunSplit struct {
	Name string
	Run  Run
}

// BegunSplits lists the splits that were begun in an output and have no plan, as far as it is known by which runs.
func BegunSplits(ctx context.Context, out string) ([]BegunSplit, error) {
	objects, err := blob.List(ctx, blob.Join(out, MetaDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var list []BegunSplit
	for _, o := range objects {
		split, ok := strings.CutPrefix(blob.Base(o.URI), begunPrefix)
		if !ok || o.Dir || o.Special != "" {
			continue
		}
		if planned, err := IsPlanned(ctx, out, split); err != nil {
			return nil, err
		} else if planned {
			continue
		}
		b := BegunSplit{Name: split}
		// A damaged one is not worth an error: the next run writes it again.
		if data, err := blob.ReadAll(ctx, o.URI, blob.MaxMeta); err == nil && json.Unmarshal(data, &b.Run) == nil {
			list = append(list, b)
		}
	}
	return list, nil
}
