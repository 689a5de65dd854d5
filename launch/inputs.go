package launch

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// found is what the inputs hold.
type found struct {
	*settled
	catalog   *source.Catalog
	classesOf string // the split of the output whose class list is used; empty: none
}

// findInputs lists the containers of the inputs and decides on the class list.
func findInputs(ctx context.Context, s *settled) (*found, error) {
	catalog, err := source.Discover(ctx, pipeline.Inputs(s.config.In), s.config.SourceOptions())
	if err != nil {
		return nil, err
	}
	if err := doubts(s, catalog); err != nil {
		return nil, err
	}
	f := &found{settled: s, catalog: catalog}
	if err := f.useClassesOfOutput(ctx); err != nil {
		return nil, err
	}
	if catalog.Cut != "" && !s.options.PeaksOnly {
		return nil, usagef("%s", catalog.Cut)
	}
	f.report()
	return f, nil
}

// useClassesOfOutput applies the class list of another split of the output, if there is one: a class that
// this split lacks must not shift the numbers of others.
func (f *found) useClassesOfOutput(ctx context.Context) error {
	if f.options.PeaksOnly || f.config.ClassList != nil {
		return nil
	}
	for _, dir := range f.config.OutputDirs() {
		if done, err := f.useClassesIn(ctx, dir); err != nil || done {
			return err
		}
	}
	return nil
}

// useClassesIn is useClassesOfOutput for one output of the job; done says that it has another split.
func (f *found) useClassesIn(ctx context.Context, dir string) (done bool, err error) {
	splits, err := dataset.Splits(ctx, dir)
	if err != nil {
		return false, err
	}
	for _, s := range splits {
		if s == f.config.Split {
			continue
		}
		list, err := dataset.LoadClasses(ctx, dir, s)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		var unknown []string
		for _, c := range f.catalog.Classes {
			if !slices.Contains(list, c) {
				unknown = append(unknown, c)
			}
		}
		if len(unknown) > 0 {
			return false, &OutputError{stage.UnknownClasses(dir, s, unknown, list)}
		}
		f.catalog.Classes, f.classesOf = list, s
		return true, nil
	}
	return false, nil
}

// doubts refuses inputs in doubt. A job that only fills the cache goes on: peaks do not depend on classes.
func doubts(s *settled, c *source.Catalog) error {
	if c.OneClass != "" && !slices.Contains(s.config.Accept, source.AcceptOneClass) {
		d := source.OneClassDoubt(c.OneClass)
		if s.options.PeaksOnly || !s.config.Mixes() {
			c.Warnings = append(c.Warnings, d.Text)
		} else {
			c.Doubts = append(c.Doubts, d)
		}
	}
	if s.options.PeaksOnly {
		return nil
	}
	return c.Doubtful()
}

// report says how the inputs are understood.
func (f *found) report() {
	say, c := f.options.Reporter, f.catalog
	say.Understood(c.Understood())
	for _, w := range c.Warnings {
		say.Warn("%s", w)
	}
	for i, line := range source.DoubtLines(c.Doubts) {
		if i == 0 {
			say.Warn("the classes of the input are in doubt; mix and pack refuse it")
		}
		say.Say("%s", line)
	}
}
