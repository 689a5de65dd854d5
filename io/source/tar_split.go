package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
	"github.com/zeebo/xxh3"
)

// sampleTar reads tars of samples, imageTar those of images that are all of one class or in a list.
type (
	tarFile   struct{ baseLayout }
	sampleTar struct{ tarFile }
	imageTar  struct{ tarFile }
)

func (sampleTar) identity(c Container, h *hasher) {
	h.field("compression", c.Compression)
	l := c.WebDataset
	if l.Options.identity(h); l.Folders {
		h.field("labels", "folder").field("base", l.Base)
		if l.Depth != 0 {
			h.field("depth", strconv.Itoa(l.Depth))
		}
	}
	h.samples(c)
}

func (sampleTar) first(_ context.Context, c Container) ([]Chunk, bool, error) {
	return firstOfFile(c), false, nil
}

func (imageTar) identity(c Container, h *hasher) {
	h.field("list-hash", c.List.Hash).field("compression", c.Compression)
}

func (tarFile) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	n, known := c.Samples, c.CountedBy != ""
	var index tarIndex
	if !known || n > int64(4*o.chunkImages()/3) {
		data, err := c.readIndex(ctx)
		if err != nil {
			return nil, err
		}
		index = parseIndex(data)
	}
	if !known {
		fits, whole, err := index.fits(ctx, c)
		if err != nil {
			return nil, err
		}
		if fits {
			n = int64(len(index))
		}
		if fits && !whole {
			// An index of a whole tar counts nothing: it may list files that are not samples here, such as a README.
			c.Samples, c.CountedBy = n, byIndex
		}
	}
	whole := c.whole(n)
	if c.Compression != "" || n > 0 && whole.EstImages <= 4*o.chunkImages()/3 {
		return []Chunk{whole}, nil
	}
	if points, ok := index.points(c); ok {
		chunks, err := cutAt(whole, points, o, func(i int) (int64, error) {
			return c.verifyCut(ctx, points[i], points[i-1].key)
		}, tarID)
		if err != nil || chunks != nil {
			return chunks, err
		}
	}
	if !blob.IsLocal(c.URI) {
		return []Chunk{whole}, nil
	}
	points, ok, err := c.points(ctx, 4*o.chunkImages()/3)
	if err != nil {
		return nil, err
	}
	if n := len(points); n > 0 {
		whole.First = points[0].key
		whole.EstImages, whole.Guessed = extrapolate(n, points[n-1].offset-c.Offset, c.Size), false
	}
	if !ok {
		return []Chunk{whole}, nil
	}
	return cutAt(whole, points, o, nil, tarID)
}

func tarID(ch *Chunk) string {
	c := ch.Container
	return c.identity().num(ch.Offset - c.Offset).num(ch.End - c.Offset).String()
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
	scan := walkTar(w, c.Offset, false)
	seen := map[xxh3.Uint128]struct{}{}
	last := ""
	for {
		m, err := scan.Next(ctx)
		var damage *tarfile.Damage
		switch {
		case err == io.EOF:
			return points, true, nil
		case errors.As(err, &damage):
			return points, false, nil
		case err != nil:
			return nil, false, fmt.Errorf("source: %s: %w", c.Name, err)
		}
		name := member(m.Name)
		key, _, ok := splitKey(name)
		if c.Layout != layoutTar {
			key, ok = name, true
		}
		if !partOfData(m) || !ok || key == last {
			continue
		}
		h := xxh3.HashString128(key)
		if _, twice := seen[h]; twice || m.Sparse || m.Header < 0 {
			return points, false, nil
		}
		seen[h] = struct{}{}
		last = key
		points = append(points, point{key, m.Header})
		if len(points) == probe && (m.Header-c.Offset)*int64(most) > c.Size*(probe-1) {
			return points, false, nil
		}
	}
}

// extrapolate estimates how many entries a container of size bytes has, if the n-th begins at
// offset.
func extrapolate(n int, offset, size int64) int {
	if offset <= 0 {
		return n
	}
	return max(n, int(float64(n-1)*float64(size)/float64(offset)))
}

func (tarFile) read(ctx context.Context, ch Chunk, _ Options, maxBytes int64, yield func(Entry) error) error {
	w, f, err := ch.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	c := ch.Container
	scan := walkTar(w, c.Offset, true)
	t := &trust{doubt: ch.Doubt, class: c.Class, scan: scan, next: yield}
	if err := ch.walk(ctx, scan, maxBytes, t.yield); err != nil {
		return err
	}
	return t.end(w)
}

// walk reads the entries of a tar, up to its end.
func (ch Chunk) walk(ctx context.Context, scan *tarfile.Walker, maxBytes int64, yield func(Entry) error) (err error) {
	c := ch.Container
	if c.Layout == layoutTar {
		r := &sampleReader{
			scan: scan, c: c, labels: c.WebDataset, seekable: ch.Seekable(), maxBytes: maxBytes,
			promised: ch.promised(), yield: yield, seen: map[xxh3.Uint128]group{},
		}
		return r.run(ctx)
	}
	r := &imageReader{scan: scan, c: c, seekable: ch.Seekable(), maxBytes: maxBytes, rows: ch.Base, yield: yield, seen: map[xxh3.Uint128]struct{}{}}
	if c.Layout == layoutListTar {
		if r.list, err = c.listOf(ctx); err != nil {
			return err
		}
	}
	return r.run(ctx)
}
