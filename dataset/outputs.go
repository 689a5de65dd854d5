package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// MostOutputs bounds the outputs of a job, and so the folders that are looked at as those of variants.
const MostOutputs = 64

// Places returns the folders below a place in which outputs may be: itself (""), one for each format, and where it may be
// the folder above variants, NAME and NAME/FORMAT for each of them. It lists the place, if that is no output itself.
func Places(ctx context.Context, out string) ([]string, error) {
	list := append([]string{""}, formats.Names()...)
	splits, err := Splits(ctx, out)
	if err != nil || len(splits) > 0 {
		return list, err
	}
	objects, err := blob.List(ctx, out)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var names []string
	for _, o := range objects {
		name := blob.Base(o.URI)
		switch {
		case name == MetaDir, strings.HasPrefix(name, "."), slices.Contains(list, name):
		case !o.Dir || !nameForm.MatchString(name):
			return list, nil // something else is there, and so no variants
		default:
			names = append(names, name)
		}
	}
	if len(names) > MostOutputs {
		return list, nil
	}
	slices.Sort(names)
	for _, name := range names {
		for _, below := range append([]string{""}, formats.Names()...) {
			list = append(list, strings.TrimSuffix(name+"/"+below, "/"))
		}
	}
	return list, nil
}

// Outputs returns those of [Places] that some run has begun to write to, but for folders above others.
func Outputs(ctx context.Context, out string) ([]string, error) {
	places, err := Places(ctx, out)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, dir := range places {
		begun, err := Begun(ctx, blob.Join(out, dir))
		if err != nil {
			return nil, err
		}
		if begun {
			list = append(list, dir)
		}
	}
	return slices.DeleteFunc(list, func(dir string) bool {
		return slices.ContainsFunc(list, func(other string) bool { return other != dir && (dir == "" || strings.HasPrefix(other, dir+"/")) })
	}), nil
}
