package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/premix/premix/io/blob"
)

// Environment reports whether an error comes from disk, network or cancellation, and not from the
// content of a file. After such an error nothing is known about the output. A file that is missing,
// cut short, above its limit or a folder is an error of the output itself.
func Environment(err error) bool {
	var b *blob.Error
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &b) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, blob.ErrLimit) && !errors.Is(err, io.ErrUnexpectedEOF) &&
			!errors.Is(err, syscall.EISDIR)
}

// Damaged reports whether a file of an output could not be loaded because its content is wrong: the
// file exists, it could be read, and no newer premix wrote it.
func Damaged(err error) bool {
	var newer *SchemaError
	return err != nil && !errors.Is(err, fs.ErrNotExist) && !Environment(err) && !errors.As(err, &newer)
}

// AsideSuffix ends the name of a damaged file that was kept when it was replaced.
const AsideSuffix = ".damaged"

// PutAside renames a damaged file of a split, so that a new one can take its place. It replaces a
// file that was kept before.
func PutAside(ctx context.Context, out, split, name string) error {
	err := blob.CheckRemovable(out, Meta(out, split, name))
	if err != nil {
		return err
	}
	data, err := blob.ReadAll(ctx, Meta(out, split, name), maxManifest)
	if err == nil {
		err = blob.WriteFile(ctx, Meta(out, split, name+AsideSuffix), data)
	}
	if err == nil {
		err = blob.Remove(ctx, Meta(out, split, name))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}
