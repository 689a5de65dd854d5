package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/labels"
	"github.com/premix/premix/io/source/tree"
)

// listTable is the kind of a list that is a table of images and classes.
const listTable = "table"

// tableList makes a list of the contents of a table whose columns are known.
func tableList(files labelFiles, data []byte) (*labelList, error) {
	t, err := labels.Parse(blob.Base(files.Files[0]), data)
	if err != nil {
		return nil, err
	}
	list, err := t.List(files.Columns)
	if err != nil {
		return nil, err
	}
	return &labelList{table: list, offset: files.Offset, classes: list.Classes()}, nil
}

// tableLabel gives an entry its label of the table. An image that the table lacks is a side file.
func (l *labelList) tableLabel(e Entry, name string) Entry {
	row := l.table.Find(name)
	if row < 0 {
		return Entry{Sample: e.Sample, Ignored: true}
	}
	if e.Sample.Fault != nil {
		return e
	}
	x := label{l.table.Label(row).Index, l.table.Label(row).Class}
	if err := x.shift(l.offset); err != nil {
		return fail(e.Sample, premix.StageLabel, err)
	}
	e.Sample.Label, e.Sample.Class = x.index, x.class
	return e
}

// A listed input is images whose classes are in a table.
type listed struct {
	uri    string   // of the table
	given  bool     // by --labels
	images []string // paths below the folder or the tar
}

// load reads the table and chooses its columns.
func (l *listed) load(ctx context.Context, o Options) (labelFiles, *labels.List, error) {
	files := labelFiles{Kind: listTable, Files: []string{l.uri}}
	if o.LabelOffset != nil {
		files.Offset = *o.LabelOffset
	}
	say := func(err error) error {
		if l.given {
			return usagef("--labels %s: %v", l.uri, err)
		}
		return usagef("%s, the list of labels that lies beside the images: %v", l.uri, err)
	}
	data, err := blob.ReadAll(ctx, l.uri, maxListBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil, say(errors.New("no such file"))
	}
	if err != nil {
		return files, nil, fmt.Errorf("source: %w", err)
	}
	t, err := labels.Parse(blob.Base(l.uri), data)
	if err != nil {
		return files, nil, say(err)
	}
	if files.Columns, err = t.Choose(blob.Base(l.uri), o.LabelKey, labels.Names(l.images)); err != nil {
		return files, nil, say(err)
	}
	list, err := t.List(files.Columns)
	if err != nil {
		return files, nil, say(err)
	}
	_, files.Hash, err = readList(ctx, files)
	return files, list, err
}

// compare finds the images that the table has and the input lacks, which are failures, and those that the
// table lacks, which are not used. A row that fits two images is a mistake of the user's.
func (l *listed) compare(list *labels.List, name func(string) string, d *discovery) error {
	images := make([]string, list.Len())
	var lacking []string
	for _, image := range l.images {
		row := list.Find(image)
		switch {
		case row < 0:
			lacking = append(lacking, image)
		case images[row] != "":
			return usagef("%s: %s in the list can be %s or %s: write the path of each image below the input", l.uri, list.Name(row), images[row], image)
		default:
			images[row] = image
		}
	}
	for row, image := range images {
		if image == "" {
			d.fail(name(list.Name(row)), premix.StageScan, premix.Unsupported, "the image is missing: "+blob.Base(l.uri)+" lists it")
		}
	}
	if n := len(lacking); n > 0 {
		d.Warnings = append(d.Warnings, fmt.Sprintf("images that are not in %s, and are not used: %d, as %s", blob.Base(l.uri), n, lacking[0]))
	}
	return nil
}

// discoverFlat makes a container of a folder whose images have their classes in a list.
func discoverFlat(ctx context.Context, r root, o Options, t *tree.Reading, d *discovery) error {
	base, err := r.enter(ctx, t.Base, d)
	if err != nil {
		return err
	}
	uri, err := base.tableBeside(ctx)
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
	for f, err := range blob.Walk(ctx, r.uri) {
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		if rel := r.rel(f); !junkPath(rel) && imageName(rel) {
			l.images = append(l.images, escape(rel))
		}
	}
	files, list, err := l.load(ctx, o)
	if err != nil {
		return err
	}
	if err := l.compare(list, r.name, d); err != nil {
		return err
	}
	d.byName, d.Classes = !list.Numbers, list.Classes()
	d.Containers = append(d.Containers, Container{Name: r.in.Name, URI: r.uri, Layout: layoutFlat, Label: -1, List: files})
	d.Notes = append(d.Notes, fmt.Sprintf("classes are those of %s", l.uri))
	return nil
}

// tableBeside finds a table that data sets are distributed with, in the folder of the images or the one
// above it; empty if there is none.
func (r root) tableBeside(ctx context.Context) (string, error) {
	for _, dir := range []string{r.uri, blob.Dir(r.uri)} {
		names, err := blob.Names(ctx, dir)
		if err != nil && dir != r.uri {
			return "", nil // above the input: it may be closed to us
		}
		if err != nil {
			return "", fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		for _, n := range names {
			base := n.Base
			switch {
			case n.Dir || n.Special != "":
			case base == "val_annotations.txt", strings.HasPrefix(base, "GT-") && strings.HasSuffix(base, ".csv"),
				(base == "metadata.csv" || base == "metadata.jsonl") && dir == r.uri:
				return blob.Join(dir, base), nil
			}
		}
	}
	return "", nil
}

// flatDoubt asks for a list of labels, and names the lists that lie around.
func (r root) flatDoubt(ctx context.Context, base root, t *tree.Reading) tree.Doubt {
	where := "the images lie in the input itself"
	if t.Base != "" {
		where = "the images lie in " + t.Base
	}
	d := tree.Doubt{Text: where + ", and no folder says their classes", Flags: []string{"--labels FILE with a list of images and classes"}}
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
		d.Text += "; lists near them: " + strings.Join(near[:min(len(near), 5)], ", ")
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
		ext := strings.ToLower(path.Ext(n.Base))
		if !n.Dir && !junkName(n.Base) && slices.Contains([]string{".csv", ".tsv", ".jsonl", ".txt"}, ext) && !strings.HasPrefix(strings.ToLower(n.Base), "readme") {
			lists = append(lists, blob.Join(dir, n.Base))
		}
	}
	return lists
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

// discoverLabelled makes containers of images whose classes are in a list that the user has named.
func discoverLabelled(ctx context.Context, r root, l *listed, o Options, d *discovery) error {
	_, files := r.split(&discovery{})
	tars := slices.DeleteFunc(slices.Clone(files), func(f blob.Object) bool { return !tarName(blob.Base(f.URI)) })
	switch {
	case len(tars) > 0:
		return r.labelledTars(ctx, tars, l, o, d)
	case r.picked:
		return usagef("--labels %s: --in %s must be a folder of images or tars, or a tar", l.uri, r.in.URI)
	}
	d.Layout = "imagefolder"
	return r.addTable(ctx, l, o, d)
}
