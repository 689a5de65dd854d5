package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/premix/premix/io/blob"
	"github.com/zeebo/xxh3"
)

// tarLayout reads tars: of samples, and of images that are all of one class or in a list.
type tarLayout struct{}

// discoverTars makes a container of every tar.
func discoverTars(ctx context.Context, r root, o Options, cat *Catalog) error {
	shards, err := shardsOf(ctx, r, o, cat, tarName)
	if err != nil {
		return err
	}
	for _, s := range shards {
		cat.Containers = append(cat.Containers, r.container(s, layoutTar))
	}
	cat.Classes, err = classesBeside(ctx, r.uri, "classes.txt")
	return err
}

// shardsOf lists the files of a root that are shards by their name, those in folders included,
// and takes the wanted split where names speak of several. Everything else is a side file.
func shardsOf(ctx context.Context, r root, o Options, cat *Catalog, isShard func(base string) bool) ([]blob.Object, error) {
	dirs, files := r.split(cat)
	for _, d := range dirs {
		for f, err := range blob.Walk(ctx, d.URI) {
			if err != nil {
				return nil, fmt.Errorf("source: %w", err)
			}
			files = append(files, f)
		}
	}
	var shards, side []blob.Object
	splits := map[string]bool{}
	for _, f := range files {
		if isShard(blob.Base(f.URI)) && f.Special == "" || r.picked {
			shards = append(shards, f)
			splits[splitOf(blob.Base(f.URI))] = true
		} else {
			side = append(side, f)
		}
	}
	if err := loose(ctx, r, side, cat); err != nil {
		return nil, err
	}
	if r.picked || len(splits) < 2 {
		if len(shards) == 0 {
			return nil, usagef("--in %s holds no shards of the format %s", r.in.URI, cat.Layout)
		}
		return shards, nil
	}
	wanted := slices.DeleteFunc(slices.Clone(shards), func(f blob.Object) bool {
		return splitOf(blob.Base(f.URI)) != o.split()
	})
	if len(wanted) == 0 {
		return nil, usagef("--in %s: no shard speaks of the split %s: choose another --split, or name the shards by a pattern", r.in.URI, o.split())
	}
	return wanted, nil
}

// open returns a window over [off, end) of a tar.
func (c Container) open(ctx context.Context, off, end int64) (*window, io.Closer, error) {
	size := c.Offset + c.Size
	if blob.IsLocal(c.URI) {
		f, err := blob.OpenAt(ctx, c.URI)
		if err != nil {
			return nil, nil, err
		}
		return atWindow(f, off, end, min(size, max(f.Size(), off))), f, nil
	}
	r, err := blob.OpenRange(ctx, c.URI, off, end-off)
	if err != nil {
		return nil, nil, err
	}
	return streamWindow(r, off, end, end), r, nil
}

func (tarLayout) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	whole := Chunk{Container: c, Offset: c.Offset, End: c.Offset + c.Size, ID: c.identity().text("whole").String(), Stamp: c.stamp()}
	if !blob.IsLocal(c.URI) {
		whole.EstImages = int(c.Size/110_000) + 1
		return []Chunk{whole}, nil
	}
	points, all, err := c.points(ctx, 4*o.chunkImages()/3)
	if err != nil {
		return nil, err
	}
	if len(points) > 0 {
		whole.First, whole.EstImages = points[0].key, len(points)
	}
	if !all {
		return []Chunk{whole}, nil
	}
	ends := cuts(len(points), o.chunkImages(), func(i int) string { return points[i].key }, func(int) int { return 0 })
	if len(ends) < 2 {
		return []Chunk{whole}, nil
	}
	var chunks []Chunk
	from, offset := 0, whole.Offset
	for i, end := range ends {
		until := whole.End
		if end < len(points) {
			until = points[end].offset
		}
		chunks = append(chunks, Chunk{
			Container: c, Seq: i, Offset: offset, End: until, Stamp: whole.Stamp,
			ID:    c.identity().num(offset - c.Offset).num(until - c.Offset).String(),
			First: points[from].key, Last: points[end-1].key, EstImages: end - from,
		})
		from, offset = end, until
	}
	return chunks, nil
}

// A point is where an entry of a tar begins.
type point struct {
	key    string
	offset int64
}

// probe is how many entries tell whether a tar is worth a scan.
const probe = 100

// points scans the headers of a tar for the beginnings of its entries. It gives up, and all is
// false, where it makes no sense to cut the tar: it has about as many entries as one chunk may
// have, or something is wrong with it, which only a reader of the whole can judge.
func (c Container) points(ctx context.Context, most int) (points []point, all bool, err error) {
	w, f, err := c.open(ctx, c.Offset, c.Offset+c.Size)
	if err != nil {
		return nil, false, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	scan := newTarScanner(w, c.Offset)
	seen := map[xxh3.Uint128]struct{}{}
	last := ""
	for {
		m, err := scan.member(ctx)
		var damage *tarDamage
		switch {
		case err == io.EOF:
			return points, true, nil
		case errors.As(err, &damage):
			return points, false, nil
		case err != nil:
			return nil, false, fmt.Errorf("source: %s: %w", c.Name, err)
		}
		name := member(m.name)
		key, _, ok := splitKey(name)
		if c.Layout != layoutTar {
			key, ok = name, true
		}
		if !m.regular || !ok || key == last {
			continue
		}
		h := xxh3.HashString128(key)
		if _, twice := seen[h]; twice || m.sparse || m.header < 0 {
			return points, false, nil
		}
		seen[h] = struct{}{}
		last = key
		points = append(points, point{key, m.header})
		if len(points) == probe && (m.header-c.Offset)*int64(most) > c.Size*(probe-1) {
			return points, false, nil
		}
	}
}

func (tarLayout) read(ctx context.Context, ch Chunk, o Options, maxBytes int64, yield func(Entry) error) error {
	c := ch.Container
	w, f, err := c.open(ctx, ch.Offset, ch.End)
	if err != nil {
		return fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	if ch.End >= c.Offset+c.Size {
		w.end = -1 // then the end mark is looked for
	}
	scan := newTarScanner(w, c.Offset)
	r := &sampleReader{
		scan: scan, c: c, key: o.LabelKey, folders: c.Extra["labels"] == "folder",
		seekable: true, maxBytes: maxBytes, yield: yield, seen: map[xxh3.Uint128]struct{}{},
	}
	return r.run(ctx)
}
