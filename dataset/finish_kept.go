package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/premix/premix/io/blob"
)

// recordsOf reads the records of a replica of an earlier run.
func (p *FinishParams) recordsOf(ctx context.Context, replica int) ([]ShardRecord, error) {
	var records []ShardRecord
	for n := range p.Spec.Shards {
		r, err := LoadRecord(ctx, p.Out, p.Spec.Split, replica, n)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // allRecords says which one is missing
		case Damaged(err):
			return nil, fmt.Errorf("%w: the file is damaged; premix reindex %s rebuilds it", err, p.Out)
		case err != nil:
			return nil, err
		}
		records = append(records, *r)
	}
	return records, nil
}

// contradictions returns a *[DamagedError] for the shards of earlier runs whose records do not say what the
// manifest says: one of the two is damaged, and a damaged record must not make a right manifest wrong. A
// manifest that does not have the hash of itself proves nothing.
func (p *FinishParams) contradictions(ctx context.Context, old *Manifest, records []ShardRecord) error {
	if old == nil || old.Fingerprint != p.Fingerprint || !old.Whole() || p.Rebuilt {
		return nil
	}
	listed := map[string]Shard{}
	for _, r := range old.Replicas {
		for _, s := range r.Shards {
			listed[s.Name] = s
		}
	}
	var damaged []DamagedShard
	var stats Stats
	for i := range records {
		r := &records[i]
		want, ok := listed[r.Path]
		earlier := p.Kept[r.Path] || !slices.Contains(p.Replicas, r.Replica)
		if ok && earlier && (!r.consistent() || r.listed() != want) {
			damaged = append(damaged, DamagedShard{r.Replica, r.Shard, r.Path, errors.New("its record is not what the manifest says")})
		}
		if ok {
			stats.Merge(r.Stats)
		}
	}
	if len(damaged) == 0 && !slices.Equal(Summarize(stats.Methods()), old.Statistics) {
		var err error
		if damaged, err = p.wrongStats(ctx, records); err != nil {
			return err
		}
	}
	return damagedError(p.Out, damaged)
}

// wrongStats returns the shards of replicas of earlier runs whose records have other sums than their
// plans. The shards of this run were compared with its own plan.
func (p *FinishParams) wrongStats(ctx context.Context, records []ShardRecord) ([]DamagedShard, error) {
	var damaged []DamagedShard
	for i := range records {
		r := &records[i]
		if slices.Contains(p.Replicas, r.Replica) || r.PlanPath == "" {
			continue
		}
		recipes, err := ReadPlan(ctx, blob.Join(p.Out, r.PlanPath))
		if Environment(err) {
			return nil, err
		}
		if err == nil && !slices.Equal(StatsOf(recipes), r.Stats) {
			err = errors.New("the sums in its record are not those of its plan")
		}
		if err != nil {
			damaged = append(damaged, DamagedShard{r.Replica, r.Shard, r.Path, err})
		}
	}
	return damaged, nil
}

// listed is what the manifest says of the shard of a record.
func (r *ShardRecord) listed() Shard {
	return Shard{r.Path, r.Samples, r.Bytes, r.PayloadBytes, r.SHA256}
}
