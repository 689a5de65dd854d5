package launch

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// readPlan returns the configuration that makes shards of the plan in c.Plan. The plan decides the
// samples; c decides where things are, how the job runs, and in which form samples are written.
func readPlan(ctx context.Context, c pipeline.Config) (*pipeline.Config, error) {
	dir, err := blob.Abs(c.Plan)
	if err != nil {
		return nil, usagef("--plan %s: %v", c.Plan, err)
	}
	c.Plan = dir
	split, err := plannedSplit(ctx, &c)
	if err != nil {
		return nil, err
	}
	m, err := dataset.LoadPlanned(ctx, dir, split)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--plan %s: the split %s is neither planned nor finished: run its job to the end first, with --plan-only or without", dir, split)
	}
	if err != nil {
		return nil, err
	}
	classes, err := dataset.LoadClasses(ctx, dir, split)
	if err != nil {
		return nil, err
	}
	if err := understandAsPlanned(ctx, &c, split); err != nil {
		return nil, err
	}
	r, err := c.FromPlan(m, classes)
	var versions *pipeline.PlanError
	if errors.As(err, &versions) {
		return nil, &OutputError{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	if len(r.In) == 0 {
		inputs, err := derive.LoadInputs(ctx, dir, split)
		if err != nil {
			return nil, usagef("%v", err)
		}
		for _, in := range inputs {
			if in.Name != "" {
				in.URI = in.Name + "=" + in.URI
			}
			r.In = append(r.In, in.URI)
		}
	}
	return r, nil
}

// understandAsPlanned takes the lists of labels and the settled doubts of the plan where the user names none.
func understandAsPlanned(ctx context.Context, c *pipeline.Config, split string) error {
	in, err := dataset.LoadInputs(ctx, c.Plan, split)
	if err != nil {
		return nil // derive.LoadInputs says so, where the inputs are needed
	}
	if !c.Given["accept"] {
		c.Accept = in.Accept
	}
	if c.Given["labels"] || len(in.Labels) == 0 {
		return nil
	}
	c.Labels = nil
	for _, list := range in.Labels {
		text := list.URI
		if list.Name != "" {
			text = list.Name + "=" + list.URI
		}
		c.Labels = append(c.Labels, text)
	}
	c.LabelSums, err = labelSums(ctx, c.Labels)
	return err
}

// plannedSplit is the split whose plan is to be made: the one asked for, or the only one.
func plannedSplit(ctx context.Context, c *pipeline.Config) (string, error) {
	splits, err := dataset.Splits(ctx, c.Plan)
	if err != nil {
		return "", err
	}
	switch {
	case len(splits) == 0:
		begun, err := dataset.Begun(ctx, c.Plan)
		if err != nil {
			return "", err
		}
		if begun {
			return "", usagef("--plan %s is an output whose run stopped before it had a plan: run that command again first", c.Plan)
		}
		return "", usagef("--plan %s is not an output of premix: give the folder that holds %s (of an output in several formats: one of its folders)", c.Plan, dataset.MetaDir)
	case c.Given["split"]:
		if slices.Contains(splits, c.Split) {
			return c.Split, nil
		}
		return "", usagef("--plan %s has no split %s: choose %s", c.Plan, c.Split, strings.Join(splits, ", "))
	case len(splits) > 1:
		return "", usagef("--plan %s has the splits %s: choose one with --split", c.Plan, strings.Join(splits, ", "))
	}
	return splits[0], nil
}
