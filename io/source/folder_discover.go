package source

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
)

// discoverFolders makes a container of every class folder.
func discoverFolders(ctx context.Context, r root, o Options, d *discovery) error {
	s, err := r.look(ctx, nil)
	if err != nil {
		return err
	}
	if s.images.Total() == 0 {
		return r.noImages(ctx)
	}
	t := tree.Read(s.images, o.tree())
	d.understood(o, t)
	switch {
	case t.Flat:
		return discoverFlat(ctx, r, o, t, d)
	case len(t.Classes) == 0:
		return nil // in doubt
	}
	base, err := r.enter(ctx, t.Base, d)
	if err != nil {
		return err
	}
	if err := base.addFolders(t, s, d); err != nil {
		return err
	}
	return base.looseAbove(ctx, t, d)
}

// enter goes to the folder at a path, and counts the files beside it, and beside each folder on the
// way, as ignored.
func (r root) enter(ctx context.Context, path string, d *discovery) (root, error) {
	if path == "" {
		return r, nil
	}
	at := r
	for part := range strings.SplitSeq(path, "/") {
		for _, e := range at.objects {
			if !e.Dir || junkName(blob.Base(e.URI)) {
				d.ignore(r.name(r.rel(e)))
			}
		}
		var err error
		if at, err = at.into(ctx, blob.Join(at.uri, part)); err != nil {
			return r, err
		}
	}
	return at, nil
}

// addFolders adds the containers and classes of a reading, of which r is the base.
func (r root) addFolders(t *tree.Reading, s *survey, d *discovery) error {
	d.Images = map[string]int64{}
	for _, c := range t.Classes {
		d.Classes = append(d.Classes, c.Name)
		for _, path := range c.Folders {
			if path == "" {
				return usagef("--in %s: some keys have two slashes after it, which makes a class folder without a name: rename them", r.in.URI)
			}
			for at := below(t.Base, path); at != ""; at = parent(at) {
				if name, odd := s.odd[at]; odd {
					return usagef("--in %s: the name of the class folder %q is not UTF-8: rename it", r.in.URI, name)
				}
			}
			d.Containers = append(d.Containers, Container{
				Name: r.name(path), URI: blob.Join(r.uri, path), Layout: layoutFolder, Class: c.Name, Label: -1, Direct: c.Direct,
			})
		}
		d.Images[c.Name] += int64(c.Images)
		if c.Images > 0 && d.Example.Name == "" {
			first := c.Folders[slices.IndexFunc(c.Folders, func(path string) bool { return s.images.Dir(below(t.Base, path)).Total() > 0 })]
			d.Example = premix.Sample{Name: blob.Join(r.uri, first, s.images.Dir(below(t.Base, first)).Example()), Label: -1, Class: c.Name}
		}
	}
	return nil
}

// parent is the path of the folder above; empty for a single name.
func parent(path string) string {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)]
}

// looseAbove makes failures of the images that lie above the folders of classes, and counts the other
// files there as ignored, those of folders without images included.
func (r root) looseAbove(ctx context.Context, t *tree.Reading, d *discovery) error {
	_, files := r.split(d)
	if err := loose(ctx, r, files, d); err != nil {
		return err
	}
	d.lookBeside(r, nil, files)
	above := map[string]bool{}
	for _, c := range t.Classes {
		for _, path := range c.Folders {
			for path = parent(path); path != ""; path = parent(path) {
				above[path] = true
			}
		}
	}
	for _, c := range t.Classes {
		for _, path := range c.Folders {
			if c.Direct {
				delete(above, path)
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(above)) {
		list, err := blob.List(ctx, blob.Join(r.uri, path))
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		files := slices.DeleteFunc(list, func(o blob.Object) bool { return o.Dir })
		if err := loose(ctx, r, files, d); err != nil {
			return err
		}
		d.lookBeside(r, nil, files)
	}
	for _, u := range t.Unused {
		if u.Images == 0 {
			d.Ignored += int64(u.Files)
		}
	}
	return nil
}

// noImages says why an input without any image in its folders cannot be used.
func (r root) noImages(ctx context.Context) error {
	if err := r.foreign(ctx); err != nil {
		return err
	}
	dirs, files := r.split(&discovery{})
	if i := slices.IndexFunc(files, func(o blob.Object) bool { return zipName(blob.Base(o.URI)) }); i >= 0 {
		return usagef("--in %s: there are no images in its folders, but %s, a zip archive: add --in-format zip to read it", r.in.URI, r.rel(files[i]))
	}
	if r.picked && len(r.objects) == 1 {
		return usagef("--in %s is a file that premix does not read: give a folder with a folder of images for each class, or shards (tar, TFRecord, Parquet, zip)", r.in.URI)
	}
	if len(dirs) == 0 {
		return usagef("--in %s contains no images in class folders: expected %s/CLASS/IMAGE, or shards (tar, TFRecord, Parquet, zip)", r.in.URI, strings.TrimSuffix(r.in.URI, "/"))
	}
	return usagef("--in %s: there are no images in its %s", r.in.URI, printable.Count(int64(len(dirs)), "class folder"))
}
