package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// Remove removes one split from an output: exactly the files that its manifest and its shard
// records list, and premix's own files of the split. The manifest goes first, so that whatever
// stops it leaves no finished split behind. The side files that all splits share are rebuilt
// without it. A split that is not there is no error; files of anyone else stay.
func Remove(ctx context.Context, out, split string) error {
	records, err := Records(ctx, out, split)
	if err != nil {
		return err
	}
	finished, err := Finished(ctx, out)
	if err != nil {
		return err
	}
	var gone *Manifest
	rest := slices.DeleteFunc(slices.Clone(finished), func(m *Manifest) bool {
		if m.Shape.Split == split {
			gone = m
		}
		return m.Shape.Split == split
	})
	var shared []string // side files of the format as they are now
	if gone != nil {
		format, err := formats.ByName(gone.Shape.Format)
		if err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
		files, err := merged(ctx, out, format, finished, nil)
		if err != nil {
			return err
		}
		for _, f := range files {
			shared = append(shared, f.Path)
		}
		if err := remove(ctx, Meta(out, split, ManifestFile)); err != nil {
			return err
		}
		keep, err := merged(ctx, out, format, rest, nil)
		if err != nil {
			return err
		}
		for _, f := range keep {
			if err := writeChanged(ctx, blob.Join(out, f.Path), f.Data); err != nil {
				return err
			}
			shared = slices.DeleteFunc(shared, func(p string) bool { return p == f.Path })
		}
	}

	var uris []string
	for _, p := range shared {
		uris = append(uris, blob.Join(out, p))
	}
	if gone != nil {
		for _, r := range gone.Replicas {
			for _, s := range r.Shards {
				uris = append(uris, blob.Join(out, s.Name))
			}
		}
	}
	for i := range records {
		r := &records[i]
		uris = append(uris, blob.Join(out, r.Path))
		uris = append(uris, r.companions(out, split)...)
	}
	if err := removeEach(ctx, uris); err != nil {
		return err
	}
	// the records go after what they list: a removal that was stopped can be repeated
	var own []string
	for i := range records {
		own = append(own, recordURI(out, split, records[i].Replica, records[i].Shard))
	}
	for _, name := range []string{ClassesFile, FailuresFile, InputsFile, ReportFile, RunFile, ConfigFile} {
		own = append(own, Meta(out, split, name))
	}
	if err := removeEach(ctx, own); err != nil {
		return err
	}
	removeEmpty(out, append(uris, own...))
	return nil
}

func removeEach(ctx context.Context, uris []string) error {
	slices.Sort(uris)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, uri := range slices.Compact(uris) {
		g.Go(func() error { return remove(ctx, uri) })
	}
	return g.Wait()
}

func remove(ctx context.Context, uri string) error {
	if err := blob.Remove(ctx, uri); err != nil && !isNotExist(err) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// removeEmpty removes the local folders below out that held the files, if nothing is left in
// them, deepest first. Stores have no folders.
func removeEmpty(out string, files []string) {
	if !blob.IsLocal(out) {
		return
	}
	root, err := blob.Abs(out)
	if err != nil {
		return
	}
	dirs := map[string]bool{}
	for _, f := range files {
		f, err := blob.Abs(f)
		if err != nil {
			continue
		}
		for d := filepath.Dir(f); strings.HasPrefix(d, root+string(filepath.Separator)); d = filepath.Dir(d) {
			dirs[d] = true
		}
	}
	var sorted []string
	for d := range dirs {
		sorted = append(sorted, d)
	}
	slices.SortFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	for _, d := range sorted {
		if err := os.Remove(d); err != nil && !errors.Is(err, os.ErrNotExist) {
			continue // it holds something else, or cannot be removed: an empty folder does no harm
		}
	}
}
