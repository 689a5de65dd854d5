package source

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
	"github.com/premix/premix/io/window"
	"github.com/premix/premix/io/zipfile"
)

// discoverZips makes a container of every zip archive. All names are in the directories, so that an archive is
// understood as the folder that it is unpacked to, empty folders included.
func discoverZips(ctx context.Context, r root, o Options, d *discovery) error {
	zips, err := shardsOf(ctx, r, o, d, r.isZip)
	if err != nil {
		return err
	}
	list, err := r.listZips(ctx, zips)
	if err != nil {
		return err
	}
	images := treeOf(list)
	if images.Total() == 0 {
		return r.noImagesInZips(list)
	}
	for _, z := range list {
		for _, name := range z.files {
			if kind := dataKind(name.path); kind != "" {
				d.unusedData(kind, z.c.below(name.path))
			}
		}
	}
	t := tree.Read(images, o.tree())
	if d.understood(o, t); t.Flat {
		d.Doubts = append(d.Doubts, flatZip(t.Base, append(listsInZips(list), listsIn(ctx, r.uri)...)))
	}
	d.Images = map[string]int64{}
	for _, c := range t.Classes {
		d.Classes = append(d.Classes, c.Name)
		d.Images[c.Name] = int64(c.Images)
	}
	for _, z := range list {
		l := &z.c.WebDataset
		l.Folders, l.Base, l.Depth = true, t.Base, o.ClassDepth
		d.Containers = append(d.Containers, z.c)
		z.example(d)
	}
	return nil
}

// isZip reports whether a file of the root is a zip archive, by its name or, where no name says so, by its bytes.
func (r root) isZip(base string) bool { return zipName(base) || slices.Contains(r.zips, base) }

// A listedZip is an archive with the names in it.
type listedZip struct {
	c       Container
	files   []zippedFile
	folders []string // those that have a record of their own

	images  map[string]bool             // folders with a file that has an image's name
	unnamed map[string][]zipfile.Member // the first other files of each folder, but for texts
}

type zippedFile struct {
	path  string
	image bool
}

