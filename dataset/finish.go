package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
)

// FinishParams is what a run knows when all its shards are written.
type FinishParams struct {
	Out    string
	Format shard.Format
	// Spec describes all shards of this run. Spec.Replica is −1 if names of replica 0 have no number;
	// other values are ignored.
	Spec shard.Spec
	// Replicas lists the replicas of this run.
	Replicas []int
	// Shards has each shard of each replica of this run. Records of shards that the run found there, and did not
	// make ([Extract].Kept), must agree with the manifest that there may be.
	Shards *ShardSet
	// Rebuilt says that the shards were just read. What the report cannot show then is no reason to fail.
	Rebuilt bool
	// Recipe is the recipe part of the configuration, Fingerprint that of recipe and inputs.
	Recipe      json.RawMessage
	Fingerprint string
	Versions    map[string]string
	// Indexes names the index files to write: dali, timm, wids; nil: all. Files that a reader cannot
	// do without are always written.
	Indexes []string
	// Chunks are in canonical order; Ignored counts the side files outside of them.
	Chunks  []Chunk
	Ignored int64
	// Failures yields every failure in canonical order, also those outside of the chunks. It returns
	// the first error of yield.
	Failures func(yield func(premix.Failure) error) error
	// InputsDigest identifies all entries that were read, GoodDigest those without a fault.
	InputsDigest, GoodDigest string
	// InputsClassList is ClassList of [InputSummary].
	InputsClassList string
	// Wrote, if set, is called with the path, below the output, of each file that was missing or
	// wrong, except failures.jsonl, report.html and files that depend on places.
	Wrote func(path string)
	// Lost names what is unknown when an output is rebuilt; nil at the end of a run.
	Lost []string
	// Run is the content of run.json: places, times, machines. Nil: it is not written.
	Run json.RawMessage
}

// Finish completes a split whose shards are all committed: failures.jsonl, classes.txt,
// config.json, the side files and README.md over all finished splits of the output, report.html,
// and the manifest last. Replicas of an earlier run with the same fingerprint are kept, if they are
// finished or were interrupted after their last shard. A second call writes the same bytes.
//
// The error is a *[DamagedError] if a shard is damaged, as far as Finish reads it: for the report, at most 64 plans of the
// first replica, and the first samples. Any other error that does not come from the environment means
// that the shards and the records disagree. After an error no manifest is written.
func Finish(ctx context.Context, p FinishParams) (*Manifest, error) {
	split := p.Spec.Split
	if err := Agree(ctx, p.Out, p.Format, p.Spec); err != nil {
		return nil, err
	}
	others, _, err := Finished(ctx, p.Out) // reindex rebuilds what is damaged, and these files with it
	if err != nil {
		return nil, err
	}
	var old *Manifest
	others = slices.DeleteFunc(others, func(m *Manifest) bool {
		if m.Shape.Split == split {
			old = m
			return true
		}
		return false
	})
	shards, err := p.allShards(ctx, old)
	if err != nil {
		return nil, err
	}
	m, failures, err := p.describe(ctx, shards, false)
	if err != nil {
		return nil, err
	}
	all := append(slices.Clone(others), m)
	slices.SortFunc(all, func(a, b *Manifest) int { return cmp.Compare(a.Shape.Split, b.Shape.Split) })
	files, err := SideFiles(ctx, p.Out, p.Format, all, map[string][]string{split: p.Spec.Classes})
	if err != nil {
		return nil, err
	}
	if err := writeFiles(ctx, p.Out, files, p.wrote); err != nil {
		return nil, err
	}
	if err := SaveRun(ctx, p.Out, p.Spec.Split, p.Run); err != nil {
		return nil, err
	}
	if err := p.writeReport(ctx, m, failures); err != nil {
		return nil, err
	}
	if err := dropPlanned(ctx, p.Out, m); err != nil {
		return nil, err
	}
	return m, writeMeta(ctx, p.Out, split, ManifestFile, m.write, p.wrote)
}

// writeReport writes report.html. What it cannot show because a shard is damaged is an error.
func (p *FinishParams) writeReport(ctx context.Context, m *Manifest, failures []premix.Failure) error {
	r := report{out: p.Out, format: p.Format}
	if err := r.gather(ctx, m, p.Spec.Classes, failures); err != nil {
		return err
	}
	if !p.Rebuilt {
		if err := damagedError(p.Out, r.damaged); err != nil {
			return err
		}
	}
	return r.write(ctx)
}

