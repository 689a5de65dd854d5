package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// A root is one input, resolved: the folder below which names are, and what lies in it or was
// picked from it by a pattern.
type root struct {
	in      Input
	uri     string
	picked  bool          // by naming a file or a pattern: nothing else in the folder counts
	objects []blob.Object // one level of the folder, or what was picked
	zips    []string      // the names of zip archives that are called otherwise
	seen    *survey       // of all folders below it; nil if they were not listed yet
}

// name is the name of what lies at path below the root.
func (r root) name(path string) string { return below(r.in.Name, path) }

// rel is the path of an object below the root.
func (r root) rel(o blob.Object) string {
	if p, ok := blob.Rel(r.uri, o.URI); ok {
		return p
	}
	return blob.Base(o.URI)
}

// split is the root's objects as folders and files that are not junk; junk is counted in d.
func (r root) split(d *discovery) (dirs, files []blob.Object) {
	for _, o := range r.objects {
		switch {
		case junkName(blob.Base(o.URI)):
			d.ignore(r.name(r.rel(o)))
		case o.Dir:
			dirs = append(dirs, o)
		default:
			files = append(files, o)
		}
	}
	return dirs, files
}

func (r root) container(o blob.Object, layout string) Container {
	return Container{
		Name: r.name(r.rel(o)), URI: o.URI, Layout: layout, Label: -1,
		Size: o.Size, ModTime: modTime(o), ETag: o.ETag,
	}
}

func modTime(o blob.Object) int64 {
	if o.ModTime.IsZero() {
		return 0
	}
	return o.ModTime.UnixNano()
}

