package dataset

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
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
	// Records has one record for each shard of each replica of this run, in any order.
	Records []ShardRecord
	// Kept has the paths of the shards that this run found there, and did not make: their records must
	// agree with the manifest that there may be. Nil: the records are what the shards say.
	Kept map[string]bool
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
// The error is a *[DamagedError] if a shard is damaged, as far as Finish reads it: the plans of a replica
// and the first samples, for the report. Any other error that does not come from the environment means
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
	records, err := p.allRecords(ctx, old)
	if err != nil {
		return nil, err
	}
	m, failures, err := p.describe(ctx, records)
	if err != nil {
		return nil, err
	}
	all := append(slices.Clone(others), m)
	slices.SortFunc(all, func(a, b *Manifest) int { return cmp.Compare(a.Shape.Split, b.Shape.Split) })
	files, err := SideFiles(ctx, p.Out, p.Format, all, map[string][]string{split: p.Spec.Classes})
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		did, err := WriteChanged(ctx, blob.Join(p.Out, f.Path), f.Data)
		if err != nil {
			return nil, err
		}
		if did {
			p.wrote(f.Path)
		}
	}
	if err := SaveRun(ctx, p.Out, p.Spec.Split, p.Run); err != nil {
		return nil, err
	}
	if err := p.writeReport(ctx, m, failures); err != nil {
		return nil, err
	}
	data, err := Encode(m)
	if err != nil {
		return nil, err
	}
	if err := dropPlanned(ctx, p.Out, m); err != nil {
		return nil, err
	}
	return m, writeMeta(ctx, p.Out, split, ManifestFile, data, p.wrote)
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
// failures as the report shows.
func (p *FinishParams) describe(ctx context.Context, records []ShardRecord) (*Manifest, []premix.Failure, error) {
	if err := saveConfig(ctx, p.Out, p.Format, p.Spec, p.Fingerprint, p.Recipe, p.wrote); err != nil {
		return nil, nil, err
	}
	failures, err := writeFailures(ctx, Meta(p.Out, p.Spec.Split, FailuresFile), p.Failures)
	if err != nil {
		return nil, nil, err
	}
	m, err := p.manifest(records, failures)
	return m, failures.first, err
}

func (p *FinishParams) wrote(path string) {
	if p.Wrote != nil {
		p.Wrote(path)
	}
}

// allRecords returns the records of this run and of the replicas that existed before, in order.
func (p *FinishParams) allRecords(ctx context.Context, old *Manifest) ([]ShardRecord, error) {
	records := slices.Clone(p.Records)
	replicas := slices.Clone(p.Replicas)
	kept, _, err := Others(ctx, p.Out, p.Format, p.Spec, p.Fingerprint, p.Replicas)
	if err != nil {
		return nil, err
	}
	if old != nil && old.Fingerprint == p.Fingerprint {
		for _, r := range old.Replicas {
			if !slices.Contains(replicas, r.Replica) {
				kept = append(kept, r.Replica)
			}
		}
	}
	slices.Sort(kept)
	for _, replica := range kept {
		found, err := p.recordsOf(ctx, replica)
		if err != nil {
			return nil, err
		}
		records = append(records, found...)
		replicas = append(replicas, replica)
	}
	sortRecords(records)
	if err := p.contradictions(ctx, old, records); err != nil {
		return nil, err
	}
	slices.Sort(replicas)
	i := 0
	for _, replica := range replicas {
		for n := range p.Spec.Shards {
			if i == len(records) || records[i].Replica != replica || records[i].Shard != n {
				return nil, fmt.Errorf("dataset: no record of shard %d of replica %d: run the job again", n, replica)
			}
			if got := records[i].Fingerprint; got != p.Fingerprint {
				return nil, fmt.Errorf("dataset: shard %s belongs to another recipe or input (fingerprint %s, not %s)",
					records[i].Path, got, p.Fingerprint)
			}
			i++
		}
	}
	if i != len(records) {
		r := records[i]
		return nil, fmt.Errorf("dataset: shard %d of replica %d is not part of the run", r.Shard, r.Replica)
	}
	return records, nil
}

// manifest returns the manifest, and an error if the counts do not add up.
func (p *FinishParams) manifest(records []ShardRecord, failures *failureSummary) (*Manifest, error) {
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
	m.Replicas, c.Samples = GroupReplicas(p.Format, p.Spec, records)
	for _, r := range m.Replicas {
		if r.Samples != c.Good {
			return nil, fmt.Errorf("dataset: replica %d has %d samples, but %d images are good", r.Replica, r.Samples, c.Good)
		}
	}
	var stats Stats
	for _, r := range records {
		stats.Merge(r.Stats)
	}
	m.Statistics = Summarize(stats.Methods())
	var err error
	m.SHA256, err = m.Sum()
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
