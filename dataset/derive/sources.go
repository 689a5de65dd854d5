package derive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
)

// LoadInputs reads from inputs.json which inputs a split was made from.
func LoadInputs(ctx context.Context, out, split string) ([]source.Input, error) {
	in, err := dataset.LoadInputs(ctx, out, split)
	// Only the list of inputs counts: another field may be of a wrong type.
	if wrong := (*json.UnmarshalTypeError)(nil); err != nil && !(errors.As(err, &wrong) && len(in.Roots) > 0) {
		return nil, fmt.Errorf("derive: %w", err)
	}
	var roots []source.Input
	if len(in.Roots) > 0 {
		if err := json.Unmarshal(in.Roots, &roots); err != nil {
			return nil, fmt.Errorf("derive: %s: %w", dataset.Meta(out, split, dataset.InputsFile), err)
		}
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("derive: the input of %s is unknown: give its place with --in", dataset.Meta(out, split, dataset.InputsFile))
	}
	return roots, nil
}

// Understand adds to options what inputs.json of a split says of how its inputs are understood, for
// [Locate]. Where it cannot be read, they are understood by themselves.
func Understand(ctx context.Context, out, split string, o source.Options) source.Options {
	in, err := dataset.LoadInputs(ctx, out, split)
	if err == nil {
		o.Labels, o.Accept = in.Labels, in.Accept
	}
	return o
}

// Locate finds the entries of inputs again, wherever they are now. maxBytes bounds the size of an
// entry. The errors are those of [source.Locate].
func Locate(ctx context.Context, inputs []source.Input, o source.Options, maxBytes int64) (*source.Locator, error) {
	containers, err := source.Locate(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	return source.NewLocator(containers, source.LocatorParams{Source: o, MaxBytes: maxBytes}), nil
}
