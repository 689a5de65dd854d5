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
	"strings"

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
	var manifests []*Manifest
	for _, load := range []func(context.Context, string, string) (*Manifest, error){LoadManifest, loadPlanned} {
		m, err := load(ctx, out, spec.Split)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
			return nil, nil, err // a damaged one lists nothing
		}
		if err == nil {
			manifests = append(manifests, m)
		}
	}
	return others(ctx, out, names{format, spec}, fingerprint, asked, manifests)
}

// others is [Others] where the manifests are known.
func others(ctx context.Context, out string, n names, fingerprint string, asked []int, manifests []*Manifest) (complete []int, rest []Leftover, err error) {
	listed := map[int]bool{}
	for _, r := range asked {
		listed[r] = true
	}
	for _, m := range manifests {
		if m == nil || m.Fingerprint != fingerprint {
			continue
		}
		for _, r := range m.Replicas {
			listed[r.Replica] = true
		}
	}
	found, err := findReplicas(ctx, out, n, listed)
	if err != nil {
		return nil, nil, err
	}
	for _, replica := range slices.Sorted(maps.Keys(found)) {
		l := found[replica]
		if l.Shards, err = countShards(ctx, out, n, fingerprint, replica, len(l.records)); err != nil {
			return nil, nil, err
		}
		if l.Shards == n.spec.Shards {
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

// findReplicas finds the files of replicas, without those in listed. The names of replica 0 are either with
// a number or without one; those of the other kind belong to someone else.
func findReplicas(ctx context.Context, out string, n names, listed map[int]bool) (map[int]*Leftover, error) {
	found := map[int]*Leftover{}
	of := func(replica int) *Leftover {
		if found[replica] == nil {
			found[replica] = &Leftover{Replica: replica}
		}
		return found[replica]
	}
	zero := min(n.spec.Replica, 0) // in names
	shards := func(dir, name string) {
		p := path.Join(dir, name)
		_, replica, ok := Named(n.format, n.spec, p)
		if !ok {
			_, replica, ok = namedPlan(n.format, n.spec, p)
		}
		if !ok || replica <= 0 && replica != zero || listed[max(replica, 0)] {
			return
		}
		l := of(max(replica, 0))
		l.uris = append(l.uris, blob.Join(out, p))
	}
	records := func(dir, name string) {
		if replica, ok := RecordReplica(name); ok && !listed[replica] {
			l := of(replica)
			l.records = append(l.records, blob.Join(out, dir, name))
		}
	}
	searches := []search{{dir: path.Join(MetaDir, n.spec.Split, ShardsDir), prefix: "r", found: records, listed: listed}}
	for _, name := range []func(replica int, i int64) string{n.shard, n.index, n.plan} {
		p := name(1, 0)
		if p == "" {
			continue // the format has no indexes
		}
		if Folder(p) == Folder(name(2, 0)) {
			numbered := strings.TrimRight(blob.CommonPrefix(p, name(2, 0)), "0")
			searches = append(searches, search{dir: Folder(p), prefix: path.Base(numbered), found: shards, listed: listed})
		} else { // each replica has a folder
			plain := n.spec
			plain.Replica = -1
			folders, err := ShardFolders(ctx, out, n.format, plain)
			if err != nil {
				return nil, err
			}
			for _, dir := range folders {
				if dir != Folder(n.format.ShardPath(plain, 0)) {
					searches = append(searches, search{dir: dir, found: shards, whole: true})
				}
			}
		}
		if zero < 0 && !listed[0] {
			first, last := name(0, 0), name(0, max(n.spec.Shards, 2)-1)
			searches = append(searches, search{dir: Folder(first), prefix: path.Base(first[:len(blob.CommonPrefix(first, last))]), found: shards, whole: true})
		}
	}
	if err := searchAll(ctx, out, searches); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for _, l := range found {
		slices.Sort(l.uris) // one folder may hold two kinds of files, and be searched twice
		l.uris = slices.Compact(l.uris)
		slices.Sort(l.records)
	}
	return found, nil
}

// countShards counts the shards of a replica that exist and agree with their records. It reads no
// record if there are fewer records than shards.
func countShards(ctx context.Context, out string, n names, fingerprint string, replica, records int) (int64, error) {
	if int64(records) < n.spec.Shards {
		return int64(records), nil
	}
	set := &ShardSet{PerReplica: n.spec.Shards}
	err := eachRecord(ctx, out, n.spec.Split, replica, n.spec.Shards, func(i int64, r *ShardRecord, err error) error {
		if err != nil || r.Fingerprint != fingerprint || !r.consistent() || r.Path != n.shard(replica, i) {
			return nil // missing or damaged: the shard is not complete
		}
		return set.AddRecord(r)
	})
	if err != nil {
		return 0, err
	}
	missing, err := set.Missing(ctx, out, n.format, n.spec)
	return set.Len() - int64(len(missing)), err
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