// Discover lists the containers of all inputs: class folders, shards, inner tars. It reads names
// and small metadata files, and at most the beginning of some shards of an input; it lists no class
// folder. The result does not depend on the order of the inputs.
//
// Mistakes of the user's, such as an input that does not exist or holds no images, equal names
// in two inputs, or class lists that differ, are of type [*UsageError]; other errors are of the
// environment.
func Discover(ctx context.Context, inputs []Input, o Options) (*Catalog, error) {
	all, found, err := find(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	if err := namedTwice(found); err != nil {
		return nil, err
	}
	if o.Classes != nil {
		if all.Cut != "" {
			all.missing(o.Classes)
		} else if all.Absent = absent(found, o.Classes); len(all.Absent) == len(o.Classes) {
			return nil, usagef("--classes: the input has none of its classes (%s); it has %s%s", FirstNames(o.Classes), FirstNames(found[0].Classes), LookAlike(o.Classes, found[0].Classes))
		}
		all.choose(o.Classes)
		all.Cut = "" // what is left can be used
	}
	if len(all.Containers) == 0 && len(all.Doubts) > 0 {
		if o.AnyLabels {
			return all, nil
		}
		return nil, all.Doubtful()
	}
	if err := all.sort(); err != nil {
		return nil, err
	}
	all.count(found)
	lists := slices.DeleteFunc(slices.Clone(found), func(d *discovery) bool { return d.Cut != "" })
	if o.Classes == nil && !slices.ContainsFunc(lists, func(d *discovery) bool { return d.Classes != nil }) {
		lists = found
	}
	first, err := agree(lists, o.Classes)
	if err != nil {
		return nil, err
	}
	if err := agreeRecords(found, first, o); err != nil {
		return nil, err
	}
	if first != nil {
		all.Own, all.Classes = first.Classes, first.Classes
	}
	if o.Classes != nil {
		all.Classes = o.Classes
	}
	for _, d := range found {
		if len(d.Containers) == 0 {
			continue // in doubt
		}
		err := all.firstLabels(ctx, d, o)
		if usage := (*UsageError)(nil); o.AnyLabels && errors.As(err, &usage) {
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Locate lists the containers of inputs as Discover does, for those who look for entries by name and
// not for their classes: the lists of the inputs may differ.
func Locate(ctx context.Context, inputs []Input, o Options) ([]Container, error) {
	o.Classes, o.locate = nil, true
	all, found, err := find(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		if r := d.records; r != nil {
			r.settle(nil, nil, o)
			r.keys.Assumed = false // the label of the first class does not matter
		}
	}
	return all.Containers, all.sort()
}

// find lists what lies in each input, and all of it together, before classes are compared.
func find(ctx context.Context, inputs []Input, o Options) (*Catalog, []*discovery, error) {
	if len(inputs) == 0 {
		return nil, nil, usagef("no input: give --in FOLDER, a pattern of shards, or --in synth:N")
	}
	if o.Format != "" && !slices.Contains(Formats(), o.Format) {
		return nil, nil, usagef("--in-format %s is unknown: use one of %s", o.Format, strings.Join(Formats(), ", "))
	}
	inputs = slices.Clone(inputs)
	slices.SortFunc(inputs, func(a, b Input) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	if err := o.checkLists(inputs); err != nil {
		return nil, nil, err
	}
	all := &Catalog{}
	var found []*discovery
	for _, in := range inputs {
		if strings.ContainsAny(in.Name, "\x00\n") || in.Name != strings.Trim(in.Name, "/") || junkPath(in.Name) && in.Name != "" {
			return nil, nil, usagef("--in %s=%s: NAME must be a plain name", in.Name, in.URI)
		}
		d, err := discover(ctx, in, o)
		if err != nil {
			return nil, nil, err
		}
		all.add(&d.Catalog)
		all.understoodAs(d)
		found = append(found, d)
	}
	if err := missingImages(ctx, found, all); err != nil {
		return nil, nil, err
	}
	return all, found, nil
}

// FirstNames joins the names of classes or shards for a message; an ellipsis replaces those after
// the third.
func FirstNames(names []string) string {
	const most = 3
	var shown []string
	for i, name := range names {
		if i == most {
			shown = append(shown, "…")
			break
		}
		shown = append(shown, printable.Name(name))
	}
	return strings.Join(shown, ", ")
}

// choose drops the containers of classes that are not in the list.
func (c *Catalog) choose(classes []string) {
	wanted := setOf(classes)
	c.Containers = slices.DeleteFunc(c.Containers, func(k Container) bool {
		if k.Class == "" || wanted[k.Class] {
			return false
		}
		c.NotChosen = append(c.NotChosen, k)
		return true
	})
}

func (c *Catalog) add(o *Catalog) {
	switch {
	case c.Layout == "":
		c.Layout = o.Layout
	case c.Layout != o.Layout:
		c.Layout = "mixed"
	}
	if o.Cut != "" {
		c.Cut, c.CutIn = o.Cut, o.CutIn
	}
	c.Containers = append(c.Containers, o.Containers...)
	c.Notes, c.Warnings, c.Doubts = append(c.Notes, o.Notes...), append(c.Warnings, o.Warnings...), append(c.Doubts, o.Doubts...)
	c.Unused = append(c.Unused, o.Unused...)
	if c.Example.Name == "" {
		c.Example = o.Example
	}
	c.Failures = append(c.Failures, o.Failures...)
	c.Ignored += o.Ignored
	names := append(c.IgnoredNames, o.IgnoredNames...)
	c.IgnoredNames = names[:min(len(names), maxIgnoredNames)]
}

// sort brings everything into canonical order and refuses equal names.
func (c *Catalog) sort() error {
	slices.SortStableFunc(c.Containers, func(a, b Container) int {
		return cmp.Or(cmp.Compare(Order(a.Name), Order(b.Name)), cmp.Compare(a.URI, b.URI))
	})
	for i := 1; i < len(c.Containers); i++ {
		if a, b := c.Containers[i-1], c.Containers[i]; a.Name == b.Name {
			return usagef("%s is in two inputs (%s and %s): give them names with --in NAME=URI", a.Name, a.URI, b.URI)
		}
	}
	slices.SortStableFunc(c.Failures, func(a, b premix.Failure) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	})
	for i := 1; i < len(c.Failures); i++ {
		// A damaged container may have several, each with its place.
		if a, b := c.Failures[i-1], c.Failures[i]; a.Name == b.Name && a.Reason == b.Reason {
			return usagef("%s is in two inputs: give them names with --in NAME=URI", b.Name)
		}
	}
	slices.Sort(c.IgnoredNames)
	if len(c.Containers) == 0 {
		return usagef("there is nothing to read: no container of the input belongs to a class in --classes")
	}
	return nil
}

// resolve finds out what an input's URI is: a folder, a file, or a pattern.
func resolve(ctx context.Context, in Input) (root, error) {
	if in.URI == "" {
		return root{}, usagef("--in: the path is empty")
	}
	uri, err := blob.Abs(in.URI)
	if err != nil {
		return root{}, usagef("--in %s: %v", in.URI, err)
	}
	obj, err := blob.Stat(ctx, uri)
	if err == nil && !obj.Dir {
		return root{in: in, uri: blob.Dir(uri), picked: true, objects: []blob.Object{obj}}, nil
	}
	r := root{in: in, uri: uri}
	if err == nil {
		r.objects, err = blob.List(ctx, uri)
		if err == nil && len(r.objects) == 0 {
			return r, usagef("--in %s: the folder is empty", in.URI)
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		return r.glob(ctx)
	}
	if err != nil {
		err = fmt.Errorf("source: %s: %w", in.URI, err)
	}
	return r, err
}

// glob is the root of the files that match the input as a pattern.
func (r root) glob(ctx context.Context) (root, error) {
	if !blob.HasMeta(r.uri) {
		return r, usagef("--in %s: no such file or folder", r.in.URI)
	}
	objects, err := blob.Glob(ctx, r.uri)
	if e := (*blob.Error)(nil); errors.As(err, &e) && errors.Is(err, fs.ErrNotExist) { // it names the alternative of {a,b}
		return r, usagef("--in %s: %s", r.in.URI, strings.TrimSuffix(e.Err.Error(), ": "+fs.ErrNotExist.Error()))
	}
	if err != nil {
		return r, usagef("--in %s: %v", r.in.URI, err)
	}
	if len(objects) == 0 {
		return r, usagef("--in %s: nothing matches the pattern", r.in.URI)
	}
	return root{in: r.in, uri: blob.GlobDir(r.uri), picked: true, objects: objects}, nil
}

// into is the root moved to the folder at path below it, keeping its input. Names below the new
// root do not contain path.
func (r root) into(ctx context.Context, dir string) (root, error) {
	objects, err := blob.List(ctx, dir)
	if err != nil {
		return r, fmt.Errorf("source: %s: %w", dir, err)
	}
	return root{in: r.in, uri: dir, objects: objects}, nil
}
