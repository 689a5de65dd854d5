package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// Complete returns the manifest of a split that is finished and lacks nothing: the shards of all replicas that
// a run has begun are there with their records, indexes and plans, and so are the files beside them. As a
// resumed run does, it compares sizes and does not read shards. The manifest is nil if something is missing or
// differs; the error is of the environment.
func Complete(ctx context.Context, out, split string) (*Manifest, error) {
	m, err := LoadManifest(ctx, out, split)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	in, err := LoadInputs(ctx, out, split)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	if !m.Whole() || len(m.Lost) > 0 || !listsAll(m, in) {
		return nil, nil
	}
	for _, check := range []func(context.Context, string, *Manifest) (bool, error){besideShards, shardsThere} {
		if ok, err := check(ctx, out, m); err != nil || !ok {
			return nil, unlessAbsent(err)
		}
	}
	return m, nil
}

// unlessAbsent returns an error of the environment, and nil for files that are missing or damaged.
func unlessAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, blob.ErrLimit) || Damaged(err) {
		return nil
	}
	return err
}

// listsAll reports whether a manifest lists all replicas that runs have begun.
func listsAll(m *Manifest, in *Inputs) bool {
	listed := map[int]bool{}
	for _, r := range m.Replicas {
		if r.Numbered {
			listed[r.Replica] = true
		} else {
			listed[-1] = true // as inputs.json has it
		}
	}
	return !slices.ContainsFunc(in.Replicas, func(r int) bool { return !listed[r] })
}

// IsFinished reports whether a split has a manifest that lists all replicas that runs have begun.
func IsFinished(ctx context.Context, out, split string) bool {
	m, err := LoadManifest(ctx, out, split)
	if err != nil {
		return false
	}
	in, err := LoadInputs(ctx, out, split)
	return err == nil && listsAll(m, in)
}

// shardsThere reports whether all shards of a manifest are there, with records that say the same.
func shardsThere(ctx context.Context, out string, m *Manifest) (bool, error) {
	format, err := formats.ByName(m.Shape.Format)
	if err != nil {
		return false, err
	}
	for _, r := range m.Replicas {
		spec := m.Shape.Spec(nil)
		if r.Numbered {
			spec.Replica = r.Replica
		}
		set := &ShardSet{PerReplica: int64(len(r.Shards))}
		err := eachRecord(ctx, out, m.Shape.Split, r.Replica, int64(len(r.Shards)), func(i int64, record *ShardRecord, err error) error {
			if err != nil || record.Fingerprint != m.Fingerprint || !record.consistent() || record.listed() != r.Shards[i] {
				return errLacking
			}
			return set.AddRecord(record)
		})
		if errors.Is(err, errLacking) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if missing, err := set.Missing(ctx, out, format, spec); err != nil || len(missing) > 0 {
			return false, err
		}
	}
	return true, nil
}

var errLacking = errors.New("a shard is lacking")

// besideShards reports whether the files beside the shards of a split are there: those that all splits share
// have the right content, and README.md may be that of another version.
func besideShards(ctx context.Context, out string, m *Manifest) (bool, error) {
	objects, err := blob.List(ctx, Meta(out, m.Shape.Split))
	if err != nil {
		return false, err
	}
	there := map[string]bool{}
	for _, o := range objects {
		there[blob.Base(o.URI)] = true
	}
	if !there[ReportFile] || !there[RunFile] {
		return false, nil
	}
	config, err := Encode(Config{Schema, m.Fingerprint, m.Shape, m.Recipe})
	if err != nil {
		return false, err
	}
	for name, want := range map[string]string{ConfigFile: sumOf(config), ClassesFile: m.Shape.Classes.SHA256, FailuresFile: m.FailuresSHA256} {
		data, err := blob.ReadAll(ctx, Meta(out, m.Shape.Split, name), blob.MaxMeta)
		if err != nil || sumOf(data) != want {
			return false, err
		}
	}
	format, err := formats.ByName(m.Shape.Format)
	if err != nil {
		return false, err
	}
	all, damaged, err := Finished(ctx, out)
	if err != nil || len(damaged) > 0 {
		return false, err
	}
	files, err := SideFiles(ctx, out, format, all, nil)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		data, err := blob.ReadAll(ctx, blob.Join(out, f.Path), blob.MaxMeta)
		if err != nil {
			return false, err
		}
		if !bytes.Equal(data, f.Data()) && (f.Path != ReadmeFile || !EarlierReadme(format, all, data)) {
			return false, nil
		}
	}
	return true, nil
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
