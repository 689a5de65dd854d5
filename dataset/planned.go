package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
)

// PlannedFile is the name of the file that completes a plan without pixels. It has the manifest that
// the split will have, without bytes and hashes of shards. It is removed when the split is finished.
const PlannedFile = "plan.json"

// LoadPlanned reads the planned manifest of a split: plan.json if some replica has a plan but no
// pixels, else the manifest. The error is fs.ErrNotExist if there is neither.
func LoadPlanned(ctx context.Context, out, split string) (*Manifest, error) {
	m, err := loadPlanned(ctx, out, split)
	if errors.Is(err, fs.ErrNotExist) {
		return LoadManifest(ctx, out, split)
	}
	return m, err
}

func loadPlanned(ctx context.Context, out, split string) (*Manifest, error) {
	return loadManifest(ctx, out, split, PlannedFile)
}

// FinishPlan completes the plan of a split whose plan files are all written: failures.jsonl,
// classes.txt and config.json as [Finish] writes them, and plan.json last. The records of p have no
// sizes and hashes. Replicas that were planned or finished before with the same fingerprint are
// kept. If all replicas are finished already, there is no plan.json.
func FinishPlan(ctx context.Context, p FinishParams) (*Manifest, error) {
	split := p.Spec.Split
	if err := Agree(ctx, p.Out, p.Format, p.Spec); err != nil {
		return nil, err
	}
	finished, err := LoadManifest(ctx, p.Out, split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	before, err := LoadPlanned(ctx, p.Out, split)
	if Damaged(err) {
		before, err = finished, nil // what plan.json listed is planned anew, or left over
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	shards := p.Shards.clone()
	if before != nil && before.Fingerprint == p.Fingerprint {
		if err := p.addPlanned(ctx, shards, before); err != nil {
			return nil, err
		}
	}
	shards.sort()
	m, _, err := p.describe(ctx, shards, true)
	if err != nil {
		return nil, err
	}
	if err := SaveRun(ctx, p.Out, p.Spec.Split, p.Run); err != nil {
		return nil, err
	}
	if covers(finished, m) {
		return m, remove(ctx, p.Out, Meta(p.Out, split, PlannedFile))
	}
	if err := blob.WriteFrom(ctx, Meta(p.Out, split, PlannedFile), m.write); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

// addPlanned adds the shards of replicas of earlier runs, by their plans.
func (p *FinishParams) addPlanned(ctx context.Context, set *ShardSet, before *Manifest) error {
	for _, r := range before.Replicas {
		if slices.Contains(p.Replicas, r.Replica) {
			continue
		}
		records := make([]ShardRecord, len(r.Shards))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for i, s := range r.Shards {
			g.Go(func() error {
				recipes, err := ReadPlan(gctx, blob.Join(p.Out, PlanPath(p.Spec.Split, s.Name)))
				records[i] = ShardRecord{
					Replica: r.Replica, Shard: int64(i), Path: s.Name, Samples: s.Samples, Fingerprint: p.Fingerprint, Stats: StatsOf(recipes),
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for i := range records {
			if err := set.AddRecord(&records[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// covers reports whether a finished split has all replicas of a planned one.
func covers(finished, planned *Manifest) bool {
	if finished == nil || finished.Fingerprint != planned.Fingerprint {
		return false
	}
	have := map[int]bool{}
	for _, r := range finished.Replicas {
		have[r.Replica] = true
	}
	return !slices.ContainsFunc(planned.Replicas, func(r Replica) bool { return !have[r.Replica] })
}

// dropPlanned removes plan.json unless it has replicas that the manifest does not have.
func dropPlanned(ctx context.Context, out string, m *Manifest) error {
	planned, err := loadPlanned(ctx, out, m.Shape.Split)
	if err == nil && planned.Fingerprint == m.Fingerprint && !covers(m, planned) {
		return nil
	}
	return remove(ctx, out, Meta(out, m.Shape.Split, PlannedFile)) // also if it cannot be read
}
