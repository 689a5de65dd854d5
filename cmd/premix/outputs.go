package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// checkOutputs looks at the places of the outputs, and writes nothing: something else may be there,
// another recipe, or a newer schema.
func (l *launch) checkOutputs(ctx context.Context) error {
	c := l.config
	if err := l.outsideOfInputs(); err != nil {
		return err
	}
	if blob.IsLocal(c.Out) {
		if err := writable(c.Out); err != nil {
			return usagef("--out %s cannot be written: %v", c.Out, err)
		}
	}
	if err := l.checkRoot(ctx); err != nil {
		return err
	}
	for i, dir := range c.OutputDirs() {
		if blob.IsLocal(dir) {
			if err := writable(dir); err != nil {
				return usagef("--out %s cannot be written: %v", dir, err)
			}
		}
		state, err := dataset.Look(ctx, dir)
		if err != nil {
			return err
		}
		if state.Foreign != "" {
			return usagef("--out %s holds something else (%s): choose an empty or new folder", dir, state.Foreign)
		}
		for _, s := range state.Splits {
			switch {
			case s.Damaged != nil && s.Name != c.Split:
				return fmt.Errorf("%w: the file is damaged; premix reindex %s rebuilds it, or choose another --out", s.Damaged, dir)
			case s.Damaged != nil && !c.Overwrite:
				return fmt.Errorf("%w: the file is damaged; premix reindex %s rebuilds it, --overwrite makes the split again, or choose another --out", s.Damaged, dir)
			}
		}
		if c.Overwrite {
			continue
		}
		for _, s := range state.Splits {
			if s.Name != c.Split || s.Config == nil {
				continue
			}
			if err := l.numberReplicas(dir, s.Config); err != nil {
				return err
			}
			if diff := dataset.RecipeDiff(s.Config.Recipe, c.RecipeJSON(c.Formats[i])); len(diff) > 0 {
				return &codeError{exitOther, stage.RecipeRefusal(dir, c.Split, diff)}
			}
		}
	}
	return nil
}

// checkRoot looks at the folder above the outputs of several formats: it must not be an output
// itself, nor hold anything else.
func (l *launch) checkRoot(ctx context.Context) error {
	c := l.config
	if len(c.Formats) == 1 {
		return nil
	}
	splits, err := dataset.Splits(ctx, c.Out)
	if err != nil {
		return err
	}
	if len(splits) > 0 {
		return &codeError{exitOther, fmt.Sprintf("%s is an output of one format itself: several formats go to OUT/FORMAT, so choose another --out", c.Out)}
	}
	objects, err := blob.List(ctx, c.Out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	known := map[string]bool{dataset.MetaDir: true}
	for _, f := range formats.Names() {
		known[f] = true
	}
	for _, o := range objects {
		if name := blob.Base(o.URI); !known[name] {
			return usagef("--out %s holds something else (%s): choose an empty or new folder", c.Out, name)
		}
	}
	return nil
}

// outsideOfInputs refuses an output below the folder of an input: the next run would take it for a
// part of the input.
func (l *launch) outsideOfInputs() error {
	for _, in := range l.config.In {
		_, uri := pipeline.SplitInput(in)
		if blob.IsLocal(uri) != blob.IsLocal(l.config.Out) || strings.HasPrefix(uri, "synth:") {
			continue
		}
		if rel, ok := blob.Rel(uri, l.config.Out); ok {
			return usagef("--out %s lies in the input %s, which would read it as a part of itself (%s): choose a folder outside", l.config.Out, uri, rel)
		}
	}
	return nil
}

// writable checks that a local folder can be written, or made. It changes nothing.
func writable(dir string) error {
	const write, search = 2, 1
	for p := dir; ; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		switch {
		case (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) && p != filepath.Dir(p):
			continue
		case err != nil:
			return err
		case !info.IsDir():
			return fmt.Errorf("%s is no folder", p)
		}
		if err := syscall.Access(p, write|search); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		return nil
	}
}

// checkSplits compares the shape of this split with those of the others in each output, as far as
// it is known before the peaks.
func (l *launch) checkSplits(ctx context.Context) error {
	if l.peaksOnly || l.catalog.Classes == nil {
		return nil
	}
	for i := range l.job.Outputs {
		o := &l.job.Outputs[i]
		f, err := formats.ByName(o.Format)
		if err != nil {
			return err
		}
		spec := o.Spec
		spec.Classes = l.catalog.Classes
		if err := dataset.Agree(ctx, o.Dir, f, spec); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes temporaries that a killed run left in the outputs, and copies that this run has no
// use for. Beside another run, whose lock was broken, only old ones are.
func (l *launch) sweep(ctx context.Context) error {
	age := time.Duration(0)
	if l.flags.breakLock {
		age = time.Hour
	}
	for i := range l.job.Outputs {
		if err := stage.SweepOutput(ctx, l.job, i, age); err != nil {
			return err
		}
	}
	if l.flags.breakLock {
		return nil
	}
	if !l.job.Cache.Temporary { // an interrupted run with --cache none
		if err := blob.RemoveAll(ctx, l.ownCache()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return stage.SweepSpool(ctx, l.job)
}
