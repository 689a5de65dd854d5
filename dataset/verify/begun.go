package verify

import (
	"context"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// A BegunOutput is an output that a run has begun and in which it has mixed nothing yet, so that it has no split.
type BegunOutput struct {
	Dir    string // below the place, as of [Outputs]
	Holder dataset.Holder
}

// Begun returns the folders below a place in which a run has begun an output and planned nothing yet:
// those of formats and variants, or else the place itself. The folder above several outputs is no output,
// although it may hold copies of a run.
func Begun(ctx context.Context, out string) ([]BegunOutput, error) {
	dirs, err := dataset.Outputs(ctx, out)
	if err != nil {
		return nil, err
	}
	var list []BegunOutput
	for _, dir := range dirs {
		at := blob.Join(out, dir)
		splits, err := dataset.Splits(ctx, at)
		if err != nil {
			return nil, err
		}
		if len(splits) > 0 {
			continue
		}
		holder, err := dataset.LookHolder(ctx, at)
		if err != nil {
			return nil, err
		}
		list = append(list, BegunOutput{dir, holder})
	}
	return list, nil
}
