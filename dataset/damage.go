package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
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
	data, err := blob.ReadAll(ctx, Meta(out, split, name), MaxManifest)
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

// A DamagedShard is a shard that must be made anew: itself, its plan or its record is wrong.
type DamagedShard struct {
	Replica int
	Shard   int64
	Path    string
	Err     error // what is wrong
}

// A DamagedError names the shards of an output that [Finish] found damaged.
type DamagedError struct {
	Out    string
	Shards []DamagedShard
}

func (e *DamagedError) Error() string {
	more := ""
	if n := len(e.Shards) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Sprintf("dataset: %s: the shard %s is damaged: %v%s", e.Out, e.Shards[0].Path, e.Shards[0].Err, more)
}

// damagedError returns the error for damaged shards, each named once and in order; nil if there are none.
func damagedError(out string, shards []DamagedShard) error {
	if len(shards) == 0 {
		return nil
	}
	shards = slices.Clone(shards)
	slices.SortStableFunc(shards, byPlace)
	shards = slices.CompactFunc(shards, func(a, b DamagedShard) bool { return byPlace(a, b) == 0 })
	return &DamagedError{out, shards}
}

// byPlace orders shards as the manifest lists them.
func byPlace(a, b DamagedShard) int {
	return cmp.Or(a.Replica-b.Replica, cmp.Compare(a.Shard, b.Shard))
}

// SameHash reports whether two SHA-256 in hex are equal but for damage of a few digits. Hashes of
// different bytes agree in about 4 of their 64 digits, and never in half of them.
func SameHash(a, b string) bool {
	if len(a) != 64 || len(b) != 64 {
		return false
	}
	same := 0
	for i := range len(a) {
		if a[i] == b[i] {
			same++
		}
	}
	return same >= 32
}

// isHash reports whether a text is a SHA-256 as premix writes it.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
