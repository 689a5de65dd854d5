package dataset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// Bounds of what is asked of a store at once. A page of a listing has at most a thousand names.
const (
	atOnce   = 64
	pageSize = 1000
)

// errNotThere is what is wrong with a shard whose files are not those of its record.
var errNotThere = errors.New("it, its index or its plan is gone, or was changed")

// Missing returns the shards of the set of which shard, index or plan are not there with the sizes in the record. It
// does not read their contents; verify does. spec.Replica is −1 if names of replica 0 have no number.
//
// A store is asked for lists of names, whose requests are one for each thousand shards of a replica, or more replicas
// where these are small, and for each of the three kinds of files.
func (s *ShardSet) Missing(ctx context.Context, out string, format shard.Format, spec shard.Spec) ([]DamagedShard, error) {
	s.sort()
	n := names{format, spec}
	var missing []DamagedShard
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, group := range s.groups(n) {
		g.Go(func() error {
			found, err := group.missing(ctx, out, n)
			mu.Lock()
			defer mu.Unlock()
			missing = append(missing, found...)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	slices.SortFunc(missing, byPlace)
	return missing, nil
}

// A shardGroup is a part of a set whose names fit into a page of a listing and differ at their ends.
type shardGroup struct {
	replicas []int
	shards   [][]Extract
}

// groups cuts the set, which is sorted, where names have round numbers: r003-012000 to r003-012999 begin alike, and
// nothing else does so.
func (s *ShardSet) groups(names names) (groups []shardGroup) {
	most := 0
	for _, r := range s.replicas {
		most = max(most, len(r.shards))
	}
	together := 1 // replicas in a group
	for together*10*most <= pageSize && together < 100 {
		together *= 10
	}
	for _, replica := range slices.Sorted(maps.Keys(s.replicas)) {
		shards := s.replicas[replica].shards
		n := len(groups) - 1
		if together > 1 && n >= 0 && groups[n].replicas[0]/together == replica/together && names.of(groups[n].replicas[0]).Replica >= 0 {
			groups[n].replicas = append(groups[n].replicas, replica)
			groups[n].shards = append(groups[n].shards, shards)
			continue
		}
		for len(shards) > 0 {
			n := 1
			for n < len(shards) && shards[n].Shard/pageSize == shards[0].Shard/pageSize {
				n++
			}
			groups = append(groups, shardGroup{[]int{replica}, [][]Extract{shards[:n]}})
			shards = shards[n:]
		}
	}
	return groups
}

func (g *shardGroup) missing(ctx context.Context, out string, n names) (missing []DamagedShard, err error) {
	type place struct{ i, k int }
	wrong := map[place]bool{}
	for _, kind := range []struct {
		name func(replica int, shard int64) string
		size func(*Extract) int64
	}{
		{n.shard, func(e *Extract) int64 { return e.Bytes }},
		{n.index, func(e *Extract) int64 { return e.IndexBytes }},
		{n.plan, func(e *Extract) int64 { return e.PlanBytes }},
	} {
		files, places := map[string][]string{}, map[string][]place{} // by folder
		for i, replica := range g.replicas {
			for k := range g.shards[i] {
				e := &g.shards[i][k]
				if kind.size(e) == 0 {
					continue // its record names no index, or no plan: see ShardRecord.sized
				}
				p := kind.name(replica, e.Shard)
				dir := Folder(p)
				files[dir], places[dir] = append(files[dir], path.Base(p)), append(places[dir], place{i, k})
			}
		}
		for _, dir := range slices.Sorted(maps.Keys(files)) {
			sizes, err := blob.Sizes(ctx, blob.Join(out, dir), files[dir])
			if err != nil {
				return nil, err
			}
			for at, p := range places[dir] {
				if sizes[at] != kind.size(&g.shards[p.i][p.k]) {
					wrong[p] = true
				}
			}
		}
	}
	for p := range wrong {
		replica, i := g.replicas[p.i], g.shards[p.i][p.k].Shard
		missing = append(missing, DamagedShard{replica, i, n.shard(replica, i), errNotThere})
	}
	return missing, nil
}

// eachRecord calls f with the records of the first shards of a replica, in order, and with what is wrong with those
// that are missing or damaged. Any other error, and one of f, ends it.
func eachRecord(ctx context.Context, out, split string, replica int, shards int64, f func(i int64, r *ShardRecord, err error) error) error {
	return inOrder(ctx, shards, func(ctx context.Context, i int64) (*ShardRecord, error) {
		return LoadRecord(ctx, out, split, replica, i)
	}, f)
}

// inOrder calls load for each number below n, many at once, and f with what it returned, in order. An error of load is
// passed to f if it means that a file is missing or damaged. Any other error, and one of f, ends it.
func inOrder[T any](ctx context.Context, n int64, load func(ctx context.Context, i int64) (T, error), f func(i int64, v T, err error) error) error {
	var values [16 * atOnce]T
	var errs [len(values)]error
	for lo := int64(0); lo < n; lo += int64(len(values)) {
		some := min(n-lo, int64(len(values)))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for i := range some {
			g.Go(func() error {
				values[i], errs[i] = load(gctx, lo+i)
				return unlessAbsent(errs[i])
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i := range some {
			if err := f(lo+i, values[i], errs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
