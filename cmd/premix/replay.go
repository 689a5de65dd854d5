package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// readPlan takes what is planned from the output that --plan names, and keeps of the command line
// where things are, how to run, and in which form to write.
func (l *launch) readPlan(ctx context.Context) error {
	c := l.config
	dir, err := blob.Abs(c.Plan)
	if err != nil {
		return usagef("--plan %s: %v", c.Plan, err)
	}
	c.Plan = dir
	split, err := l.plannedSplit(ctx)
	if err != nil {
		return err
	}
	m, err := dataset.LoadPlanned(ctx, dir, split)
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("--plan %s: the split %s is neither planned nor finished: run its job to the end, with --plan-only or without", dir, split)
	}
	if err != nil {
		return err
	}
	classes, err := dataset.LoadClasses(ctx, dir, split)
	if err != nil {
		return err
	}
	r, err := c.FromPlan(m, classes)
	var versions *pipeline.PlanError
	if errors.As(err, &versions) {
		return &codeError{exitOther, err.Error()}
	}
	if err != nil {
		return err
	}
	if len(r.In) == 0 {
		inputs, err := derive.LoadInputs(ctx, dir, split)
		if err != nil {
			return usagef("%v", err)
		}
		for _, in := range inputs {
			if in.Name != "" {
				in.URI = in.Name + "=" + in.URI
			}
			r.In = append(r.In, in.URI)
		}
	}
	*c = *r
	return nil
}

// plannedSplit is the split whose plan is to be made: the one asked for, or the only one.
func (l *launch) plannedSplit(ctx context.Context) (string, error) {
	c := l.config
	splits, err := dataset.Splits(ctx, c.Plan)
	if err != nil {
		return "", err
	}
	switch {
	case len(splits) == 0:
		return "", usagef("--plan %s is no output of premix: give the folder that holds %s (of an output in several formats: one of its folders)", c.Plan, dataset.MetaDir)
	case c.Given["split"]:
		for _, s := range splits {
			if s == c.Split {
				return s, nil
			}
		}
		return "", usagef("--plan %s has no split %s, but %s", c.Plan, c.Split, strings.Join(splits, ", "))
	case len(splits) > 1:
		return "", usagef("--plan %s has the splits %s: choose one with --split", c.Plan, strings.Join(splits, ", "))
	}
	return splits[0], nil
}

// summarizePlan prints what is planned of an output.
func (l *launch) summarizePlan(ctx context.Context, w io.Writer, dir, _ string) error {
	m, err := dataset.LoadPlanned(ctx, dir, l.config.Split)
	if err != nil {
		return err
	}
	shards := 0
	for _, r := range m.Replicas {
		shards += len(r.Shards)
	}
	_, err = fmt.Fprintf(w, "plan     %s\nsamples  %d in %d shards, %d classes; no pixels were written (--plan-only)\nmake     premix mix --plan %s --out FOLDER\n",
		shortPath(dataset.Meta(dir, l.config.Split, dataset.PlanDir)), m.Counts.Samples, shards, m.Shape.Classes.Count, shortPath(dir))
	return err
}
