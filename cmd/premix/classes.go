package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

// readClasses reads the file of --classes.
func readClasses(ctx context.Context, path string) ([]string, error) {
	text, err := blob.ReadAll(ctx, path, 64<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--classes %s: no such file", path)
	}
	if err != nil {
		return nil, usagef("--classes: %v", err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, usagef("--classes %s: the file is empty; want one class name a line", path)
	}
	seen := map[string]int{}
	for i, line := range strings.Split(strings.TrimRight(string(text), "\r\n"), "\n") {
		name := strings.TrimSpace(line)
		if name == "" {
			return nil, usagef("%s:%d: an empty line; want one class name a line", path, i+1)
		}
		if at, twice := seen[name]; twice {
			return nil, usagef("%s:%d: class %q stands in line %d already", path, i+1, name, at)
		}
		seen[name] = i + 1
	}
	list, err := source.ParseClasses(text)
	if err != nil {
		return nil, usagef("--classes %s: %v", path, err)
	}
	return list, nil
}

// classesOfOutput applies the class list that another split of the output has: a class that is
// missing here must shift nothing.
func (l *launch) classesOfOutput(ctx context.Context) error {
	if l.peaksOnly || l.config.ClassList != nil {
		return nil
	}
	dir := l.config.OutputDirs()[0]
	splits, err := dataset.Splits(ctx, dir)
	if err != nil {
		return err
	}
	for _, s := range splits {
		if s == l.config.Split {
			continue
		}
		list, err := dataset.LoadClasses(ctx, dir, s)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		var unknown []string
		for _, c := range l.catalog.Classes {
			if !slices.Contains(list, c) {
				unknown = append(unknown, c)
			}
		}
		if len(unknown) > 0 {
			return &codeError{exitOther, stage.UnknownClasses(dir, s, unknown, len(list))}
		}
		l.catalog.Classes, l.classesOf = list, s
		return nil
	}
	return nil
}

// tellChoice says in a line what --classes leaves out of inputs that are folders or tars of classes,
// which are not opened. What it leaves out of others is known after the scan.
func (l *launch) tellChoice(ctx context.Context) error {
	left, all := map[string]bool{}, map[string]bool{}
	for _, c := range l.catalog.NotChosen {
		left[c.Class], all[c.Class] = true, true
	}
	for _, c := range l.catalog.Containers {
		if c.Class != "" {
			all[c.Class] = true
		}
	}
	if len(left) > 0 {
		images, err := countImages(ctx, l.catalog.NotChosen, l.config.SourceOptions())
		if err != nil {
			return err
		}
		about := ""
		if images > 0 {
			about = fmt.Sprintf(" with %d images", images)
		}
		l.say("--classes leaves out %d of %d classes of the input%s: %s", len(left), len(all), about, someNames(left))
	}
	if absent := l.catalog.Absent; len(absent) > 0 {
		empty := map[string]bool{}
		for _, c := range absent {
			empty[c] = true
		}
		l.say("warning: the input does not have %d of the %d classes of --classes: %s", len(empty), len(l.config.ClassList), someNames(empty))
	}
	return nil
}

// countImages lists local containers and counts what looks like an image; 0 if one is remote.
func countImages(ctx context.Context, containers []source.Container, o source.Options) (int64, error) {
	counts := make([]int64, len(containers))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, c := range containers {
		if c.Layout != "synth" && !blob.IsLocal(c.URI) {
			return 0, nil
		}
		g.Go(func() error {
			chunks, err := source.Split(gctx, c, o)
			for _, ch := range chunks {
				counts[i] += int64(ch.EstImages)
			}
			return err
		})
	}
	err := g.Wait()
	var n int64
	for _, c := range counts {
		n += c
	}
	return n, err
}

// someNames lists the first few of a set.
func someNames(set map[string]bool) string {
	const most = 3
	names := make([]string, 0, len(set))
	for n := range set {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
