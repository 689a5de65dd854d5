package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/window"
)

// The forms of ILSVRC2012 as it is distributed: ILSVRC2012_img_train.tar, a tar of a tar for
// each class; the class tars after one level was unpacked; ILSVRC2012_img_val.tar, or a folder
// of its images; Kaggle's tree.
var (
	ilsvrcTar = regexp.MustCompile(`^ILSVRC2012_img_(train|val|test)[^/]*\.tar$`)
	classTar  = regexp.MustCompile(`^n[0-9]{8}\.tar$`)
)

func ilsvrcName(base string) bool {
	return ilsvrcTar.MatchString(base) || classTar.MatchString(base) || valNumber(base) > 0
}

// ilsvrcSideName reports whether a file lies beside the images, and never holds them.
func ilsvrcSideName(base string) bool {
	return strings.HasPrefix(base, "ILSVRC2012_devkit") || strings.HasPrefix(base, "ILSVRC2012_bbox")
}

// kaggleTree reports whether folders are those of Kaggle's tree, from one of its upper folders.
func kaggleTree(_ context.Context, _ root, dirs map[string]bool) (bool, error) {
	return dirs["ILSVRC"] || dirs["CLS-LOC"] || dirs["Data"] && (dirs["Annotations"] || dirs["ImageSets"]), nil
}

func discoverILSVRC(ctx context.Context, r root, o Options, d *discovery) error {
	if moved, err := kaggle(ctx, r, o); err != nil {
		return err
	} else if moved.uri != r.uri {
		r = moved
		if dirs, _ := r.split(&discovery{}); len(dirs) > 0 {
			return discoverFolders(ctx, r, o, d)
		}
	}
	_, files := r.split(d)
	var tars, classes, images, side []blob.Object
	for _, f := range files {
		base := blob.Base(f.URI)
		switch {
		case classTar.MatchString(base):
			classes = append(classes, f)
		case strings.HasSuffix(base, ".tar"):
			tars = append(tars, f)
		case valNumber(base) > 0:
			images = append(images, f)
		default:
			side = append(side, f)
		}
	}
	if !r.picked { // the tar of the split
		tars = slices.DeleteFunc(tars, func(t blob.Object) bool {
			m := ilsvrcTar.FindStringSubmatch(blob.Base(t.URI))
			return m == nil || canonicalSplit(m[1]) != o.split()
		})
		tars = tars[:min(1, len(tars))]
	}
	switch {
	case len(tars) == 1:
		return discoverTarOfTars(ctx, r, tars[0], d)
	case len(tars) > 1:
		return usagef("--in %s holds several tars of ILSVRC2012: name one of them", r.in.URI)
	case len(classes) > 0:
		if err := loose(ctx, r, append(side, images...), d); err != nil {
			return err
		}
		kinds, err := r.tarCompressions(ctx, classes)
		if err != nil {
			return err
		}
		for i, f := range classes {
			c := r.container(f, layoutClassTar)
			c.Compression = kinds[i]
			c.Class = strings.TrimSuffix(blob.Base(f.URI), ".tar")
			d.Containers = append(d.Containers, c)
			d.Classes = append(d.Classes, c.Class)
		}
		slices.Sort(d.Classes)
		return nil
	case len(images) > 0 && r.picked:
		return usagef("--in %s names images of a folder whose labels are in a list: give the folder itself, --in %s", r.in.URI, r.uri)
	case len(images) > 0:
		d.Ignored, d.IgnoredNames = 0, nil // the chunks count them
		return addListed(ctx, r, Container{Name: r.in.Name, URI: r.uri, Layout: layoutFlat, Label: -1}, d)
	}
	return usagef("--in %s: no tar and no folder of ILSVRC2012 for --split %s: expected ILSVRC2012_img_%s.tar, class tars, a folder of ILSVRC2012_val_*.JPEG, or Kaggle's ILSVRC/Data/CLS-LOC",
		r.in.URI, o.split(), map[string]string{"validation": "val"}[o.split()]+strings.TrimPrefix(o.split(), "validation"))
}

