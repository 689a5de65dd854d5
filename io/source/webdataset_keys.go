package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/webdataset"
)

// splitKey divides the name of a member of a WebDataset tar as [webdataset.SplitName] does, and puts
// the extension into small letters. ok is false also for metadata (__x__), and for what lies in such
// a folder. Then the key is the name.
func splitKey(name string) (key, ext string, ok bool) {
	key, ext, ok = webdataset.SplitName(name)
	dir, base := path.Split(key)
	if !ok || strings.HasPrefix(base, "__") && strings.HasSuffix(base, "__") {
		return name, "", false
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(dir, "/"), "/") {
		if part == "__MACOSX" || len(part) > 4 && strings.HasPrefix(part, "__") && strings.HasSuffix(part, "__") {
			return name, "", false
		}
	}
	return key, strings.ToLower(ext), true
}

// imageRank orders the extensions under which a sample keeps its image: the smaller the better,
// −1 for extensions that are not an image's. A plain extension goes before one with dots in it, of
// which only the last part counts (x.seg.png).
func imageRank(ext string) int {
	rank := 0
	if i := strings.LastIndexByte(ext, '.'); i >= 0 {
		ext, rank = ext[i+1:], 100
	}
	if i := slices.Index([]string{"jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"}, ext); i >= 0 {
		return rank + i
	}
	if imageName("x." + ext) {
		return rank + 50
	}
	return -1
}

// peekImages and peekBytes bound how much of the first shard is looked at.
const (
	peekImages = 64
	peekBytes  = 64 << 20
)

// Where the labels of a tar are, as its beginning shows.
const (
	labelsBeside  = iota // in members beside the images, or in none
	labelsAbove          // the folders of the keys
	labelsNowhere        // there is neither: the images lie flat
	labelsUnseen         // there are no images
)

// peekTars is how many tars are looked at where the first ones have no labels: they may be a part that lost
// them.
const peekTars = 4

// whereAllLabels is whereLabels of the first tars that hold something: the very first may be empty.
func whereAllLabels(ctx context.Context, tars []Container, o Options) (where int, err error) {
	where = labelsUnseen
	full := slices.DeleteFunc(slices.Clone(tars), func(c Container) bool { return c.Size == 0 })
	for _, c := range full[:min(len(full), peekTars)] {
		next, err := whereLabels(ctx, c, o)
		switch {
		case err != nil:
			return where, err
		case where == labelsUnseen || next == labelsBeside:
			where = next
		}
		if where == labelsBeside || where == labelsAbove {
			break
		}
	}
	return where, nil
}

// whereLabels looks at the beginning of a WebDataset shard: its labels are the folders of its keys if
// there are folders, and neither cls nor json members beside the images. A shard whose json members have no
// label, and which has no other labels, is a mistake of the user's.
func whereLabels(ctx context.Context, c Container, o Options) (int, error) {
	p := tarPeek{o: o, images: map[string]bool{}, labelled: map[string]bool{}, keys: map[string][]string{}, pairs: map[string]int{}}
	whole, err := p.read(ctx, c)
	if err != nil {
		return 0, err
	}
	fields := map[string]bool{}
	for key, names := range p.keys {
		for _, name := range names {
			fields[name] = fields[name] || p.images[key]
		}
	}
	maps.DeleteFunc(fields, func(_ string, beside bool) bool { return !beside })
	switch names := slices.Sorted(maps.Keys(fields)); {
	case p.found || p.folders && p.cls:
		return labelsBeside, nil
	case p.folders:
		return labelsAbove, nil
	case len(names) > 0:
		return 0, usagef("--in %s: no label in the json members of %s under %s: --label-key can be one of %s",
			c.URI, blob.Base(c.URI), keyText(o.LabelKey), strings.Join(names[:min(len(names), 12)], ", "))
	case len(p.images) >= peekImages || whole && len(p.images) > 0:
		return labelsNowhere, nil
	case len(p.images) == 0:
		return labelsUnseen, nil
	}
	return labelsBeside, nil
}

// A tarPeek is what the beginning of a tar shows. Members belong to an image if they have its key: lists and
// annotations of the whole set do not, whatever is in them.
type tarPeek struct {
	o        Options
	images   map[string]bool     // their keys
	labelled map[string]bool     // keys of members with a label
	keys     map[string][]string // the fields of json members, by their keys
	pairs    map[string]int      // keys of images and labels with dots in their extensions
	folders  bool
	cls      bool // there are cls members
	found    bool // an image has a label beside it
}

// input.jpg and target.cls are an image and its label.
const (
	pairImage = 1 << iota
	pairLabel
)

// read looks at members until it has found a label or seen enough; whole says that there are no more.
func (p *tarPeek) read(ctx context.Context, c Container) (whole bool, err error) {
	w, f, err := c.open(ctx, 0, c.Size)
	if err != nil {
		return false, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	scan := walkTar(w, 0, false)
	for !p.found && len(p.images) < peekImages {
		m, err := scan.Next(ctx)
		var damage *tarfile.Damage
		switch {
		case err == io.EOF:
			return true, nil
		case errors.As(err, &damage) || err == nil && m.Data > peekBytes:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("source: %s: %w", c.Name, err)
		}
		if err := p.member(scan, c, m); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (p *tarPeek) member(scan *tarfile.Walker, c Container, m tarfile.Member) error {
	name := member(m.Name)
	key, ext, ok := splitKey(name)
	if !m.Regular() || m.Sparse || !ok || junkPath(name) {
		return nil
	}
	before, last := cutDots(ext)
	if before != "" && (last == "cls" || last == "json") {
		if !strings.Contains(key, "/") && p.holdsLabel(scan, m, last) {
			p.pairs[key] |= pairLabel
		}
		p.found = p.found || p.pairs[key] == pairImage|pairLabel
		return nil
	}
	switch {
	case ext == "tar":
		return usagef("--in %s: %s is a tar of tars: --in-format ilsvrc reads it, if each of these is a class", c.URI, blob.Base(c.URI))
	case ext == "cls":
		p.cls = true
		p.labelled[key] = p.o.LabelKey == ""
	case (ext == "json" || ext == "jsn") && m.Size <= maxLabelBytes:
		data, err := scan.Read(nil, m)
		if err != nil {
			return nil
		}
		if _, err := jsonLabel(data, p.o.LabelKey); err != errNoKey {
			p.labelled[key] = true
		}
		object, _ := webdataset.Fields(data)
		for k := range object {
			p.keys[key] = append(p.keys[key], escape(k))
		}
	case imageRank(ext) >= 0:
		p.images[key] = true
		p.folders = p.folders || strings.Contains(key, "/")
		if before != "" {
			p.pairs[key] |= pairImage
		}
	}
	p.found = p.found || p.images[key] && p.labelled[key] || p.pairs[key] == pairImage|pairLabel
	return nil
}

// holdsLabel reports whether a member whose extension ends in cls or json holds a label.
func (p *tarPeek) holdsLabel(scan *tarfile.Walker, m tarfile.Member, last string) bool {
	if last == "cls" {
		return p.o.LabelKey == ""
	}
	if m.Size > maxLabelBytes {
		return false
	}
	data, err := scan.Read(nil, m)
	if err != nil {
		return false
	}
	_, err = jsonLabel(data, p.o.LabelKey)
	return err != errNoKey
}
