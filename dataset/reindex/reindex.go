// Package reindex rebuilds from the shards of an output whatever else of it is lost or damaged:
// indexes, records, side files, README.md, and if need be config.json and the manifest.
//
// Shards are never changed, and what is there and right is kept. A rebuilt manifest says what
// shards alone do not tell: the recipe, the plan, the names of the classes in formats that do not
// keep them, what became of input entries that are not in the output. To have these back, run the
// job again: with its inputs it finds the shards done and completes the rest.
package reindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// Options change how an output is rebuilt.
type Options struct {
	// Workers bounds how many shards are read at once; 0: one a core.
	Workers int
	// Lock, if set, is called for each folder before anything of it is read to be rebuilt; what it
	// returns is called at the end. An error ends the work.
	Lock func(ctx context.Context, out string) (unlock func(), err error)
	// Progress, if set, is called after each shard, from several goroutines.
	Progress func(samples, bytes int64)
}

// A Report is what was done.
type Report struct {
	Path   string  `json:"path"`
	Splits []Split `json:"splits"`
}

// A Split is what was done for a split.
type Split struct {
	Output  string `json:"output,omitempty"` // folder of the format, where there are several
	Name    string `json:"name"`
	Format  string `json:"format"`
	Shards  int    `json:"shards"`
	Samples int64  `json:"samples"`
	// Finished says that there is a manifest now.
	Finished bool `json:"finished"`
	// Rebuilt are the files that were written, Lost is what could not be rebuilt.
	Rebuilt []string `json:"rebuilt"`
	Lost    []string `json:"lost"`
	// Damaged are shards that cannot be used, and gaps, one line each.
	Damaged []string `json:"damaged"`
	// Aside are damaged files that are kept under another name, with .damaged at its end.
	Aside []string `json:"aside"`
	// Stray are files in the names of the split that its manifest does not know; they are left alone.
	Stray []string `json:"stray"`
}

// OK reports whether every split has a manifest now.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Splits, func(s Split) bool { return !s.Finished })
}

// An EmptyError says that a folder has no shards.
type EmptyError struct{ Path string }

func (e *EmptyError) Error() string {
	return fmt.Sprintf("reindex: %s has no shards in the names of premix", e.Path)
}

// Run rebuilds an output, or the outputs of several formats below one folder.
func Run(ctx context.Context, out string, o Options) (*Report, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if _, err := blob.Stat(ctx, out); err != nil {
		return nil, fmt.Errorf("reindex: %w", err)
	}
	tasks, err := plan(ctx, out, &o)
	if err != nil {
		return nil, err
	}
	if o.Lock != nil {
		for i, t := range tasks {
			if i > 0 && t.out == tasks[i-1].out {
				continue
			}
			unlock, err := o.Lock(ctx, t.out)
			if err != nil {
				return nil, err
			}
			defer unlock()
		}
		if tasks, err = plan(ctx, out, &o); err != nil { // what was there before may have been a run's that ended
			return nil, err
		}
	}
	for _, t := range tasks { // nothing is written before all of it was read
		if err := t.load(ctx); err != nil {
			return nil, err
		}
	}
	for _, t := range tasks { // a damaged file of one split must not be in the way of another
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

// plan finds the splits of an output: those that have shards, and those that once had.
func plan(ctx context.Context, out string, o *Options) ([]*task, error) {
	var tasks []*task
	for _, dir := range append([]string{""}, formats.Names()...) {
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
			} else if err != nil && !isNotExist(err) {
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
		return nil, &EmptyError{out}
	}
	return tasks, nil
}

// A task rebuilds one split.
type task struct {
	out         string
	options     *Options
	set         shardSet
	split       Split
	config      *dataset.Config   // nil: lost
	manifest    *dataset.Manifest // nil: lost
	failures    []premix.Failure  // those that can be read
	inputs      *dataset.Inputs   // empty: lost
	broken      []string          // files of premix's own that are to be put aside
	fingerprint string
	records     []dataset.ShardRecord
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// rebuild makes what is missing of the split, if its shards are all there.
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

func (t *task) lose(what string) {
	if !slices.Contains(t.split.Lost, what) {
		t.split.Lost = append(t.split.Lost, what)
	}
}

func (t *task) damaged(format string, args ...any) {
	t.split.Damaged = append(t.split.Damaged, fmt.Sprintf(format, args...))
}

// shards reads every shard, and writes the indexes and records that are missing or wrong.
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
			t.damaged("of the %d shards that belong to %s only %d are there", t.set.spec.Shards, s.path, n)
		}
		count[s.replica] = 0
	}
	return nil
}
