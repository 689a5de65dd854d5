package stage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/plan"
)

// A Replay makes a job take the plan of an output, instead of making one.
type Replay struct {
	// Dir is the output with the plan, Split the split of it.
	Dir, Split string
}

// planned reads the manifest of the plan.
func (job *Job) planned(ctx context.Context) (*dataset.Manifest, error) {
	m, err := dataset.LoadPlanned(ctx, job.Replay.Dir, job.Replay.Split)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(CodeUsage, "--plan %s has no plan of the split %s", job.Replay.Dir, job.Replay.Split)
	}
	return m, err
}

// plannedGlobal takes the plan from an output.
func plannedGlobal(ctx context.Context, job *Job) (*Global, error) {
	m, err := job.planned(ctx)
	if err != nil {
		return nil, err
	}
	classes, err := dataset.LoadClasses(ctx, job.Replay.Dir, job.Replay.Split)
	if err != nil {
		return nil, err
	}
	g := &Global{
		N: m.Counts.Good, Shards: m.Shape.Shards, Classes: classes,
		InputsDigest: m.Inputs.Digest, GoodDigest: m.Inputs.GoodDigest, OwnList: m.Inputs.ClassList,
	}
	if g.N < 1 || g.Shards < 1 || g.Shards > g.N {
		return nil, fmt.Errorf("stage: %s: a plan of %d images in %d shards", job.Replay.Dir, g.N, g.Shards)
	}
	return g, nil
}

// A PlannedShard is a plan file to be made into a shard.
type PlannedShard struct {
	Replica int
	Shard   int64
	URI     string
}

// PlannedShards lists the plan files of the job's replicas.
func PlannedShards(ctx context.Context, job *Job) ([]PlannedShard, error) {
	m, err := job.planned(ctx)
	if err != nil {
		return nil, err
	}
	var list []PlannedShard
	for _, r := range m.Replicas {
		if !slices.Contains(job.Replicas, r.Replica) {
			continue
		}
		for i, s := range r.Shards {
			list = append(list, PlannedShard{r.Replica, int64(i), blob.Join(job.Replay.Dir, dataset.PlanPath(job.Replay.Split, s.Name))})
		}
	}
	if want := m.Shape.Shards * int64(len(job.Replicas)); int64(len(list)) != want {
		return nil, fmt.Errorf("stage: %s plans %d shards of the replicas %v, not %d", job.Replay.Dir, len(list), job.Replicas, want)
	}
	return list, nil
}

// NewImages returns the reader of the images that plans name, wherever they are now: containers are
// those of the input, copied the entries of those without random access.
func NewImages(job *Job, containers []source.Container, copied []Copied) *source.Locator {
	return source.NewLocator(containers, source.LocatorParams{MaxBytes: job.Decode.MaxBytes, Copy: newCopiedEntries(copied).locate, Whole: true})
}

// Replayed makes the shard of a plan file from its images, in each output that lacks the shard.
func Replayed(ctx context.Context, job *Job, g *Global, images *source.Locator, p PlannedShard) ([]OutputBatch, error) {
	ctx = job.Guarded(ctx)
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	recipes, err := dataset.ReadPlan(ctx, p.URI)
	if err != nil {
		return nil, err
	}
	if err := checkPlan(job, g, p, recipes); err != nil {
		return nil, fmt.Errorf("stage: plan %s: %w", p.URI, err)
	}
	t := &shardTask{job: job, global: g, shard: p.Shard, replica: p.Replica, planned: recipes}
	t.rows = intern(recipes)
	t.fetch = func(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error) {
		return fetchPlanned(ctx, dst, job, images, s)
	}
	made, err := t.run(ctx)
	if err != nil {
		return nil, err
	}
	return batchesOf(job, made)
}

// checkPlan checks that a plan file fits the plan as a whole: recipes are data, and a wrong label or
// position could lead anywhere.
func checkPlan(job *Job, g *Global, p PlannedShard, recipes []premix.Recipe) error {
	lo, hi := plan.Shards{N: g.N, S: g.Shards}.Range(p.Shard)
	if int64(len(recipes)) != hi-lo {
		return fmt.Errorf("%d samples, the shard has %d", len(recipes), hi-lo)
	}
	for i := range recipes {
		r := &recipes[i]
		position := lo + int64(i)
		if want := plan.Key(position, g.N, p.Replica, job.numbered(p.Replica)); r.Key != want || r.Replica != p.Replica || r.Shard != p.Shard || r.Index != int64(i) {
			return fmt.Errorf("sample %d is %s, number %d of shard %d in replica %d, and not %s", i, r.Key, r.Index, r.Shard, r.Replica, want)
		}
		for _, label := range []int{r.Label, r.LabelA, r.LabelB} {
			if label < 0 || label >= len(g.Classes) {
				return fmt.Errorf("%s: label %d of %d classes", r.Key, label, len(g.Classes))
			}
		}
	}
	return nil
}

