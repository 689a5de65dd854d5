package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/premix/premix/io/blob"
)

// errNotListed is what is wrong with a record that a right manifest contradicts.
var errNotListed = errors.New("its record is not what the manifest says")

// addRecords adds the shards of a replica of an earlier run, by their records. The shards that it returns have a record
// that is not right in itself; which ones are missing, ShardSet.check says.
func (p *FinishParams) addRecords(ctx context.Context, set *ShardSet, replica int) (damaged []DamagedShard, err error) {
	err = eachRecord(ctx, p.Out, p.Spec.Split, replica, p.Spec.Shards, func(i int64, r *ShardRecord, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: the file is damaged; premix reindex %s rebuilds it", err, p.Out)
		}
		if !r.consistent() || r.Path != p.names().shard(replica, i) {
			damaged = append(damaged, DamagedShard{replica, i, r.Path, errNotListed})
			return nil
		}
		return set.AddRecord(r)
	})
	return damaged, err
}

// contradictions returns a *[DamagedError] for the shards of earlier runs whose records do not say what the
// manifest says: one of the two is damaged, and a damaged record must not make a right manifest wrong. A
// manifest that does not have the hash of itself proves nothing.
func (p *FinishParams) contradictions(ctx context.Context, old *Manifest, set *ShardSet) error {
	if old == nil || old.Fingerprint != p.Fingerprint || p.Rebuilt || !old.Whole() {
		return nil
	}
	listed := map[int][]Shard{}
	for _, r := range old.Replicas {
		listed[r.Replica] = r.Shards
	}
	var damaged []DamagedShard
	for replica, r := range set.replicas {
		earlier := !slices.Contains(p.Replicas, replica)
		for i := range r.shards {
			e := &r.shards[i]
			if want := listed[replica]; (earlier || e.Kept) && e.Shard < int64(len(want)) {
				name := p.names().shard(replica, e.Shard)
				if e.listed(name, false) != want[e.Shard] {
					damaged = append(damaged, DamagedShard{replica, e.Shard, name, errNotListed})
				}
			}
		}
	}
	if len(damaged) == 0 && !slices.Equal(Summarize(set.statistics(func(r int) bool { return listed[r] != nil })), old.Statistics) {
		var err error
		if damaged, err = p.wrongStats(ctx, set); err != nil {
			return err
		}
	}
	return damagedError(p.Out, damaged)
}

// wrongStats returns the shards of replicas of earlier runs whose records have other sums than their
// plans. The shards of this run were compared with its own plan.
func (p *FinishParams) wrongStats(ctx context.Context, set *ShardSet) (damaged []DamagedShard, err error) {
	for _, replica := range slices.Sorted(maps.Keys(set.replicas)) {
		if slices.Contains(p.Replicas, replica) {
			continue
		}
		check := func(ctx context.Context, i int64) (path string, err error) {
			r, err := LoadRecord(ctx, p.Out, p.Spec.Split, replica, i)
			if err != nil || r.PlanPath == "" {
				return "", err
			}
			recipes, err := ReadPlan(ctx, blob.Join(p.Out, r.PlanPath))
			if err == nil && !slices.Equal(StatsOf(recipes), r.Stats) {
				err = errors.New("the sums in its record are not those of its plan")
			}
			return r.Path, err
		}
		err := inOrder(ctx, p.Spec.Shards, check, func(i int64, path string, err error) error {
			if err != nil && path != "" { // which records are missing, ShardSet.check says
				damaged = append(damaged, DamagedShard{replica, i, path, err})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return damaged, nil
}

// listed is what the manifest says of the shard of a record.
func (r *ShardRecord) listed() Shard {
	return Shard{Name: r.Path, Samples: r.Samples, Bytes: r.Bytes, PayloadBytes: r.PayloadBytes, SHA256: r.SHA256}
}