// describe writes config.json, classes.txt and failures.jsonl. It returns the manifest, and as many
// failures as the report shows. planned says that there are plans and no pixels.
func (p *FinishParams) describe(ctx context.Context, shards *ShardSet, planned bool) (*Manifest, []premix.Failure, error) {
	if err := saveConfig(ctx, p.Out, p.Format, p.Spec, p.Fingerprint, p.Recipe, p.wrote); err != nil {
		return nil, nil, err
	}
	failures, err := writeFailures(ctx, Meta(p.Out, p.Spec.Split, FailuresFile), p.Failures)
	if err != nil {
		return nil, nil, err
	}
	m, err := p.manifest(shards, planned, failures)
	return m, failures.first, err
}

func (p *FinishParams) wrote(path string) {
	if p.Wrote != nil {
		p.Wrote(path)
	}
}

func (p *FinishParams) names() names { return names{p.Format, p.Spec} }

// allShards returns the shards of this run and of the replicas that existed before.
func (p *FinishParams) allShards(ctx context.Context, old *Manifest) (*ShardSet, error) {
	planned, err := loadPlanned(ctx, p.Out, p.Spec.Split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
		return nil, err
	}
	kept, _, err := others(ctx, p.Out, p.names(), p.Fingerprint, p.Replicas, []*Manifest{old, planned})
	if err != nil {
		return nil, err
	}
	if old != nil && old.Fingerprint == p.Fingerprint {
		for _, r := range old.Replicas {
			if !slices.Contains(p.Replicas, r.Replica) {
				kept = append(kept, r.Replica)
			}
		}
	}
	slices.Sort(kept)
	shards := p.Shards.clone()
	var damaged []DamagedShard
	for _, replica := range kept {
		bad, err := p.addRecords(ctx, shards, replica)
		if err != nil {
			return nil, err
		}
		damaged = append(damaged, bad...)
	}
	if err := damagedError(p.Out, damaged); err != nil {
		return nil, err
	}
	shards.sort()
	if err := p.contradictions(ctx, old, shards); err != nil {
		return nil, err
	}
	return shards, shards.check(p.names(), slices.Concat(p.Replicas, kept), p.Fingerprint)
}

// manifest returns the manifest, and an error if the counts do not add up.
func (p *FinishParams) manifest(shards *ShardSet, planned bool, failures *failureSummary) (*Manifest, error) {
	kinds := failures.kinds
	m := &Manifest{
		Schema: Schema, Fingerprint: p.Fingerprint, Shape: ShapeOf(p.Format, p.Spec),
		Indexes: chosenIndexes(p.Indexes), Recipe: p.Recipe, Versions: p.Versions,
		Inputs: InputSummary{p.InputsDigest, p.GoodDigest, p.InputsClassList, Containers(p.Chunks)}, Lost: p.Lost, FailuresSHA256: failures.sum,
		Counts: Counts{Ignored: p.Ignored, Failures: kinds, Lost: failures.lost.counted()},
	}
	c := &m.Counts
	for _, chunk := range p.Chunks {
		if chunk.Entries != chunk.Good+chunk.Ignored+chunk.Excluded+chunk.Failed {
			return nil, fmt.Errorf("dataset: of %d entries of %s, %s to %s, %d are accounted for", chunk.Entries, chunk.Container,
				chunk.First, chunk.Last, chunk.Good+chunk.Ignored+chunk.Excluded+chunk.Failed)
		}
		c.Good += chunk.Good
		c.Ignored += chunk.Ignored
		c.Excluded += chunk.Excluded
		c.Failed += chunk.Failed
	}
	inChunks := c.Failed
	c.Failed = 0
	for _, n := range kinds {
		c.Failed += n
	}
	if c.Failed < inChunks {
		if !slices.Contains(p.Lost, LostFailures) {
			return nil, fmt.Errorf("dataset: %d failures were counted, but %d are listed", inChunks, c.Failed)
		}
		c.Failed = inChunks
	}
	c.Entries = c.Good + c.Ignored + c.Excluded + c.Failed
	m.Replicas, c.Samples = shards.list(p.names(), planned)
	for _, r := range m.Replicas {
		if r.Samples != c.Good {
			return nil, fmt.Errorf("dataset: replica %d has %d samples, but %d images are good", r.Replica, r.Samples, c.Good)
		}
	}
	m.Statistics = Summarize(shards.statistics(nil))
	sum, bytes, err := m.sum()
	if m.SHA256 = sum; err == nil && bytes > MaxManifest {
		err = fmt.Errorf("dataset: %s would have %d bytes for %d shards, and premix reads %d: make larger shards, or another --out for some replicas",
			Meta(p.Out, p.Spec.Split, ManifestFile), bytes, shards.Len(), MaxManifest)
	}
	return m, err
}

// allIndexes lists the names that FinishParams.Indexes can have.
var allIndexes = []string{"dali", "timm", "wids"}

func chosenIndexes(wanted []string) []string {
	if wanted == nil {
		return allIndexes
	}
	sorted := slices.DeleteFunc(slices.Clone(wanted), func(s string) bool { return !slices.Contains(allIndexes, s) })
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
