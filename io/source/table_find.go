package source

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/labels"
	"github.com/premix/premix/io/source/tree"
)

// discoverFlat makes a container of a folder whose images have their classes in a list.
func discoverFlat(ctx context.Context, r root, o Options, t *tree.Reading, d *discovery) error {
	base, err := r.enter(ctx, t.Base, d)
	if err != nil {
		return err
	}
	if o.locate {
		return base.addTable(ctx, nil, o, d)
	}
	uri, err := base.tableBeside(ctx, r, o)
	if err != nil {
		return err
	}
	if uri == "" {
		d.Doubts = append(d.Doubts, r.flatDoubt(ctx, base, t))
		return nil
	}
	return base.addTable(ctx, &listed{uri: uri}, o, d)
}

// addTable adds the container of a folder, with all below it, and the table of its images.
func (r root) addTable(ctx context.Context, l *listed, o Options, d *discovery) error {
	c := Container{Name: r.in.Name, URI: r.uri, Layout: layoutFlat, Label: -1}
	if o.locate {
		c.Layout = layoutFolder
		d.Containers = append(d.Containers, c)
		return nil
	}
	l.base = r.uri
	for f, err := range blob.Walk(ctx, r.uri) {
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		rel := r.rel(f)
		if !junkPath(rel) {
			l.images = append(l.images, tabled{path: escape(rel)})
		}
	}
	if len(l.images) == 0 {
		return l.errorf("--in %s holds no image", r.in.URI)
	}
	var err error
	c.List, err = l.take(ctx, r.name, o, d)
	d.Containers = append(d.Containers, c)
	return err
}

