package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

var digitRuns = regexp.MustCompile(`[0-9]+`)

// Named parses the path of a shard or of its index. ok is false if the path is no such name of the
// split. replica is −1 if the name has none.
func Named(format shard.Format, spec shard.Spec, p string) (index int64, replica int, ok bool) {
	return named(spec, p, func(spec shard.Spec, i int64) bool {
		return p == format.ShardPath(spec, i) || p == format.IndexPath(spec, i)
	})
}

// namedPlan is [Named] for the plans of shards.
func namedPlan(format shard.Format, spec shard.Spec, p string) (index int64, replica int, ok bool) {
	return named(spec, p, func(s shard.Spec, i int64) bool { return p == PlanPath(spec.Split, format.ShardPath(s, i)) })
}

// named tries each number in a name as replica and as shard.
func named(spec shard.Spec, p string, is func(spec shard.Spec, i int64) bool) (index int64, replica int, ok bool) {
	replicas := []int{-1}
	var indexes []int64
	for _, digits := range digitRuns.FindAllString(path.Base(p), -1) {
		n, err := strconv.ParseInt(digits, 10, 31)
		if err != nil {
			continue
		}
		replicas = append(replicas, int(n))
		if n < spec.Shards {
			indexes = append(indexes, n)
		}
	}
	for _, spec.Replica = range replicas {
		for _, i := range indexes {
			if is(spec, i) {
				return i, spec.Replica, true
			}
		}
	}
	return 0, 0, false
}

// ShardFolders are the folders below an output that shards and indexes of a split are in, sorted: one of each kind, or,
// of a format that has a folder for each replica, those that are there, and that of names without a number.
func ShardFolders(ctx context.Context, out string, format shard.Format, spec shard.Spec) ([]string, error) {
	plain, numbered := spec, spec
	plain.Replica, numbered.Replica = -1, 0
	folders := []string{Folder(format.ShardPath(plain, 0))}
	if index := format.IndexPath(plain, 0); index != "" {
		folders = append(folders, Folder(index))
	}
	if Folder(format.ShardPath(numbered, 0)) != folders[0] {
		objects, err := blob.List(ctx, out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		for _, o := range objects {
			digits := digitRuns.FindAllString(blob.Base(o.URI), -1)
			if !o.Dir || len(digits) == 0 {
				continue
			}
			if n, err := strconv.ParseInt(digits[len(digits)-1], 10, 31); err == nil {
				if numbered.Replica = int(n); Folder(format.ShardPath(numbered, 0)) == blob.Base(o.URI) {
					folders = append(folders, blob.Base(o.URI))
				}
			}
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders), nil
}
