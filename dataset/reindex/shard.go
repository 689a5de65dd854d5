package reindex

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A shardTask rebuilds the index and the record of one shard.
type shardTask struct {
	*task
	place   place
	record  dataset.ShardRecord
	rebuilt []string
	aside   []string
}

// run reads the shard, and writes its index and its record if they are missing or wrong. The error is
// a *damageError if the shard cannot be used.
func (t *shardTask) run(ctx context.Context) error {
	spec := t.set.spec
	spec.Replica = t.place.replica
	s, err := scan(ctx, t.set.format, blob.Join(t.out, t.place.path), spec)
	if err != nil {
		return err
	}
	t.record = dataset.ShardRecord{
		Schema: dataset.Schema, Replica: max(t.place.replica, 0), Shard: t.place.index, Path: t.place.path,
		Samples: s.Samples, Bytes: s.Bytes, PayloadBytes: s.Payload, SHA256: s.SHA256, Fingerprint: t.fingerprint, Stats: s.Stats.Methods(),
	}
	old, err := dataset.LoadRecord(ctx, t.out, spec.Split, t.record.Replica, t.record.Shard)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !dataset.Damaged(err) {
		return err
	}
	if err := t.proven(s.SHA256, old); err != nil {
		return err
	}
	if path := t.set.format.IndexPath(spec, t.place.index); path != "" && t.wants("dali") {
		t.record.IndexPath, t.record.IndexBytes = path, int64(len(s.Index))
		wrote, err := dataset.WriteChanged(ctx, blob.Join(t.out, path), s.Index)
		if err != nil {
			return err
		}
		if wrote {
			t.rebuilt = append(t.rebuilt, path)
		}
	}
	if err := t.plan(ctx, s); err != nil {
		return err
	}
	if old != nil {
		have, errA := dataset.Encode(old)
		want, errB := dataset.Encode(t.record)
		if errA == nil && errB == nil && bytes.Equal(have, want) {
			return nil
		}
	}
	t.rebuilt = append(t.rebuilt, "record of "+t.place.path)
	return dataset.CommitRecord(ctx, t.out, spec.Split, t.record)
}

// plan adds the plan of the shard to its record, if the plan exists and fits. If the format rounds λ,
// the sums of the record come from the plan.
func (t *shardTask) plan(ctx context.Context, s *dataset.Scan) error {
	split := t.set.spec.Split
	path := dataset.PlanPath(split, t.place.path)
	recipes, err := dataset.ReadPlan(ctx, blob.Join(t.out, path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil && dataset.Environment(err) {
		return err
	}
	if n := len(recipes); err != nil || n == 0 || int64(n) != s.Samples || recipes[0].Key != s.First || recipes[n-1].Key != s.Last {
		t.aside = append(t.aside, path)
		return dataset.PutAside(ctx, t.out, split, dataset.PlanName(t.place.path))
	}
	o, err := blob.Stat(ctx, blob.Join(t.out, path))
	if err != nil {
		return fmt.Errorf("reindex: %w", err)
	}
	t.record.PlanPath, t.record.PlanBytes = path, o.Size
	if t.set.format.Traits().Float32 {
		t.record.Stats = dataset.StatsOf(recipes)
	}
	return nil
}

// A damageError is the reason why a shard cannot be used.
type damageError struct{ err error }

func (e *damageError) Error() string { return e.err.Error() }

// scan reads a shard, and checks that its bytes are those that premix writes for its samples.
func scan(ctx context.Context, format shard.Format, uri string, spec shard.Spec) (*dataset.Scan, error) {
	again := sha256.New()
	s, err := dataset.ScanShard(ctx, format, uri, spec, again)
	if err != nil {
		return nil, damage(err)
	}
	if hex.EncodeToString(again.Sum(nil)) != s.SHA256 {
		return nil, damage(errors.New("its bytes are not those that premix writes for these records; premix verify lists them"))
	}
	return s, nil
}

// proven compares a shard with the hashes that its record and the manifest have of it. One that agrees,
// but for a few damaged digits, proves the bytes. If none does, the bytes are not those that were
// committed, though they may be well formed: what was written of them stays.
func (t *shardTask) proven(hash string, old *dataset.ShardRecord) error {
	var have []string
	if old != nil && old.Path == t.place.path && len(old.SHA256) == len(hash) {
		if dataset.SameHash(old.SHA256, hash) {
			return nil
		}
		have = append(have, "its record")
	}
	if listed, ok := t.listed[t.place.path]; ok {
		if dataset.SameHash(listed, hash) {
			return nil
		}
		have = append(have, "the manifest")
	}
	if len(have) == 0 {
		return nil
	}
	return damage(fmt.Errorf("its bytes are not those of %s; run its job again with --recheck to rewrite it", strings.Join(have, " and ")))
}

// damage marks an error as a defect of the shard, unless it comes from disk or network.
func damage(err error) error {
	if dataset.Environment(err) {
		return err
	}
	return &damageError{err}
}
