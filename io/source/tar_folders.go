package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/tree"
	"github.com/premix/premix/io/tarfile"
)

// memberNames calls add for the members of a tar that are entries. It stops after the first most bytes
// where most is not 0. End is where the last member that it saw ends, and whole says that it is the last of
// the tar. What is broken in the tar is told by those who read it.
func (c Container) memberNames(ctx context.Context, most int64, add func(name string)) (end int64, whole bool, err error) {
	w, f, err := c.open(ctx, c.Offset, c.Offset+c.Size)
	if err != nil {
		return 0, false, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	scan := walkTar(w, c.Offset, false)
	for {
		m, err := scan.Next(ctx)
		var damage *tarfile.Damage
		switch {
		case err == io.EOF:
			return end, true, nil
		case err == nil && most > 0 && m.Data > most:
			return end, false, nil
		case errors.As(err, &damage):
			continue // members may follow
		}
		if err != nil {
			return 0, false, fmt.Errorf("source: %s: %w", c.Name, err)
		}
		end = m.Data + m.Size
		if name := member(m.Name); partOfData(m) && name != "" && !junkPath(name) {
			add(name)
		}
	}
}

// lookAtMembers understands the folders in tars. Tars on this machine are scanned by their headers; of
// those that are compressed or in a store the first peekBytes are looked at. Unless these are all, whole is
// false.
func lookAtMembers(ctx context.Context, containers []Container) (images *tree.Folder, whole bool, err error) {
	images = &tree.Folder{}
	whole = true
	for _, c := range containers {
		whole = whole && c.Compression == "" && blob.IsLocal(c.URI)
	}
	if !whole {
		left := int64(peekBytes)
		for _, c := range containers {
			if left <= 0 {
				return images, false, nil
			}
			end, all, err := c.memberNames(ctx, left, func(name string) { images.Add(name, imageName(name)) })
			if err != nil || !all {
				return images, false, err
			}
			left -= end
		}
		return images, true, nil
	}
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(surveyWorkers)
	for _, c := range containers {
		g.Go(func() error {
			var names []string
			_, _, err := c.memberNames(gctx, 0, func(name string) { names = append(names, name) })
			mu.Lock()
			defer mu.Unlock()
			for _, name := range names {
				images.Add(name, imageName(name))
			}
			return err
		})
	}
	return images, true, g.Wait()
}

// foldersInTars understands tars whose labels are the folders of their keys.
func foldersInTars(ctx context.Context, o Options, d *discovery) error {
	images, whole, err := lookAtMembers(ctx, d.Containers)
	if err != nil {
		return err
	}
	t := tree.Read(images, o.tree())
	peeked := ""
	if !whole { // counts and warnings are for the gate, which knows all
		if o.ClassNumbers && o.Classes == nil {
			return usagef("--in %s: --class-order number needs all names of folders, and of tars that are compressed or in a store only the beginning is known: give --classes FILE, or unpack the tars on this machine", d.in.URI)
		}
		peeked, t.Unused, t.Warnings = d.in.URI, nil, nil
	}
	d.understood(o, t)
	if t.Flat {
		d.Doubts = append(d.Doubts, flatTar(t.Base))
	}
	for i := range d.Containers {
		l := &d.Containers[i].WebDataset
		l.Folders, l.Base, l.Depth, l.Peeked = true, t.Base, o.ClassDepth, peeked
	}
	if whole {
		d.Images = map[string]int64{}
		for _, c := range t.Classes {
			d.Images[c.Name] = int64(c.Images)
		}
	}
	if o.ClassNumbers {
		for _, c := range t.Classes {
			d.Classes = append(d.Classes, c.Name)
		}
	}
	return nil
}

// flatTar is the doubt about images in one folder of a tar.
func flatTar(base string) tree.Doubt {
	where := "the images are side by side in the tar"
	if base != "" {
		where = "the images are in " + base
	}
	return tree.Doubt{Text: where + ", and neither a folder nor a member next to them gives their classes", Flags: []string{"--labels FILE with a list of images and classes"}}
}

// classOf is the class that the folders of a key name. It is empty for an image above the folders of
// classes; inside is false for a key in a folder beside the base, or beside one that holds it.
func (l webdatasetLabels) classOf(key string) (class string, inside bool) {
	if l.Base != "" {
		rest, ok := strings.CutPrefix(key, l.Base+"/")
		if !ok {
			dir := parent(key)
			return "", dir == "" || strings.HasPrefix(l.Base, dir+"/")
		}
		key = rest
	}
	parts := strings.Split(key, "/")
	folders := parts[:len(parts)-1]
	switch depth := max(l.Depth, 1); {
	case l.Depth == tree.Leaf:
		return strings.Join(folders, "/"), true
	case len(folders) < depth:
		return "", true
	default:
		return folders[depth-1], true
	}
}
