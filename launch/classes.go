package launch

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
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
		return nil, usagef("--classes %s: the file is empty: write one class name on each line", path)
	}
	seen := map[string]int{}
	for i, line := range strings.Split(strings.TrimRight(string(text), "\r\n"), "\n") {
		name := strings.TrimSpace(line)
		if name == "" {
			return nil, usagef("%s:%d: an empty line: write one class name on each line", path, i+1)
		}
		if at, twice := seen[name]; twice {
			return nil, usagef("%s:%d: class %q is in line %d already; remove one", path, i+1, name, at)
		}
		seen[name] = i + 1
	}
	list, err := source.ParseClasses(text)
	if err != nil {
		return nil, usagef("--classes %s: %v", path, err)
	}
	return list, nil
}

// A Choice says what a class list leaves out of inputs that are folders or tars of classes, which are
// not opened. What it leaves out of others is known after the scan.
type Choice struct {
	// Left are the classes that are left out, of Of. Images of them are counted in local inputs only.
	Left   []string
	Of     int
	Images int64
	// Absent are the classes of the list, which has Listed, that the input does not have.
	Absent []string
	Listed int
}

// reportClasses finds out what the class list leaves out.
func (j *Job) reportClasses(ctx context.Context) error {
	left, all, absent := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range j.Catalog.NotChosen {
		left[c.Class], all[c.Class] = true, true
	}
	for _, c := range j.Catalog.Containers {
		if c.Class != "" {
			all[c.Class] = true
		}
	}
	for _, c := range j.Catalog.Absent {
		absent[c] = true
	}
	c := Choice{
		Left: slices.Sorted(maps.Keys(left)), Of: len(all),
		Absent: slices.Sorted(maps.Keys(absent)), Listed: len(j.Config.ClassList),
	}
	if len(left) > 0 {
		var err error
		if c.Images, err = countImages(ctx, j.Catalog.NotChosen, j.Config.SourceOptions()); err != nil {
			return err
		}
	}
	j.Options.Reporter.Classes(c)
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
