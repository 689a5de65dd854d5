package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// A MismatchError means that a new split does not fit the other splits of an output. All splits of an
// output share name, format, size and classes, and in formats with one schema (tfds, array_record, parquet) also
// label form and image format.
type MismatchError struct {
	Out, Split, Other string // the output, the new split, the existing split
	What              string // name, format, size, classes, label form or image format
	Have, Want        string // of the new split, of the existing split
}

func (e *MismatchError) Error() string {
	remedy := "use the same, or another --out"
	if e.What == "classes" {
		remedy = fmt.Sprintf("use --classes %s, or another --out", Meta(e.Out, e.Other, ClassesFile))
	}
	return printable.Sprintf("%s has the split %s with %s %s, and the new split %s has %s: %s",
		e.Out, e.Other, e.What, e.Want, e.Split, e.Have, remedy)
}

// Agree checks that a split of this format and spec fits the other splits of the output, finished or
// not. The error is a *[MismatchError] if it does not.
func Agree(ctx context.Context, out string, format shard.Format, spec shard.Spec) error {
	splits, err := Splits(ctx, out)
	if err != nil {
		return err
	}
	for _, other := range splits {
		if other == spec.Split {
			continue
		}
		c, err := HeldConfig(ctx, out, other)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if m := disagree(c.Shape, ShapeOf(format, spec)); m != nil {
			m.Out, m.Split, m.Other = out, spec.Split, other
			return m
		}
	}
	return nil
}

func disagree(want, have Shape) *MismatchError {
	mismatch := func(what string, have, want any) *MismatchError {
		return &MismatchError{What: what, Have: fmt.Sprint(have), Want: fmt.Sprint(want)}
	}
	size := func(s Shape) string { return fmt.Sprintf("%dx%d", s.Size[0], s.Size[1]) }
	format, err := formats.ByName(have.Format)
	oneSchema := err == nil && format.Traits().OneSchema
	switch {
	case have.Name != want.Name:
		return mismatch("name", have.Name, want.Name)
	case have.Format != want.Format:
		return mismatch("format", have.Format, want.Format)
	case have.Size != want.Size:
		return mismatch("size", size(have), size(want))
	case have.Classes.Count != want.Classes.Count:
		return mismatch("classes", have.Classes.Count, want.Classes.Count)
	case have.Classes != want.Classes:
		return mismatch("classes", "others of the same number", have.Classes.Count)
	case oneSchema && have.LabelForm != want.LabelForm:
		return mismatch("label form", have.LabelForm, want.LabelForm)
	case oneSchema && have.ImageFormat != want.ImageFormat:
		return mismatch("image format", have.ImageFormat, want.ImageFormat)
	}
	return nil
}

// A State describes the place of an output.
type State struct {
	// Splits has an entry for each split with a folder, by name.
	Splits []SplitState
	// Foreign is the name of a file that premix has not written, in a place without any split. It is
	// empty if the place is free or an output of premix.
	Foreign string
}

// A SplitState describes how far a split is.
type SplitState struct {
	Name     string
	Config   *Config   // nil: nothing but an empty folder or another run's start
	Manifest *Manifest // nil: not finished
	Damaged  error     // of config.json or the manifest; the damaged one is nil
	// Unfinished says that there is no manifest, not even a damaged one.
	Unfinished bool
}

// damageOf returns err if it means a damaged file, else nil.
func damageOf(err error) error {
	if Damaged(err) {
		return err
	}
	return nil
}

// Look returns the state of a place. A place that does not exist is free.
func Look(ctx context.Context, out string) (*State, error) {
	objects, err := blob.List(ctx, out)
	if errors.Is(err, fs.ErrNotExist) {
		return &State{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	names, err := Splits(ctx, out)
	if err != nil {
		return nil, err
	}
	var state State
	for _, name := range names {
		s := SplitState{Name: name}
		s.Config, err = HeldConfig(ctx, out, name)
		if err == nil || errors.Is(err, fs.ErrNotExist) || Damaged(err) {
			s.Damaged = damageOf(err)
			s.Manifest, err = LoadManifest(ctx, out, name)
			s.Unfinished = errors.Is(err, fs.ErrNotExist)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
			return nil, err
		}
		s.Damaged = cmp.Or(s.Damaged, damageOf(err))
		state.Splits = append(state.Splits, s)
	}
	if len(names) > 0 {
		return &state, nil
	}
	for _, o := range objects {
		if name := blob.Base(o.URI); name != MetaDir {
			state.Foreign = name
			break
		}
	}
	return &state, nil
}
