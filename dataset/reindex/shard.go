package reindex

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

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
		Samples: s.samples, Bytes: s.bytes, PayloadBytes: s.payload, SHA256: s.sum, Fingerprint: t.fingerprint, Stats: s.stats.Methods(),
	}
	if path := t.set.format.IndexPath(spec, t.place.index); path != "" && t.wants("dali") {
		t.record.IndexPath, t.record.IndexBytes = path, int64(len(s.index))
		wrote, err := dataset.WriteChanged(ctx, blob.Join(t.out, path), s.index)
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
	old, err := dataset.LoadRecord(ctx, t.out, spec.Split, t.record.Replica, t.record.Shard)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !dataset.Damaged(err) {
		return err
	}
	if err == nil {
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
func (t *shardTask) plan(ctx context.Context, s *scanned) error {
	split := t.set.spec.Split
	path := dataset.PlanPath(split, t.place.path)
	recipes, err := dataset.ReadPlan(ctx, blob.Join(t.out, path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil && dataset.Environment(err) {
		return err
	}
	if n := len(recipes); err != nil || n == 0 || int64(n) != s.samples || recipes[0].Key != s.first || recipes[n-1].Key != s.last {
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

// scanned is what the shard itself contains.
type scanned struct {
	samples, bytes, payload int64
	sum                     string
	first, last             string // keys
	stats                   dataset.Stats
	index                   []byte
}

// scan reads a shard and encodes it again, to get its index, and to check that its bytes are those
// that premix writes.
func scan(ctx context.Context, format shard.Format, uri string, spec shard.Spec) (*scanned, error) {
	in, err := dataset.OpenHashed(ctx, format, uri)
	if err != nil {
		return nil, fmt.Errorf("reindex: %w", err)
	}
	defer in.Close()
	s, again := &scanned{}, sha256.New()
	reader, writer := format.NewReader(in.Reader, shard.ReadOptions{}), format.NewWriter(again, spec)
	var rec shard.Record
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := reader.Next(&rec)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = writer.Write(&rec)
		}
		if err != nil {
			return nil, damage(err)
		}
		if s.samples == 0 {
			s.first = rec.Key
		}
		s.last = rec.Key
		s.samples++
		s.stats.Add(&rec)
	}
	if _, err := io.Copy(io.Discard, in.Reader); err != nil {
		return nil, fmt.Errorf("reindex: %s: %w", uri, err)
	}
	if err := writer.Close(); err != nil {
		return nil, damage(err)
	}
	s.bytes, s.payload, s.index, s.sum = in.Bytes, writer.Payload(), writer.Index(), in.Sum()
	if s.samples == 0 {
		return nil, damage(errors.New("no samples"))
	}
	if hex.EncodeToString(again.Sum(nil)) != s.sum {
		return nil, damage(errors.New("its bytes are not those that premix writes for these records; premix verify tells which"))
	}
	return s, nil
}

// damage marks an error as a defect of the shard, unless it comes from disk or network.
func damage(err error) error {
	if dataset.Environment(err) {
		return err
	}
	return &damageError{err}
}
