package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// RunShards counts the shards of the replicas of a run in one output: those that it found there and
// kept, those that it found there and made anew since they or their records were damaged, and those that
// were not there.
type RunShards struct {
	Kept int64 `json:"kept"`
	Anew int64 `json:"anew"`
	New  int64 `json:"new"`
}

// RunWithShards adds the counts to run.json.
func RunWithShards(run json.RawMessage, counts RunShards) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(run, &fields); err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", RunFile, err)
	}
	text, err := json.Marshal(counts)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", RunFile, err)
	}
	fields["shards"] = text
	return json.Marshal(fields)
}

// A Run is what premix itself reads of run.json: when and where the last run that wrote the split began, and what
// it found there. Fields that an earlier premix did not write are zero.
type Run struct {
	Started time.Time `json:"started"`
	Host    string    `json:"host"`
	Command []string  `json:"command"`
	Shards  RunShards `json:"shards"`
}

// String says when and where the run began, and the command; it is empty if that is not known.
func (r Run) String() string {
	if r.Started.IsZero() || len(r.Command) == 0 {
		return ""
	}
	return fmt.Sprintf("%s on %s: %s", r.Began(), r.Host, printable.Shell(r.Command))
}

// Began is when the run began, to the minute.
func (r Run) Began() string { return r.Started.UTC().Format("2006-01-02 15:04 UTC") }

// SaveRun writes run.json. The gate of a split that is not finished does so before the first shard,
// and the finish stage again, with what became of shards.
func SaveRun(ctx context.Context, out, split string, run json.RawMessage) error {
	if len(run) == 0 {
		return nil
	}
	data, err := Encode(run)
	if err != nil {
		return fmt.Errorf("%s: %w", RunFile, err)
	}
	if err := blob.WriteFile(ctx, Meta(out, split, RunFile), jsonSeal.seal(data)); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// LoadRun reads run.json.
func LoadRun(ctx context.Context, out, split string) (Run, error) {
	var run Run
	uri := Meta(out, split, RunFile)
	data, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
	if err != nil {
		return run, fmt.Errorf("dataset: %w", err)
	}
	if err := json.Unmarshal(data, &run); err != nil {
		return run, fmt.Errorf("dataset: %s: %w", uri, err)
	}
	return run, nil
}
