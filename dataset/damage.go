package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix/io/blob"
)

// Environment tells errors of disk, network and cancellation, after which nothing can be said of
// an output, from what is wrong with its files. A file that is missing, cut short or larger than
// it may be is wrong.
func Environment(err error) bool {
	var b *blob.Error
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &b) && !isNotExist(err) && !errors.Is(err, blob.ErrLimit) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// Damaged reports whether an error of loading a file of an output says that its content is wrong:
// the file is there, it could be read, and no newer premix wrote it.
func Damaged(err error) bool {
	var newer *SchemaError
	return err != nil && !isNotExist(err) && !Environment(err) && !errors.As(err, &newer)
}

// AsideSuffix is what the name of a damaged file ends with that was kept when it was replaced.
const AsideSuffix = ".damaged"

// PutAside keeps a damaged file of a split under another name, so that a new one can take its
// place. One that was kept before is replaced.
func PutAside(ctx context.Context, out, split, name string) error {
	data, err := blob.ReadAll(ctx, Meta(out, split, name), maxManifest)
	if err == nil {
		err = blob.WriteFile(ctx, Meta(out, split, name+AsideSuffix), data)
	}
	if err == nil {
		err = blob.Remove(ctx, Meta(out, split, name))
	}
	if err != nil && !isNotExist(err) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}