// intern makes recipes share equal samples, so that each image is decoded once. It returns the
// samples as rows.
func intern(recipes []premix.Recipe) []plan.Row {
	known := map[premix.Sample]*premix.Sample{}
	var rows []plan.Row
	one := func(s *premix.Sample, label int) *premix.Sample {
		if p := known[*s]; p != nil {
			return p
		}
		known[*s] = s
		rows = append(rows, plan.Row{Label: label, Sample: s})
		return s
	}
	for i := range recipes {
		r := &recipes[i]
		r.Target, r.Source = one(r.Target, r.LabelA), one(r.Source, r.LabelB)
	}
	return rows
}

// fetchPlanned reads the bytes of an image that a plan names, and compares them with the plan. The
// error is a *Refusal if the input does not have the image.
func fetchPlanned(ctx context.Context, dst []byte, job *Job, images *source.Locator, s *premix.Sample) ([]byte, error) {
	data, err := images.Fetch(ctx, dst, s)
	if missing := (*source.EntryError)(nil); errors.As(err, &missing) {
		return nil, refuse(CodeOther, "%s", printable.Made(notAsPlanned(job, s, missing)))
	}
	if err != nil {
		return nil, err
	}
	if got := source.DigestOf(data); got != s.Digest {
		return nil, refuse(CodeOther, "%s is not the image that the plan was made for: its digest is %x, the plan says %x", s.Name, got, s.Digest)
	}
	return data, nil
}

// notAsPlanned is the message for an image that the input does not have, or not as the plan says.
func notAsPlanned(job *Job, s *premix.Sample, e *source.EntryError) string {
	switch e.Reason {
	case source.NoContainer:
		return s.Name + ", which the plan names, is in no folder or file of the input: is --in what the plan was made for, with the same NAME=?"
	case source.BadLength:
		return fmt.Sprintf("%s: the plan says that it has %d bytes: it is damaged", s.Name, s.Location.Length)
	case source.TooLong:
		return fmt.Sprintf("%s: the plan says that it has %d bytes, more than --max-bytes %d", s.Name, s.Location.Length, job.Decode.MaxBytes)
	case source.BadOffset:
		return fmt.Sprintf("%s: the plan says that it begins at byte %d: it is damaged", s.Name, s.Location.Offset)
	case source.Short:
		return fmt.Sprintf("%s is not the image that the plan was made for: the plan says that it has %d bytes (%v)", s.Name, s.Location.Length, e.Err)
	}
	return fmt.Sprintf("%s, which the plan names, is not in the input: %v", s.Name, e.Err)
}

// plannedOutcome returns the outcome in the plan.
func plannedOutcome(ctx context.Context, job *Job) (*outcome, error) {
	m, err := job.planned(ctx)
	if err != nil {
		return nil, err
	}
	in := &outcome{
		chunks: make([]dataset.Chunk, len(m.Inputs.Containers)), ignored: m.Counts.Ignored,
		failures: func(yield func(premix.Failure) error) error { return plannedFailures(ctx, job, yield) },
	}
	for i := range in.chunks {
		if in.chunks[i], err = m.Inputs.Containers[i].Chunk(); err != nil {
			return nil, fmt.Errorf("stage: %s: %w", job.Replay.Dir, err)
		}
		in.ignored -= in.chunks[i].Ignored
	}
	return in, nil
}

// plannedFailures yields the failures in the plan.
func plannedFailures(ctx context.Context, job *Job, yield func(premix.Failure) error) error {
	text, err := blob.ReadAll(ctx, dataset.Meta(job.Replay.Dir, job.Replay.Split, dataset.FailuresFile), blob.MaxMeta)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f premix.Failure
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			return fmt.Errorf("stage: %s: %w", dataset.FailuresFile, err)
		}
		if err := yield(f); err != nil {
			return err
		}
	}
	return lines.Err()
}
