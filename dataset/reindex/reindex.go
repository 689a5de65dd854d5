// Package reindex rebuilds lost and damaged files of an output from its shards: call [Run]. It
// rebuilds indexes, records, side files, README.md, and if need be config.json and the manifest.
//
// It never changes a shard, and keeps every file that is right. Some things are not in the shards: the
// recipe, the plan, the class names in formats that do not store them, the input entries that are not
// in the output. A rebuilt manifest lists what is lost. To get it back, run the job again with its
// inputs: it finds the shards done and completes the rest.
package reindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// Options change how an output is rebuilt.
type Options struct {
	// Workers is the number of shards that are read at once; 0: one for each core.
	Workers int
	// Lock, if set, is called for each folder before it is read and rebuilt. What is written there has
	// the context that it returns, and unlock is called at the end. An error ends the work.
	Lock func(ctx context.Context, out string) (guarded context.Context, unlock func(), err error)
	// TempAge is the age from which a temporary in a locked folder is removed. It is 0 if Lock keeps all
	// others out: whoever wrote it is dead.
	TempAge time.Duration
	// Progress, if set, is called after each shard, from several goroutines.
	Progress func(samples, bytes int64)
}

// A Report is the result of [Run].
type Report struct {
	Path   string  `json:"path"`
	Splits []Split `json:"splits"`
}

// A Split is the result for one split.
type Split struct {
	Output  string `json:"output,omitempty"` // folder of the format, where there are several
	Name    string `json:"name"`
	Format  string `json:"format"`
	Shards  int    `json:"shards"`
	Samples int64  `json:"samples"`
	// Finished means that the split has a manifest now.
	Finished bool `json:"finished"`
	// Rebuilt lists the files that were written, Lost what could not be rebuilt.
	Rebuilt []string `json:"rebuilt"`
	Lost    []string `json:"lost"`
	// Damaged has a line for each shard that cannot be used, and for each gap.
	Damaged []string `json:"damaged"`
	// Aside lists damaged files that were kept under another name, which ends in .damaged.
	Aside []string `json:"aside"`
	// Stray lists files with names of the split that its manifest does not list; they stay.
	Stray []string `json:"stray"`
}

// OK reports whether every split has a manifest now.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Splits, func(s Split) bool { return !s.Finished })
}

// An EmptyError means that a folder has no shards.
type EmptyError struct {
	Path string
	// Begun says how far a run is that has begun an output there; empty if none has.
	Begun string
}

func (e *EmptyError) Error() string {
	if e.Begun != "" {
		return printable.Sprintf("%s has no shards yet: %s", e.Path, e.Begun)
	}
	return printable.Sprintf("%s contains no shards of premix: give the folder of an output", e.Path)
}

// Run rebuilds an output, or the outputs of several formats below one folder.
func Run(ctx context.Context, out string, o Options) (*Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if _, err := blob.Stat(ctx, out); err != nil {
		return nil, fmt.Errorf("reindex: %w", err)
	}
	tasks, err := findSplits(ctx, out, &o)
	if err != nil {
		return nil, err
	}
	if o.Lock != nil {
		for i, t := range tasks {
			if i > 0 && t.out == tasks[i-1].out {
				continue
			}
			var unlock func()
			if ctx, unlock, err = o.Lock(ctx, t.out); err != nil {
				return nil, err
			}
			defer unlock()
			if err := dataset.Sweep(ctx, t.out, t.set.format, t.set.spec, o.TempAge); err != nil {
				return nil, err
			}
		}
		// A run that held the lock may have changed the output before it ended.
		if tasks, err = findSplits(ctx, out, &o); err != nil {
			return nil, err
		}
	}
	for _, t := range tasks { // read everything before anything is written
		if err := t.load(ctx); err != nil {
			return nil, err
		}
	}
	for _, t := range tasks { // a damaged file of one split must not hinder another
		if err := t.putAside(ctx); err != nil {
			return nil, err
		}
	}
	report := &Report{Path: out}
	for _, t := range tasks {
		if err := t.rebuild(ctx); err != nil {
			return nil, err
		}
		report.Splits = append(report.Splits, t.split)
	}
	return report, nil
}

