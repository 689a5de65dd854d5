package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// SideFiles returns the right content of the files that all finished splits of an output share: those
// of the format, and README.md, in the order of their paths. classes may have the class names of some
// splits; those of the others are read.
func SideFiles(ctx context.Context, out string, format shard.Format, manifests []*Manifest, classes map[string][]string) ([]shard.File, error) {
	var sets []shard.Set
	skip := map[string]map[string]bool{"timm": {}, "wids": {}} // index → splits that want none
	for _, m := range manifests {
		list, ok := classes[m.Shape.Split]
		if !ok {
			var err error
			if list, err = LoadClasses(ctx, out, m.Shape.Split); err != nil {
				return nil, err
			}
		}
		for index := range skip {
			if !slices.Contains(m.Indexes, index) {
				skip[index][m.Shape.Split] = true
			}
		}
		for _, set := range m.sets(list) {
			if len(set.Shards) > 0 {
				sets = append(sets, set)
			}
		}
	}
	if len(sets) == 0 {
		return nil, nil
	}
	files, err := formatFiles(format, sets, skip)
	if err != nil {
		return nil, fmt.Errorf("dataset: side files: %w", err)
	}
	readme, err := readmeText(format, manifests)
	if err != nil {
		return nil, err
	}
	files = append(files, shard.File{Path: ReadmeFile, Data: readme})
	slices.SortFunc(files, func(a, b shard.File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range files {
		if !inside(f.Path) {
			return nil, fmt.Errorf("dataset: side file %q leads out of the output", f.Path)
		}
	}
	return files, nil
}

// formatFiles returns the side files of the format, each kind for the splits that want it.
func formatFiles(format shard.Format, sets []shard.Set, skip map[string]map[string]bool) ([]shard.File, error) {
	var files []shard.File
	for _, kind := range []string{"", "timm", "wids"} {
		wanted := slices.DeleteFunc(slices.Clone(sets), func(s shard.Set) bool { return skip[kind][s.Spec.Split] })
		if len(wanted) == 0 {
			continue
		}
		all, err := format.SideFiles(wanted)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if indexKind(f.Path) == kind {
				files = append(files, f)
			}
		}
	}
	return files, nil
}

// indexKind returns the kind of index that a side file is; empty if it cannot be left out.
func indexKind(p string) string {
	switch {
	case p == "_info.json":
		return "timm"
	case strings.HasPrefix(path.Base(p), "wids-"):
		return "wids"
	}
	return ""
}

// WriteChanged writes a file unless it has this content already, and reports whether it wrote.
func WriteChanged(ctx context.Context, uri string, data []byte) (bool, error) {
	old, err := blob.ReadAll(ctx, uri, int64(len(data)))
	if err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, blob.ErrLimit) {
		return false, fmt.Errorf("dataset: %w", err)
	}
	if err := blob.WriteFile(ctx, uri, data); err != nil {
		return false, fmt.Errorf("dataset: %w", err)
	}
	return true, nil
}
