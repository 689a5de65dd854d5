package derive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
)

// LoadInputs reads from inputs.json which inputs a split was made from.
func LoadInputs(ctx context.Context, out, split string) ([]source.Input, error) {
	in, err := dataset.LoadInputs(ctx, out, split)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	var roots []source.Input
	if len(in.Roots) > 0 {
		if err := json.Unmarshal(in.Roots, &roots); err != nil {
			return nil, fmt.Errorf("derive: %s: %w", dataset.Meta(out, split, dataset.InputsFile), err)
		}
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("derive: %s names no input: tell where it is with --in", dataset.Meta(out, split, dataset.InputsFile))
	}
	return roots, nil
}

// Sources read the entries of an input again, by name, wherever the input is now.
type Sources struct{ locator *source.Locator }

// NewSources lists the containers of inputs. maxBytes bounds the size of an entry. The errors are
// those of [source.Locate].
func NewSources(ctx context.Context, inputs []source.Input, o source.Options, maxBytes int64) (*Sources, error) {
	containers, err := source.Locate(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	return &Sources{source.NewLocator(containers, source.LocatorParams{Source: o, MaxBytes: maxBytes})}, nil
}

// A MissingError says that an input no longer has an entry, or no longer all of it.
type MissingError struct{ Name, Why string }

func (e *MissingError) Error() string { return e.Name + " " + e.Why }

// Fetch returns the encoded bytes of a sample, as [source.Locator.Fetch] does. The error is a
// *[MissingError] if the input does not have it.
func (s *Sources) Fetch(ctx context.Context, dst []byte, sample *premix.Sample) ([]byte, error) {
	data, err := s.locator.Fetch(ctx, dst, sample)
	var missing *source.EntryError
	switch {
	case errors.As(err, &missing):
		return nil, &MissingError{missing.Name, missing.What}
	case err != nil:
		return nil, fmt.Errorf("derive: %s: %w", sample.Name, err)
	}
	return data, nil
}
