package dataset

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// SideFiles returns the right content of the files that all finished splits of an output share: those
// of the format, and README.md, in the order of their paths. classes may have the class names of some
// splits; those of the others are read.
func SideFiles(ctx context.Context, out string, format shard.Format, manifests []*Manifest, classes map[string][]string) ([]shard.File, error) {
	var sets []shard.Set
	skip := map[string]map[string]bool{"timm": {}, "wids": {}} // index → splits that want none
	for _, m := range manifests {
		list, ok := classes[m.Shape.Split]
		if !ok {
			var err error
			if list, err = LoadClasses(ctx, out, m.Shape.Split); err != nil {
				return nil, err
			}
		}
		for index := range skip {
			if !slices.Contains(m.Indexes, index) {
				skip[index][m.Shape.Split] = true
			}
		}
		for _, set := range m.sets(list) {
			if len(set.Shards) > 0 {
				sets = append(sets, set)
			}
		}
	}
	if len(sets) == 0 {
		return nil, nil
	}
	files, err := formatFiles(format, sets, skip)
	if err != nil {
		return nil, fmt.Errorf("dataset: side files: %w", err)
	}
	readme, err := readmeText(format, manifests)
	if err != nil {
		return nil, err
	}
	files = append(files, shard.FileOf(ReadmeFile, readme))
	slices.SortFunc(files, func(a, b shard.File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range files {
		if !inside(f.Path) {
			return nil, fmt.Errorf("dataset: side file %q leads out of the output", f.Path)
		}
	}
	return files, nil
}

// formatFiles returns the side files of the format, each kind for the splits that want it.
func formatFiles(format shard.Format, sets []shard.Set, skip map[string]map[string]bool) ([]shard.File, error) {
	var files []shard.File
	for _, kind := range []string{"", "timm", "wids"} {
		wanted := slices.DeleteFunc(slices.Clone(sets), func(s shard.Set) bool { return skip[kind][s.Spec.Split] })
		if len(wanted) == 0 {
			continue
		}
		all, err := format.SideFiles(wanted)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			if indexKind(f.Path) == kind {
				files = append(files, f)
			}
		}
	}
	return files, nil
}

// indexKind returns the kind of index that a side file is; empty if it cannot be left out.
func indexKind(p string) string {
	switch {
	case p == "_info.json":
		return "timm"
	case strings.HasPrefix(path.Base(p), "wids-"):
		return "wids"
	}
	return ""
}

// WriteChanged writes a file unless it has this content already, and reports whether it wrote.
func WriteChanged(ctx context.Context, uri string, data []byte) (bool, error) {
	return writeChanged(ctx, uri, shard.FileOf("", data).Write)
}

// writeChanged is WriteChanged for content that is written piece by piece, and never held as a whole.
func writeChanged(ctx context.Context, uri string, content func(w io.Writer) error) (bool, error) {
	same, err := hasContent(ctx, uri, content)
	if err == nil && same {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("dataset: %w", err)
	}
	if err := blob.WriteFrom(ctx, uri, content); err != nil {
		return false, fmt.Errorf("dataset: %w", err)
	}
	return true, nil
}

// hasContent reports whether a file has this content. It reads no further than to the first difference.
func hasContent(ctx context.Context, uri string, content func(w io.Writer) error) (bool, error) {
	f, err := blob.Open(ctx, uri)
	if err != nil {
		return false, err
	}
	defer f.Close()
	c := comparer{file: bufio.NewReaderSize(f, 1<<16)}
	switch err := content(&c); {
	case errors.Is(err, errDiffers):
		return false, nil
	case err != nil:
		return false, err
	}
	_, err = c.file.ReadByte()
	if err == io.EOF {
		return true, nil
	}
	return false, err
}

var errDiffers = errors.New("the file differs")

// A comparer compares what is written to it with a file. An error is errDiffers, or one of reading.
type comparer struct {
	file *bufio.Reader
	have []byte
}

func (c *comparer) Write(p []byte) (int, error) {
	c.have = slices.Grow(c.have[:0], len(p))[:len(p)]
	if _, err := io.ReadFull(c.file, c.have); err == io.EOF || err == io.ErrUnexpectedEOF {
		return 0, errDiffers
	} else if err != nil {
		return 0, err
	}
	if !bytes.Equal(c.have, p) {
		return 0, errDiffers
	}
	return len(p), nil
}

// writeFiles writes side files, those of a store four at once, and calls wrote for each that was missing or wrong.
func writeFiles(ctx context.Context, out string, files []shard.File, wrote func(path string)) error {
	did := make([]bool, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(1)
	if !blob.IsLocal(out) {
		g.SetLimit(4) // each holds two parts of an upload, 16 MiB
	}
	for i, f := range files {
		g.Go(func() (err error) {
			did[i], err = writeChanged(ctx, blob.Join(out, f.Path), f.Write)
			return err
		})
	}
	err := g.Wait()
	for i, f := range files {
		if did[i] {
			wrote(f.Path)
		}
	}
	return err
}
