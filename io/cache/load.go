package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Rows are the rows of one content of a chunk, in the replicas that were asked for and are there.
type Rows struct {
	Content string
	Chunk   *Chunk
	Meta    Meta     // of the first file; Replicas are those of the rows
	Files   []string // that have the rows, sorted
}

// Load returns the rows of a content in some replicas, as far as the store has them: the union of its files. Of
// rows that two files have, it takes those of the first by name. A damaged file is left out. The
// entries are listed in any case, in a replica that was not asked for if need be. The result is nil if no file is
// left.
func (h *Held) Load(ctx context.Context, content string, replicas []int) (*Rows, error) {
	var list []File
	for i := range h.files {
		if f := h.files[i]; f.Content == content && !h.bad[f.name] {
			list = append(list, f)
		}
	}
	r, err := h.union(ctx, list, content, replicas)
	for i := 0; err == nil && r == nil && i < len(list); i++ {
		r, err = h.union(ctx, list[i:i+1], content, list[i].Replicas)
	}
	if r != nil {
		h.store.touch(ctx)
	}
	return r, err
}

// union reads files, in their order, as long as they add replicas.
func (h *Held) union(ctx context.Context, list []File, content string, replicas []int) (*Rows, error) {
	var r *Rows
	for i := range list {
		f := &list[i]
		missing := replicas
		if r != nil {
			missing = Lacking(replicas, r.Meta.Replicas)
		}
		adds := slices.DeleteFunc(slices.Clone(f.Replicas), func(k int) bool { return !slices.Contains(missing, k) })
		if len(adds) == 0 || h.bad[f.name] {
			continue
		}
		d, err := h.decoded(ctx, f)
		switch {
		case errors.Is(err, ErrCorrupt):
			h.spoil(f.name)
			continue
		case errors.Is(err, fs.ErrNotExist): // pruned
			continue
		case err != nil:
			return nil, err
		}
		if r, err = r.with(f, d, content, adds); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// decoded returns the rows of a file, which are read once if the file is of an earlier version.
func (h *Held) decoded(ctx context.Context, f *File) (*decoded, error) {
	if h.earlier != nil && f.name == h.id+dataSuffix {
		return &decoded{h.earlier.meta, &Chunk{Rows: slices.Clone(h.earlier.chunk.Rows), Ignored: h.earlier.chunk.Ignored}}, nil
	}
	return h.store.open(ctx, f)
}

// with adds the replicas of a file.
func (r *Rows) with(f *File, d *decoded, content string, adds []int) (*Rows, error) {
	d.chunk.Rows = keep(d.chunk.Rows, adds)
	if r == nil {
		d.meta.Replicas = adds
		return &Rows{Content: content, Chunk: d.chunk, Meta: d.meta, Files: []string{f.name}}, nil
	}
	rows, err := Merge(r.Chunk.Rows, d.chunk.Rows)
	if err != nil {
		return nil, fmt.Errorf("cache: %s and %s: %w", f.name, r.Files[0], err)
	}
	r.Chunk.Rows = rows
	r.Meta.Replicas = append(r.Meta.Replicas, adds...)
	slices.Sort(r.Meta.Replicas)
	r.Files = append(r.Files, f.name)
	return r, nil
}

// Reload returns the rows of a content in all of some replicas, from the files that had them before, or from
// any others: the listing is made anew if one of the named files is damaged or gone. The error is fs.ErrNotExist, or
// ErrCorrupt, if a replica is not there.
func (s *Store) Reload(ctx context.Context, id, content string, files []string, replicas []int) (*Rows, error) {
	if err := s.check(id); err != nil {
		return nil, err
	}
	h := &Held{store: s, id: id}
	for _, name := range files {
		f, ok := parseData(name)
		if !ok || f.ID != id {
			return nil, fmt.Errorf("cache: %q is not a file of the chunk %s", name, id)
		}
		h.files = append(h.files, f)
	}
	for again := false; ; again = true {
		if len(Lacking(replicas, h.Replicas(content))) > 0 || again {
			if err := h.readEarlier(ctx); err != nil {
				return nil, err
			}
		}
		r, err := h.Load(ctx, content, replicas)
		if err != nil {
			return nil, err
		}
		if r != nil && len(Lacking(replicas, r.Meta.Replicas)) == 0 {
			return r, nil
		}
		if again {
			return nil, h.lost(content, replicas)
		}
		if h, err = s.relist(ctx, id); err != nil {
			return nil, err
		}
	}
}

// lost says why rows that were there are not there any more.
func (h *Held) lost(content string, replicas []int) error {
	why := fs.ErrNotExist
	if h.Damaged() {
		why = ErrCorrupt
	}
	return fmt.Errorf("cache: %s: the rows %s of the chunk %s in the replicas %v: %w", h.store.dir, content, h.id, replicas, why)
}

// ReadFile returns the rows of one file, with the errors fs.ErrNotExist and [ErrCorrupt].
func (s *Store) ReadFile(ctx context.Context, name string) (*Chunk, Meta, error) {
	f, ok := parseData(name)
	if !ok || !validName(f.ID) {
		return nil, Meta{}, fmt.Errorf("cache: %s: %w: no name of its files", name, fs.ErrNotExist)
	}
	d, err := s.open(ctx, &f)
	if err != nil {
		return nil, Meta{}, err
	}
	return d.chunk, d.meta, nil
}
