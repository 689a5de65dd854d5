// Package verify reads a whole output again and reports what is wrong: call [Run].
//
// It trusts nothing that the output says of itself. Shards are hashed and counted. Every record is
// read, its image is decoded, its numbers are compared with each other, with its plan and with the
// recipe, and it is written again to see that the bytes and the index are those that premix writes.
// Then shards are compared with their records, records with the manifest, the manifest with the counts
// of the input (good, ignored, excluded, failed), and side files with what they are made from. A deep
// verification also makes some samples again from their sources.
//
// What is found depends on the output alone, not on the number of workers. Memory does not grow with
// the samples, only with the number of shards: see names.go.
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

// Options change what is verified. The zero value verifies everything but the sources.
type Options struct {
	// Splits names the splits; nil: all.
	Splits []string
	// Params turns the recipe of a manifest into what decides its samples, and says how its inputs
	// are read. Without it recipes are not drawn again, smoothed labels are checked loosely, and
	// Deep must be 0.
	Params func(recipe json.RawMessage) (sample.Params, source.Options, error)
	// Deep is how many records of each split are made again from their sources, evenly spread.
	Deep int
	// In is where the inputs are; empty: where inputs.json says.
	In []source.Input
	// Workers bounds how many shards are read at once; 0: one a core.
	Workers int
	// MaxDefects bounds the defects that are listed, of a shard and in all; 0: 100. All are counted.
	MaxDefects int
	// Progress, if set, is called after each shard, from several goroutines.
	Progress func(samples, bytes int64)
}

// A Report is what was found.
type Report struct {
	Path string `json:"path"`
	OK   bool   `json:"ok"`
	// Defects are in the order of the output; Total counts those that are not listed too.
	Total   int64    `json:"defects_total"`
	Defects []Defect `json:"defects"`
	Splits  []Split  `json:"splits"`
}

// A Split says how much of a split was verified.
type Split struct {
	Output   string `json:"output,omitempty"` // folder below Path, where there are several
	Name     string `json:"name"`
	Format   string `json:"format"`
	Replicas int    `json:"replicas"`
	Shards   int    `json:"shards"`
	Samples  int64  `json:"samples"`
	Bytes    int64  `json:"bytes"`
	Failures int64  `json:"failures"` // rows of failures.jsonl
	Derived  int64  `json:"derived"`  // records made again from their sources
	// Lost is what a rebuilt manifest lacks, and what could therefore not be verified.
	Lost []string `json:"lost,omitempty"`
}

// A Defect is one thing that is wrong.
type Defect struct {
	Split string `json:"split"`
	Path  string `json:"path"`          // of the file, below the output
	Key   string `json:"key,omitempty"` // of the record
	What  string `json:"what"`          // one line
}

func (d Defect) String() string {
	if d.Key != "" {
		return printable.Line(printable.Sprintf("%s: %s: %s", d.Path, d.Key, d.What))
	}
	return printable.Line(printable.Sprintf("%s: %s", d.Path, d.What))
}

// A NoOutputError says that a folder is not an output of premix, or none with a split.
type NoOutputError struct {
	Path string
	// Begun has a line for each output below Path that a run has begun, with nothing mixed yet.
	Begun []string
}

func (e *NoOutputError) Error() string {
	if len(e.Begun) > 0 {
		return printable.Sprintf("%s is an output of premix without a split: %s", e.Path, e.Begun[0])
	}
	return printable.Sprintf("%s is not an output of premix: it does not contain the folder %s", e.Path, dataset.MetaDir)
}

// Run verifies an output, or the outputs of several formats and variants below one folder. Defects are not
// errors: an error says that the output could not be verified.
func Run(ctx context.Context, out string, o Options) (*Report, error) {
	if o.Deep > 0 && o.Params == nil {
		return nil, errors.New("verify: deep verification needs the parameters of the recipe")
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MaxDefects <= 0 {
		o.MaxDefects = 100
	}
	dirs, err := Outputs(ctx, out)
	if err != nil && !errors.As(err, new(*NoOutputError)) {
		return nil, err
	}
	begun, berr := Begun(ctx, out)
	if berr != nil || len(begun) == 0 && err != nil {
		return nil, errors.Join(berr, err)
	}
	report := &Report{Path: out, Defects: []Defect{}}
	for _, dir := range dirs {
		names := o.Splits
		if names == nil {
			if names, err = dataset.Splits(ctx, blob.Join(out, dir)); err != nil {
				return nil, err
			}
		}
		for _, name := range names {
			v := &verifier{dir: dir, out: blob.Join(out, dir), name: name, options: &o}
			v.found.limit = o.MaxDefects
			split, err := v.run(ctx)
			if err != nil {
				return nil, err
			}
			report.Splits = append(report.Splits, *split)
			report.add(&v.found, dir, name, o.MaxDefects)
		}
	}
	for _, b := range begun {
		found := defects{limit: o.MaxDefects}
		found.add(dataset.MetaDir, "", "%s", dataset.BegunText(b.Holder))
		report.add(&found, b.Dir, "", o.MaxDefects)
	}
	report.OK = report.Total == 0
	return report, nil
}

// Outputs are the folders below a place that are outputs: itself (""), or one for each format or variant.
func Outputs(ctx context.Context, out string) ([]string, error) {
	var dirs []string
	places, err := dataset.Places(ctx, out)
	if err != nil {
		return nil, err
	}
	for _, dir := range places {
		splits, err := dataset.Splits(ctx, blob.Join(out, dir))
		if err != nil {
			return nil, err
		}
		if len(splits) > 0 {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) > 0 {
		return dirs, nil
	}
	if _, err := blob.Stat(ctx, out); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	begun, err := Begun(ctx, out)
	if err != nil {
		return nil, err
	}
	none := &NoOutputError{Path: out}
	for _, b := range begun {
		none.Begun = append(none.Begun, dataset.BegunText(b.Holder))
	}
	return nil, none
}

func (r *Report) add(found *defects, dir, split string, limit int) {
	r.Total += found.total
	for _, d := range found.list {
		if len(r.Defects) == limit {
			return
		}
		d.Split = split
		if dir != "" {
			d.Path = dir + "/" + d.Path
		}
		r.Defects = append(r.Defects, d)
	}
}

// defects gathers up to limit defects and counts the rest.
type defects struct {
	limit int
	list  []Defect
	total int64
}

func (d *defects) add(path, key, format string, args ...any) {
	d.total++
	if len(d.list) < d.limit {
		d.list = append(d.list, Defect{Path: path, Key: key, What: printable.Line(printable.Sprintf(format, args...))})
	}
}

func (d *defects) merge(o *defects) {
	d.total += o.total
	d.list = append(d.list, o.list[:min(len(o.list), d.limit-len(d.list))]...)
}

// evenly picks n of total numbers, evenly spread and each once.
func evenly(n int, total int64) []int64 {
	count := min(int64(n), total)
	picks := make([]int64, 0, max(count, 0))
	for i := range count {
		picks = append(picks, (2*i+1)*total/(2*count))
	}
	return slices.Compact(picks)
}
