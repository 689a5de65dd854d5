package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A Scan is what one pass over a shard finds: what its record should say.
type Scan struct {
	Samples, Bytes, Payload int64
	SHA256                  string
	First, Last             string // keys; empty if there is no sample
	Stats                   Stats
	Index                   []byte // as the format's writer makes it
}

// ScanShard reads a shard, and encodes its samples once more into again, to get the index. The spec has
// the replica of the shard, as in its name. An error that is none of the environment ([Environment])
// means that the shard is damaged.
func ScanShard(ctx context.Context, format shard.Format, uri string, spec shard.Spec, again io.Writer) (*Scan, error) {
	in, err := OpenHashed(ctx, format, uri)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer in.Close()
	s := &Scan{}
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
			return nil, err
		}
		if s.Samples == 0 {
			s.First = rec.Key
		}
		s.Last = rec.Key
		s.Samples++
		s.Stats.Add(&rec)
	}
	if _, err := io.Copy(io.Discard, in.Reader); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	s.Bytes, s.Payload, s.Index, s.SHA256 = in.Bytes, writer.Payload(), writer.Index(), in.Sum()
	if s.Samples == 0 {
		return nil, errors.New("no samples")
	}
	return s, nil
}

// Recheck reads a shard, its index and its plan, and compares them with the record. plan is the right
// content of the plan. differs says what is wrong, and is nil if all of it is right; err is an error of
// the environment.
func (r *ShardRecord) Recheck(ctx context.Context, out string, format shard.Format, spec shard.Spec, plan []byte) (differs, err error) {
	s, err := ScanShard(ctx, format, blob.Join(out, r.Path), spec, io.Discard)
	if err != nil {
		return splitDamage(err)
	}
	switch {
	case s.SHA256 != r.SHA256:
		return errors.New("its hash is not that in its record"), nil
	case s.Bytes != r.Bytes || s.Payload != r.PayloadBytes || s.Samples != r.Samples:
		return errors.New("its sizes are not those in its record"), nil
	}
	if r.IndexPath != "" {
		if differs, err = compareFile(ctx, blob.Join(out, r.IndexPath), s.Index); differs != nil || err != nil {
			return differs, err
		}
	}
	return compareFile(ctx, blob.Join(out, r.PlanPath), plan)
}

// compareFile says whether a file differs from its right content.
func compareFile(ctx context.Context, uri string, want []byte) (differs, err error) {
	got, err := blob.ReadAll(ctx, uri, int64(len(want)))
	if err != nil {
		return splitDamage(err)
	}
	if string(got) != string(want) {
		return fmt.Errorf("%s differs from what belongs to the shard", uri), nil
	}
	return nil, nil
}

// splitDamage tells damage of a file from an error of the environment.
func splitDamage(err error) (damage, environment error) {
	if Environment(err) {
		return nil, err
	}
	return err, nil
}
