package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/launch"
)

// tellCounts warns of containers that have more than a list beside them says. All of it is used, but
// readers that go by the list may see something else. What they have too little of are failures.
func tellCounts(ctx context.Context, a *app, j *launch.Job, dir string) error {
	if !slices.ContainsFunc(j.Catalog.Containers, func(c source.Container) bool { return c.CountedBy != "" }) {
		return nil
	}
	inputs, err := dataset.LoadInputs(ctx, dir, j.Config.Split)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // of a plan
	}
	if err != nil {
		return err
	}
	usable := map[string]int64{}
	for _, c := range inputs.Containers {
		usable[c.Name] = c.Good + c.Excluded
	}
	first, more := "", 0
	for _, c := range j.Catalog.Containers {
		if c.CountedBy == "" || usable[c.Name] <= c.Samples {
			continue
		}
		if first == "" {
			first = fmt.Sprintf("%s has %s, and should have %d by %s", c.Name, printable.Count(usable[c.Name], "image"), c.Samples, c.CountedBy)
		} else {
			more++
		}
	}
	if first == "" {
		return nil
	}
	if more > 0 {
		first += fmt.Sprintf(" (and %d more have too many)", more)
	}
	a.say("warning: %s: all are used; correct the list, or get the file that it was written for", first)
	return nil
}

// tellLabels warns of what the gate found odd in the labels of the input.
func tellLabels(ctx context.Context, a *app, j *launch.Job, dir string) error {
	inputs, err := dataset.LoadInputs(ctx, dir, j.Config.Split)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // of a plan
	}
	if err != nil {
		return err
	}
	for _, w := range inputs.Warnings {
		a.say("warning: %s", w)
	}
	return nil
}
