package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// A root is one input, resolved: the folder below which names are, and what lies in it or was
// picked from it by a pattern.
type root struct {
	in      Input
	uri     string
	picked  bool          // by naming a file or a pattern: nothing else in the folder counts
	objects []blob.Object // one level of the folder, or what was picked
}

// name is the name of what lies at path below the root.
func (r root) name(path string) string {
	if r.in.Name == "" {
		return path
	}
	return r.in.Name + "/" + path
}

// rel is the path of an object below the root.
func (r root) rel(o blob.Object) string {
	if p, ok := blob.Rel(r.uri, o.URI); ok {
		return p
	}
	return blob.Base(o.URI)
}

// split is the root's objects as folders and files that are not junk; junk is counted in cat.
func (r root) split(cat *Catalog) (dirs, files []blob.Object) {
	for _, o := range r.objects {
		switch {
		case junkName(blob.Base(o.URI)):
			cat.ignore(r.name(r.rel(o)))
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
	f, err := find(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	all := f.catalog
	if o.Classes != nil {
		if all.Cut != "" {
			all.missing(o.Classes)
		} else if all.Absent = absent(f.lists, o.Classes); len(all.Absent) == len(o.Classes) {
			return nil, usagef("none of the %d classes of --classes (%s) is one of the input's (%s)", len(o.Classes), some(o.Classes), some(f.lists[0].classes))
		}
		all.choose(o.Classes)
	}
	lists := slices.DeleteFunc(slices.Clone(f.lists), func(l classList) bool { return l.cut })
	switch {
	case o.Classes != nil:
		all.Cut = "" // what is left can be used
	case !slices.ContainsFunc(lists, func(l classList) bool { return l.classes != nil }):
		lists = f.lists
	}
	if err := all.sort(); err != nil {
		return nil, err
	}
	first, err := agree(lists, o.Classes)
	if err != nil {
		return nil, err
	}
	if err := agreeRecords(f.records, first, o); err != nil {
		return nil, err
	}
	if first != nil {
		all.Own, all.Classes = first.classes, first.classes
	}
	if o.Classes != nil {
		all.Classes = o.Classes
	}
	for i, k := range f.firsts {
		if o.AnyLabels {
			break
		}
		if err := all.firstLabels(ctx, f.lists[i].in, k, f.single[i], o); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Locate lists the containers of inputs as Discover does, for those who look for entries by name and
// not for their classes: the lists of the inputs may differ.
func Locate(ctx context.Context, inputs []Input, o Options) ([]Container, error) {
	o.Classes = nil
	f, err := find(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	for _, r := range f.records {
		r.settle(nil, nil, o)
		r.keys.Assumed = false // it is no matter where labels count from
	}
	return f.catalog.Containers, f.catalog.sort()
}

// found is what lies in the inputs, before their classes are compared.
type found struct {
	catalog *Catalog
	records []*recordSet
	// Of each input:
	lists  []classList
	firsts []Container // its first container
	single []bool      // it has no other
}

func find(ctx context.Context, inputs []Input, o Options) (*found, error) {
	if len(inputs) == 0 {
		return nil, usagef("no input: give --in FOLDER, a pattern of shards, or --in synth:N")
	}
	if err := checkFormat(o.Format); err != nil {
		return nil, err
	}
	inputs = slices.Clone(inputs)
	slices.SortFunc(inputs, func(a, b Input) int {
		return cmp2(a.Name, b.Name, a.URI, b.URI)
	})
	f := &found{catalog: &Catalog{}}
	for _, in := range inputs {
		if strings.ContainsAny(in.Name, "\x00\n") || in.Name != strings.Trim(in.Name, "/") || junkPath(in.Name) && in.Name != "" {
			return nil, usagef("--in %s=%s: NAME must be a plain name", in.Name, in.URI)
		}
		cat, set, err := discover(ctx, in, o)
		if err != nil {
			return nil, err
		}
		if cat.Cut != "" {
			f.catalog.Cut, f.catalog.CutIn = cat.Cut, cat.CutIn
		}
		f.lists = append(f.lists, classList{in: in, classes: cat.Classes, byName: statesNames(cat.Layout), cut: cat.Cut != ""})
		f.catalog.add(cat)
		if set != nil {
			f.records = append(f.records, set)
		}
		f.firsts, f.single = append(f.firsts, cat.Containers[0]), append(f.single, len(cat.Containers) == 1)
	}
	return f, nil
}

// statesNames reports whether the entries of a layout state class names and not indexes.
func statesNames(format string) bool {
	return format == "imagefolder" || format == "ilsvrc" || format == layoutSynth
}

// some names the first few of a list.
func some(list []string) string {
	const most = 3
	if len(list) > most {
		return strings.Join(list[:most], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

// choose drops the containers of classes that are not in the list.
func (c *Catalog) choose(classes []string) {
	wanted := map[string]bool{}
	for _, name := range classes {
		wanted[name] = true
	}
	c.Containers = slices.DeleteFunc(c.Containers, func(k Container) bool {
		if k.Class == "" || wanted[k.Class] {
			return false
		}
		c.NotChosen = append(c.NotChosen, k)
		return true
	})
}

func cmp2(a1, b1, a2, b2 string) int {
	if c := strings.Compare(a1, b1); c != 0 {
		return c
	}
	return strings.Compare(a2, b2)
}

func (c *Catalog) add(o *Catalog) {
	switch {
	case c.Layout == "":
		c.Layout = o.Layout
	case c.Layout != o.Layout:
		c.Layout = "mixed"
	}
	c.Containers = append(c.Containers, o.Containers...)
	c.Failures = append(c.Failures, o.Failures...)
	c.Ignored += o.Ignored
	for _, n := range o.IgnoredNames {
		if len(c.IgnoredNames) < maxIgnoredNames {
			c.IgnoredNames = append(c.IgnoredNames, n)
		}
	}
}

// sort brings everything into canonical order and refuses equal names.
func (c *Catalog) sort() error {
	slices.SortStableFunc(c.Containers, func(a, b Container) int {
		return cmp2(Order(a.Name), Order(b.Name), a.URI, b.URI)
	})
	for i := 1; i < len(c.Containers); i++ {
		a, b := c.Containers[i-1], c.Containers[i]
		if a.Name == b.Name {
			return usagef("%s is in two inputs (%s and %s): tell them apart with --in NAME=URI", a.Name, a.URI, b.URI)
		}
	}
	slices.SortStableFunc(c.Failures, func(a, b premix.Failure) int { return cmp2(a.Name, b.Name, a.Reason, b.Reason) })
	for i := 1; i < len(c.Failures); i++ {
		// A damaged container may have several, each with its place.
		if n := c.Failures[i].Name; n == c.Failures[i-1].Name && c.Failures[i].Reason == c.Failures[i-1].Reason {
			return usagef("%s is in two inputs: tell them apart with --in NAME=URI", n)
		}
	}
	slices.Sort(c.IgnoredNames)
	if len(c.Containers) == 0 {
		return usagef("the input holds nothing to read: no container of the input is of a class in --classes")
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
	r := root{in: in}
	obj, err := blob.Stat(ctx, uri)
	switch {
	case err == nil && !obj.Dir:
		r.uri, r.picked, r.objects = blob.Dir(uri), true, []blob.Object{obj}
		return r, nil
	case err == nil:
		r.uri = uri
		r.objects, err = blob.List(ctx, uri)
		if err != nil {
			return r, fmt.Errorf("source: %s: %w", in.URI, err)
		}
		if len(r.objects) == 0 {
			return r, usagef("--in %s: the folder is empty", in.URI)
		}
		return r, nil
	case !errors.Is(err, fs.ErrNotExist):
		return r, fmt.Errorf("source: %s: %w", in.URI, err)
	}
	if !blob.HasMeta(uri) {
		return r, usagef("--in %s: no such file or folder", in.URI)
	}
	objects, err := blob.Glob(ctx, uri)
	if err != nil {
		return r, usagef("--in %s: %v", in.URI, err)
	}
	if len(objects) == 0 {
		return r, usagef("--in %s: nothing matches the pattern", in.URI)
	}
	r.uri, r.picked, r.objects = blob.GlobDir(uri), true, objects
	return r, nil
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