// listZips reads the directories of archives, sixteen at once.
func (r root) listZips(ctx context.Context, zips []blob.Object) ([]*listedZip, error) {
	list := make([]*listedZip, len(zips))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(surveyWorkers)
	for i, o := range zips {
		list[i] = &listedZip{c: r.container(o, layoutZip)}
		g.Go(func() error {
			err := list[i].read(ctx)
			if f := premix.AsFault(err); f != nil {
				return usagef("--in %s: %s cannot be read: %s", r.in.URI, r.rel(o), printable.Made(f.Reason))
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	// Archives without folders, side by side, are folders themselves, as those that they are unpacked to.
	flat := func(z *listedZip) bool {
		return !slices.ContainsFunc(z.files, func(f zippedFile) bool { return f.image && strings.Contains(f.path, "/") })
	}
	if len(list) > 1 && !slices.ContainsFunc(list, func(z *listedZip) bool { return !flat(z) }) {
		for i, o := range zips {
			rel := escape(r.rel(o))
			list[i].c.Zip.Prefix = rel[:len(rel)-len(".zip")]
			if !zipName(rel) {
				list[i].c.Zip.Prefix = rel
			}
		}
	}
	return list, nil
}

// read finds the directory of the archive and lists the names in it.
func (z *listedZip) read(ctx context.Context) error {
	at, err := blob.OpenAt(ctx, z.c.URI)
	if err != nil {
		return fmt.Errorf("source: %s: %w", z.c.Name, err)
	}
	defer at.Close()
	dir := &z.c.Zip.Directory
	z.images, z.unnamed = map[string]bool{}, map[string][]zipfile.Member{}
	if *dir, err = zipfile.Find(at, z.c.Size); err == nil {
		err = dir.Check(io.NewSectionReader(at, dir.At, dir.End-dir.At), z.add)
	}
	if err == nil {
		err = z.sniff(at)
	}
	if err != nil && premix.AsFault(err) == nil {
		return fmt.Errorf("source: %s: %w", z.c.Name, err)
	}
	return err
}

func (z *listedZip) add(m *zipfile.Member) {
	switch name := member(m.Name); {
	case name == "" || junkPath(name):
	case m.Folder:
		z.folders = append(z.folders, name)
	default:
		dir, image := parent(name), imageName(name)
		z.files = append(z.files, zippedFile{name, image})
		if image {
			z.images[dir] = true
		} else if !textName(name) && len(z.unnamed[dir]) < sniffed && m.Readable() {
			z.unnamed[dir] = append(z.unnamed[dir], *m)
		}
	}
}

// sniff looks for images among files that have other names, as those of folders are looked at.
func (z *listedZip) sniff(at blob.ReaderAt) error {
	var r zipfile.Reader
	found := map[string]bool{}
	for _, dir := range slices.Sorted(maps.Keys(z.unnamed)) {
		for _, m := range z.unnamed[dir] {
			if z.images[dir] || found[dir] {
				break
			}
			head, err := r.Peek(window.At(at, m.Header, z.c.Size, z.c.Size), &m, sniffBytes)
			if err != nil {
				return err
			}
			found[dir] = imaging.Sniff(head) != imaging.Unknown
		}
	}
	for i, f := range z.files {
		z.files[i].image = f.image || found[parent(f.path)] && !textName(f.path)
	}
	z.images, z.unnamed = nil, nil
	return nil
}

// treeOf are the folders in archives, one over the other.
func treeOf(list []*listedZip) *tree.Folder {
	images := &tree.Folder{}
	for _, z := range list {
		if z.c.Zip.Prefix != "" {
			images.Dir(z.c.Zip.Prefix) // also if nothing is in it
		}
		for _, name := range z.folders {
			images.Dir(below(z.c.Zip.Prefix, name))
		}
		for _, f := range z.files {
			images.Add(below(z.c.Zip.Prefix, f.path), f.image)
		}
	}
	return images
}

// example makes the first image of a class the example of the input.
func (z *listedZip) example(d *discovery) {
	if d.Example.Name != "" {
		return
	}
	first := ""
	for _, f := range z.files {
		if class, inside := z.c.WebDataset.classOf(below(z.c.Zip.Prefix, f.path)); inside && class != "" && f.image && (first == "" || f.path < first) {
			first = f.path
			d.Example = premix.Sample{Name: blob.Below(z.c.URI, f.path), Label: -1, Class: class}
		}
	}
}

// noImagesInZips says what archives without an image hold instead.
func (r root) noImagesInZips(list []*listedZip) error {
	for _, z := range list {
		for _, f := range z.files {
			name, kind := f.path, dataKind(f.path)
			if k := foreignOf(name[strings.LastIndexByte(name, '/')+1:]); k != nil && kind == "" {
				return usagef("--in %s: %s contains no image, but %s, which is %s: %s", r.in.URI, z.c.Name, name, k.what, k.convert)
			}
			if kind != "" {
				_, more, _ := strings.Cut(kind, "|")
				return usagef("--in %s: %s contains no image, but %s, as %s: unpack the archive, and give the folder to --in", r.in.URI, z.c.Name, more, name)
			}
		}
	}
	return usagef("--in %s: there are no images in %s", r.in.URI, printable.Count(int64(len(list)), "zip archive"))
}

// flatZip is the doubt about images in one folder of a zip archive, with the lists in it and beside it.
func flatZip(base string, lists []string) tree.Doubt {
	d := tree.Doubt{
		Text:  "the images are side by side in " + cmp.Or(base, "the zip archive") + ", and no folder gives their classes",
		Flags: []string{"--labels FILE with a list of images and classes, in a separate file"},
	}
	if len(lists) > 0 {
		d.Text += "; lists nearby: " + strings.Join(lists[:min(len(lists), 5)], ", ")
	}
	return d
}

func listsInZips(list []*listedZip) (names []string) {
	for _, z := range list {
		for _, f := range z.files {
			if listName(path.Base(f.path)) {
				names = append(names, blob.Below(z.c.Name, f.path))
			}
		}
	}
	return names
}

// sniffZips finds zip archives among files whose names do not say so, where no name says what the input is.
func (r root) sniffZips(ctx context.Context) (bases []string, err error) {
	_, files := r.split(&discovery{})
	for _, f := range files[:min(len(files), sniffed)] {
		if f.Special != "" || f.Size == 0 || foreignOf(blob.Base(f.URI)) != nil {
			continue
		}
		head, err := blob.ReadRange(ctx, nil, f.URI, 0, min(f.Size, 4))
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		if zipfile.Is(head) {
			bases = append(bases, blob.Base(f.URI))
		}
	}
	return bases, nil
}