// kaggle goes down Kaggle's tree to the folder of the split, from any of its upper folders.
func kaggle(ctx context.Context, r root, o Options) (root, error) {
	if r.picked {
		return r, nil
	}
	for _, below := range []string{"ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", "CLS-LOC"} {
		dir := blob.Join(r.uri, below)
		list, err := blob.List(ctx, dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return r, fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		for _, e := range list {
			if e.Dir && canonicalSplit(blob.Base(e.URI)) == o.split() {
				return r.into(ctx, e.URI)
			}
		}
		return r, usagef("--in %s: %s has no folder for --split %s", r.in.URI, below, o.split())
	}
	return r, nil
}

// addListed adds a container of images with the list of their labels.
func addListed(ctx context.Context, r root, c Container, d *discovery) error {
	files, err := findList(ctx, r.uri)
	if err != nil {
		return err
	}
	if files.Files == nil {
		return usagef("--in %s: no labels for %s: put one of LOC_val_solution.csv, synset_labels.txt, ILSVRC2012_devkit_t12.tar.gz or its ILSVRC2012_validation_ground_truth.txt next to it",
			r.in.URI, blob.Base(c.URI))
	}
	l, hash, err := readList(ctx, files)
	if err != nil {
		return err
	}
	c.List = files
	c.List.Hash = hash
	d.Containers, d.Classes = append(d.Containers, c), l.classes
	return nil
}

// discoverTarOfTars reads the headers of a tar: the tars in it become containers, which are read
// in place. A tar of images takes its labels from a list.
func discoverTarOfTars(ctx context.Context, r root, o blob.Object, d *discovery) error {
	kinds, err := r.tarCompressions(ctx, []blob.Object{o})
	if err != nil {
		return err
	}
	outer := r.container(o, layoutListTar)
	outer.Compression = kinds[0]
	w, f, err := outer.openHeaders(ctx)
	if err != nil {
		return fmt.Errorf("source: %s: %w", outer.Name, err)
	}
	defer f.Close()
	scan := walkTar(w, 0, false)
	seen := map[string]bool{}
	var last tarfile.Member
	damaged := func(t *tarfile.Damage) {
		d.fail(outer.Name, premix.StageScan, t.Fault.Kind, t.Fault.Reason)
		if d.Cut == "" {
			d.Cut, d.CutIn = cutList(r, outer, last, t), outer.Name
		}
	}
	for {
		m, err := scan.Next(ctx)
		var damage *tarfile.Damage
		switch {
		case err == io.EOF:
			switch {
			case len(d.Containers) > 0:
				slices.Sort(d.Classes)
				return nil
			case d.Cut != "":
				return usagef("%s", d.Cut)
			}
			return usagef("--in %s: %s holds no class tars and no images", r.in.URI, outer.Name)
		case errors.As(err, &damage):
			damaged(damage)
			continue
		case err != nil:
			return fmt.Errorf("source: %s: %w", outer.Name, err)
		}
		last = m
		name := member(m.Name)
		switch {
		case m.Regular() && !m.Sparse && strings.HasSuffix(name, ".tar") && !junkPath(name) && outer.Compression != "":
			return usagef("--in %s: %s is compressed with %s, and the class tars in it are read in place: unpack it first", r.in.URI, outer.Name, outer.Compression)
		case m.Regular() && !m.Sparse && strings.HasSuffix(name, ".tar") && !junkPath(name):
			c := outer
			c.Name, c.Layout, c.Offset, c.Size = outer.below(name), layoutClassTar, m.Data, m.Size
			c.Size = min(c.Size, max(0, outer.Size-c.Offset)) // the outer tar may be cut off
			c.Class = strings.TrimSuffix(blob.Base(name), ".tar")
			if seen[c.Class] {
				d.fail(c.Name, premix.StageScan, premix.Duplicate, fmt.Sprintf("byte %d: a second tar of the class", m.Header))
				continue
			}
			seen[c.Class] = true
			d.Containers = append(d.Containers, c)
			d.Classes = append(d.Classes, c.Class)
		case m.Regular() && imageName(name) && len(d.Containers) == 0:
			return addListed(ctx, r, outer, d)
		case m.Regular() && imageName(name):
			d.fail(outer.below(name), premix.StageLabel, premix.NoLabel, "an image outside of any class tar has no label")
		case !m.Regular() && strings.HasSuffix(name, ".tar"), m.Sparse:
			d.fail(outer.below(name), premix.StageScan, premix.Unsupported, "not a regular member")
		default:
			d.ignore(outer.below(name))
		}
	}
}

// openHeaders returns a window over a tar of which the headers are read, and not what is between them: at a store,
// each is a request.
func (c Container) openHeaders(ctx context.Context) (*window.Window, io.Closer, error) {
	if c.Compression != "" {
		return c.open(ctx, 0, c.Size)
	}
	f, err := blob.OpenAt(ctx, c.URI)
	if err != nil {
		return nil, nil, err
	}
	return window.At(f, 0, -1, min(c.Size, f.Size())), f, nil
}

// cutList says why the class list of a tar of class tars cannot be trusted, and what to do.
func cutList(r root, outer Container, last tarfile.Member, d *tarfile.Damage) string {
	what := d.Fault.Reason
	if d.Inside {
		what = fmt.Sprintf("it ends at byte %d inside %s: %d of its %d bytes are missing, and everything after it",
			outer.Size, member(last.Name), max(0, last.Data+last.Size-outer.Size), last.Size)
	} else if last.Name != "" {
		what += ", after " + member(last.Name)
	}
	return fmt.Sprintf("--in %s: %s is damaged: %s: whole classes may be missing, and the numbers of the others would be wrong; get the file again, or list all classes with --classes FILE to use what it has",
		r.in.URI, outer.Name, what)
}

// missing are the failures of the classes that a damaged tar of class tars has lost.
func (c *Catalog) missing(classes []string) {
	there := map[string]bool{}
	for _, k := range c.Containers {
		there[k.Class] = true
	}
	for _, class := range classes {
		if !there[class] {
			c.fail(c.CutIn+"/"+class+".tar", premix.StageScan, premix.Truncated, "a class is lost: it is in --classes, and not in what is left of the archive")
		}
	}
}
