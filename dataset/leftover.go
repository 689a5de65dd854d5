package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A Leftover is a replica of an interrupted run that neither manifest nor plan.json lists.
type Leftover struct {
	Replica int
	Shards  int64 // number of shards, of Spec.Shards, that exist and have records
	uris    []string
	records []string // to be removed last
}

// Others looks for replicas of a split that neither the manifest nor plan.json lists, with names of
// this spec and with this fingerprint. Spec.Replica is −1 if names of replica 0 have no number. asked are
// the replicas of the run, which do not count. complete are those with all shards, which [Finish] will
// list; rest are the others. Both are in order.
func Others(ctx context.Context, out string, format shard.Format, spec shard.Spec, fingerprint string, asked []int) (complete []int, rest []Leftover, err error) {
	listed := map[int]bool{}
	for _, r := range asked {
		listed[r] = true
	}
	for _, load := range []func(context.Context, string, string) (*Manifest, error){LoadManifest, loadPlanned} {
		m, err := load(ctx, out, spec.Split)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
			return nil, nil, err // a damaged one lists nothing
		}
		if err == nil && m.Fingerprint == fingerprint {
			for _, r := range m.Replicas {
				listed[r.Replica] = true
			}
		}
	}
	found, err := findReplicas(ctx, out, format, spec, listed)
	if err != nil {
		return nil, nil, err
	}
	for _, replica := range slices.Sorted(maps.Keys(found)) {
		l := found[replica]
		if l.Shards, err = countShards(ctx, out, spec, fingerprint, replica, len(l.records)); err != nil {
			return nil, nil, err
		}
		if l.Shards == spec.Shards {
			complete = append(complete, replica)
		} else {
			rest = append(rest, *l)
		}
	}
	return complete, rest, nil
}

var recordName = regexp.MustCompile(`^r(\d{3,})-\d{6,}\.json$`)

// RecordReplica returns the replica of a shard record by the name of its file, as [RecordName] makes it.
func RecordReplica(name string) (replica int, ok bool) {
	m := recordName.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	replica, err := strconv.Atoi(m[1])
	return replica, err == nil
}

// findReplicas lists the files of replicas, without those in listed. The names of replica 0 are either with
// a number or without one; those of the other kind belong to someone else.
func findReplicas(ctx context.Context, out string, format shard.Format, spec shard.Spec, listed map[int]bool) (map[int]*Leftover, error) {
	found := map[int]*Leftover{}
	zero := min(spec.Replica, 0) // in names
	of := func(replica int) *Leftover {
		if listed[replica] {
			return nil
		}
		if found[replica] == nil {
			found[replica] = &Leftover{Replica: replica}
		}
		return found[replica]
	}
	dirs := []string{Folder(format.ShardPath(spec, 0)), Folder(format.IndexPath(spec, 0)), path.Join(MetaDir, spec.Split, PlanDir)}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		objects, err := blob.List(ctx, blob.Join(out, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("dataset: %w", err)
		}
		for _, o := range objects {
			p := path.Join(dir, blob.Base(o.URI))
			_, replica, ok := Named(format, spec, p)
			if !ok {
				_, replica, ok = namedPlan(format, spec, p)
			}
			if !ok || o.Dir || replica <= 0 && replica != zero {
				continue
			}
			if l := of(max(replica, 0)); l != nil {
				l.uris = append(l.uris, o.URI)
			}
		}
	}
	objects, err := blob.List(ctx, Meta(out, spec.Split, ShardsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for _, o := range objects {
		if replica, ok := RecordReplica(blob.Base(o.URI)); ok && !o.Dir {
			if l := of(replica); l != nil {
				l.records = append(l.records, o.URI)
			}
		}
	}
	return found, nil
}

// countShards counts the shards of a replica that exist and agree with their records. It reads no
// record if there are fewer records than shards.
func countShards(ctx context.Context, out string, spec shard.Spec, fingerprint string, replica, records int) (n int64, err error) {
	if int64(records) < spec.Shards {
		return int64(records), nil
	}
	for i := range spec.Shards {
		r, err := LoadRecord(ctx, out, spec.Split, replica, i)
		if err != nil && Environment(err) {
			return 0, err
		}
		if err != nil || r.Fingerprint != fingerprint || !r.consistent() {
			continue // missing or damaged: the shard is not complete
		}
		ok, err := r.Intact(ctx, out, spec.Split)
		if err != nil {
			return 0, err
		}
		if ok {
			n++
		}
	}
	return n, nil
}

// RemoveLeftovers removes the files of replicas that Others found in an output, as [Remove] does: nothing
// if a file lies behind a link.
func RemoveLeftovers(ctx context.Context, out string, rest []Leftover) error {
	for _, l := range rest {
		if err := checkRemovable(out, slices.Concat(l.uris, l.records)); err != nil {
			return err
		}
	}
	for _, l := range rest {
		if err := removeEach(ctx, out, l.uris); err != nil {
			return err
		}
		if err := removeEach(ctx, out, l.records); err != nil {
			return err
		}
	}
	return nil
}