// tableBeside finds a table that data sets are distributed with, in the folder of the images, the one
// above it, or the input; empty if there is none.
func (r root) tableBeside(ctx context.Context, in root, o Options) (string, error) {
	dirs := []string{r.uri, blob.Dir(r.uri), in.uri}
	for i, dir := range dirs {
		if slices.Contains(dirs[:i], dir) {
			continue
		}
		names, err := blob.Names(ctx, dir)
		if err != nil && i > 0 {
			continue // above the input: it may be closed to us
		}
		if err != nil {
			return "", fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		for _, n := range names {
			if n.Dir || n.Special != "" || !knownTable(n.Base) {
				continue
			}
			uri := blob.Join(dir, n.Base)
			says, err := saysClasses(ctx, uri, o)
			if err != nil || says {
				return uri, err
			}
		}
	}
	return "", nil
}

// knownTable reports whether a file is called as lists of labels are that data sets are distributed with:
// those of Tiny ImageNet, GTSRB and Hugging Face's imagefolder.
func knownTable(base string) bool {
	switch base {
	case "val_annotations.txt", "metadata.csv", "metadata.jsonl", "metadata.parquet":
		return true
	}
	return strings.HasPrefix(base, "GT-") && strings.HasSuffix(base, ".csv")
}

// saysClasses reports whether a table that lies beside images has their classes: metadata may hold
// captions, and GTSRB's list of test images may lack the classes.
func saysClasses(ctx context.Context, uri string, o Options) (bool, error) {
	data, err := blob.ReadAll(ctx, uri, MaxList)
	if err != nil {
		return false, fmt.Errorf("source: %w", err)
	}
	return labels.States(blob.Base(uri), o.LabelKey, data), nil
}

// flatDoubt asks for a list of labels, and names the lists that lie around.
func (r root) flatDoubt(ctx context.Context, base root, t *tree.Reading) tree.Doubt {
	where := "the images are directly in the input"
	if t.Base != "" {
		where = "the images are directly in " + t.Base
	}
	if r.picked && len(r.objects) == 1 {
		return tree.Doubt{Text: "--in " + r.in.URI + " is a single image, and nothing gives its class", Flags: []string{"--in FOLDER with a folder of images for each class", "--labels FILE with a list of images and classes"}}
	}
	d := tree.Doubt{Text: where + ", and no folder gives their classes", Flags: []string{"--labels FILE with a list of images and classes", "--in FOLDER with a folder of images for each class"}}
	var near []string
	for at := base.uri; ; at = blob.Dir(at) {
		near = append(near, listsIn(ctx, at)...)
		if at == r.uri || at == blob.Dir(at) {
			above := blob.Dir(at)
			near = append(near, listsIn(ctx, above)...)
			break
		}
	}
	for _, u := range t.Unused {
		if u.Images == 0 {
			near = append(near, listsIn(ctx, blob.Join(r.uri, u.Path))...)
		}
	}
	if len(near) > 0 {
		d.Text += "; lists nearby: " + strings.Join(near[:min(len(near), 5)], ", ")
	}
	return d
}

// listsIn are the files of a folder that may be lists of labels. A folder that cannot be listed has none.
func listsIn(ctx context.Context, dir string) []string {
	names, err := blob.Names(ctx, dir)
	if err != nil {
		return nil
	}
	var lists []string
	for _, n := range names {
		if !n.Dir && !junkName(n.Base) && listName(n.Base) {
			lists = append(lists, blob.Join(dir, n.Base))
		}
	}
	return lists
}

// listName reports whether a file may be a list of labels by its name.
func listName(base string) bool {
	base = strings.ToLower(base)
	return slices.Contains([]string{".csv", ".tsv", ".jsonl", ".txt"}, path.Ext(base)) && !slices.ContainsFunc([]string{"readme", "license", "licence", "copying", "notice", "requirements"}, func(s string) bool { return strings.HasPrefix(base, s) })
}

// listOf is the list of --labels for an input; nil if there is none.
func (o Options) listOf(in Input) *listed {
	for _, l := range o.Labels {
		if l.Name == in.Name {
			return &listed{uri: l.URI, given: true}
		}
	}
	return nil
}

// checkLists refuses lists of --labels that belong to no input, and second ones.
func (o Options) checkLists(inputs []Input) error {
	for i, l := range o.Labels {
		if o.locate {
			break
		}
		if k := slices.IndexFunc(o.Labels[:i], func(other Input) bool { return other.Name == l.Name }); k >= 0 {
			return usagef("--labels %s and --labels %s are for one input: an input has one list; --labels NAME=FILE is for --in NAME=URI", o.Labels[k].URI, l.URI)
		}
		if slices.ContainsFunc(inputs, func(in Input) bool { return in.Name == l.Name }) {
			continue
		}
		if l.Name == "" {
			return usagef("--labels %s: every input has a name, so that the list needs one: --labels NAME=%s, as in --in NAME=URI", l.URI, l.URI)
		}
		return usagef("--labels %s=%s: no input is called %s: --in %s=URI", l.Name, l.URI, l.Name, l.Name)
	}
	return nil
}

// discoverLabelled makes containers of images whose classes are in a list that the user has named.
func discoverLabelled(ctx context.Context, r root, l *listed, o Options, d *discovery) error {
	if r.picked {
		all := func(is func(base string) bool) bool {
			return !slices.ContainsFunc(r.objects, func(f blob.Object) bool { return !is(blob.Base(f.URI)) })
		}
		switch {
		case all(anyTarName):
			d.Layout = "webdataset"
			return r.labelledTars(ctx, l, o, d)
		case all(zipName):
			d.Layout = "zip"
			return r.labelledZips(ctx, l, o, d)
		}
		return usagef("--labels %s: --in %s must be a folder of images, tars or zip archives, or such files", l.uri, r.in.URI)
	}
	s, err := r.look(ctx, tarName)
	zips := err == nil && s.images.Total()+s.shards.Total() == 0
	if zips {
		r.seen = nil
		s, err = r.look(ctx, zipName)
	}
	if err != nil {
		return err
	}
	folders := s.images
	if s.images.Total() == 0 {
		folders = s.shards
	}
	if folders.Total() == 0 {
		return r.notListed(ctx, l)
	}
	reading := tree.Splits(folders, o.tree())
	d.understood(o, reading)
	if len(d.Doubts) > 0 {
		return nil
	}
	base := r
	if reading.Split != "" {
		l.prefix = escape(reading.Base)
		if l.others, err = r.outside(ctx, reading.Base); err != nil {
			return err
		}
		if base, err = r.enter(ctx, reading.Base, d); err != nil {
			return err
		}
	}
	if zips {
		d.Layout = "zip"
		return base.labelledZips(ctx, l, o, d)
	}
	if s.images.Total() == 0 {
		d.Layout = "webdataset"
		return base.labelledTars(ctx, l, o, d)
	}
	d.Layout = "imagefolder"
	return base.addTable(ctx, l, o, d)
}

// outside are the files below the root that are not in a folder of it.
func (r root) outside(ctx context.Context, folder string) ([]string, error) {
	var files []string
	for f, err := range blob.Walk(ctx, r.uri) {
		if err != nil {
			return nil, fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		if rel := r.rel(f); !junkPath(rel) && imageName(rel) && !strings.HasPrefix(rel, folder+"/") {
			files = append(files, escape(rel))
		}
	}
	return files, nil
}

// notListed says why an input cannot be read with a list.
func (r root) notListed(ctx context.Context, l *listed) error {
	if err := r.foreign(ctx); err != nil {
		return err
	}
	if f, _ := detectFiles(r); f.name != "" {
		return usagef("--labels %s: lists are for folders of images, tars and zip archives; --in %s holds %s, whose samples have their labels in them", l.uri, r.in.URI, f.name)
	}
	return usagef("--labels %s: --in %s holds no image, no tar and no zip archive", l.uri, r.in.URI)
}

// labelledTars makes containers of tars of images.
func (r root) labelledTars(ctx context.Context, l *listed, o Options, d *discovery) error {
	tars, err := shardsOf(ctx, r, o, d, anyTarName)
	if err != nil {
		return err
	}
	kinds, err := r.tarCompressions(ctx, tars)
	if err != nil {
		return err
	}
	l.base = r.uri
	for i, f := range tars {
		c := r.container(f, layoutListTar)
		c.Compression = kinds[i]
		if o.locate {
			c.Layout = layoutClassTar
			d.Containers = append(d.Containers, c)
			continue
		}
		if _, _, err := c.memberNames(ctx, 0, func(name string) { l.images = append(l.images, tabled{name, c.Name}) }); err != nil {
			return err
		}
		d.Containers = append(d.Containers, c)
	}
	return r.labelledArchives(ctx, l, o, d)
}

// labelledZips makes containers of zip archives of images.
func (r root) labelledZips(ctx context.Context, l *listed, o Options, d *discovery) error {
	zips, err := shardsOf(ctx, r, o, d, zipName)
	if err != nil {
		return err
	}
	list, err := r.listZips(ctx, zips)
	if err != nil {
		return err
	}
	l.base = r.uri
	for _, z := range list {
		d.Containers = append(d.Containers, z.c)
		for _, f := range z.files {
			l.images = append(l.images, tabled{f.path, z.c.Name})
		}
	}
	return r.labelledArchives(ctx, l, o, d)
}

// labelledArchives gives containers their list.
func (r root) labelledArchives(ctx context.Context, l *listed, o Options, d *discovery) error {
	if o.locate {
		return nil
	}
	if len(l.images) == 0 {
		return usagef("--in %s holds no image", r.in.URI)
	}
	files, err := l.take(ctx, r.name, o, d)
	if err != nil {
		return err
	}
	for i := range d.Containers {
		d.Containers[i].List = files
	}
	return nil
}
