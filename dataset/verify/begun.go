package verify

import (
	"context"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// A BegunOutput is an output that a run has begun and in which it has mixed nothing yet, so that it has no split.
type BegunOutput struct {
	Dir    string // below the place, as of [Outputs]
	Holder dataset.Holder
}

// Begun returns the folders below a place in which a run has begun an output and planned nothing yet:
// those of the formats, or else the place itself. The folder above those of several formats is no output,
// although it may hold copies of a run.
func Begun(ctx context.Context, out string) ([]BegunOutput, error) {
	var list []BegunOutput
	several := false
	for _, dir := range append(formats.Names(), "") {
		if dir == "" && several {
			break
		}
		at := blob.Join(out, dir)
		begun, err := dataset.Begun(ctx, at)
		if err != nil {
			return nil, err
		}
		if !begun {
			continue
		}
		several = true
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