// findSplits finds the splits of an output: those with shards, and those that had shards once.
func findSplits(ctx context.Context, out string, o *Options) ([]*task, error) {
	var tasks []*task
	places, err := dataset.Places(ctx, out)
	if err != nil {
		return nil, err
	}
	for _, dir := range places {
		at := blob.Join(out, dir)
		sets, err := discover(ctx, at)
		if err != nil {
			return nil, err
		}
		names, err := dataset.Splits(ctx, at)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if slices.ContainsFunc(sets, func(s shardSet) bool { return s.spec.Split == name }) {
				continue
			}
			m, err := dataset.LoadManifest(ctx, at, name)
			if err == nil && len(m.Replicas) > 0 || dataset.Damaged(err) {
				sets = append(sets, shardSet{spec: shard.Spec{Split: name}})
			} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		if len(sets) > 0 && len(names) == 0 {
			if err := foreign(ctx, at); err != nil {
				return nil, err
			}
		}
		for _, set := range sets {
			t := &task{out: at, options: o, set: set}
			t.split = Split{Output: dir, Name: set.spec.Split, Rebuilt: []string{}, Lost: []string{}, Damaged: []string{}, Aside: []string{}, Stray: []string{}}
			if set.format != nil {
				t.split.Format = set.format.Name()
			}
			tasks = append(tasks, t)
		}
	}
	if !slices.ContainsFunc(tasks, func(t *task) bool { return len(t.set.shards) > 0 }) {
		return nil, emptyError(ctx, out)
	}
	return tasks, nil
}

// emptyError says how far the first output below a folder is that a run has begun.
func emptyError(ctx context.Context, out string) error {
	dirs, err := dataset.Outputs(ctx, out)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return &EmptyError{Path: out}
	}
	at := blob.Join(out, dirs[0])
	splits, err := dataset.Splits(ctx, at)
	if err != nil {
		return err
	}
	if len(splits) == 0 {
		h, err := dataset.LookHolder(ctx, at)
		if err != nil {
			return err
		}
		return &EmptyError{out, dataset.BegunText(h)}
	}
	p, err := dataset.LookProgress(ctx, at, splits[0])
	if err != nil {
		return err
	}
	return &EmptyError{out, fmt.Sprintf("the split %s is %s", splits[0], p)}
}

// A task rebuilds one split.
type task struct {
	out         string
	options     *Options
	set         shardSet
	split       Split
	config      *dataset.Config   // nil: lost
	manifest    *dataset.Manifest // nil: lost
	failures    []premix.Failure  // the readable ones
	inputs      *dataset.Inputs   // with what could be read
	trusted     bool              // inputs is as premix wrote it
	wrong       []string          // inputs.json, run.json, report.html: those that are missing or damaged
	broken      []string          // damaged files of the description, to be put aside
	fingerprint string
	listed      map[string]string // the hashes of shards in the manifest, if it has the hash of itself
	records     []dataset.ShardRecord
}

// rebuild makes the missing files of the split, if it has all its shards.
func (t *task) rebuild(ctx context.Context) error {
	if len(t.split.Damaged) > 0 {
		return nil
	}
	if err := t.shards(ctx); err != nil {
		return err
	}
	if len(t.split.Damaged) > 0 {
		return nil
	}
	return t.finish(ctx)
}

// unfinished says, where a run was interrupted and nothing is lost, what makes the missing shards.
func (t *task) unfinished() string {
	if t.config == nil || t.manifest != nil {
		return ""
	}
	return ": the split is not finished; run the same command again to continue"
}

func (t *task) lose(what string) {
	if !slices.Contains(t.split.Lost, what) {
		t.split.Lost = append(t.split.Lost, what)
	}
}

func (t *task) damaged(format string, args ...any) {
	t.split.Damaged = append(t.split.Damaged, printable.Line(printable.Sprintf(format, args...)))
}

// shards reads every shard, and writes missing and wrong indexes and records.
func (t *task) shards(ctx context.Context) error {
	t.records = make([]dataset.ShardRecord, len(t.set.shards))
	damaged := make([]string, len(t.set.shards))
	rebuilt, aside := make([][]string, len(t.set.shards)), make([][]string, len(t.set.shards))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(t.options.Workers)
	for i, s := range t.set.shards {
		g.Go(func() error {
			one := shardTask{task: t, place: s}
			err := one.run(gctx)
			var bad *damageError
			if errors.As(err, &bad) {
				damaged[i] = fmt.Sprintf("%s: %v", s.path, bad)
				return nil
			}
			t.records[i], rebuilt[i], aside[i] = one.record, one.rebuilt, one.aside
			if err == nil && t.options.Progress != nil {
				t.options.Progress(one.record.Samples, one.record.Bytes)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	count := map[int]int64{}
	for i, r := range t.records {
		t.split.Shards++
		t.split.Samples += r.Samples
		t.split.Rebuilt = append(t.split.Rebuilt, rebuilt[i]...)
		t.split.Aside = append(t.split.Aside, aside[i]...)
		count[t.set.shards[i].replica]++
		if damaged[i] != "" {
			t.damaged("%s", damaged[i])
		} else if r.PlanPath == "" {
			t.lose(dataset.LostPlan)
		}
	}
	for _, s := range t.set.shards { // every replica must have all of its shards
		if n := count[s.replica]; n != 0 && n != t.set.spec.Shards {
			t.damaged("of the %d shards that belong to %s only %d are there%s", t.set.spec.Shards, s.path, n, t.unfinished())
		}
		count[s.replica] = 0
	}
	return nil
}
