package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// Held is what a store has of one chunk: files by content, and marks of the places that have a content.
type Held struct {
	store *Store
	id    string
	place place
	files []File // sorted by name
	marks []mark

	earlier *decoded // the file of an earlier version, once it was read
	bad     map[string]bool
}

// A decoded is a file with its rows.
type decoded struct {
	meta  Meta
	chunk *Chunk
}

// Find looks for a chunk that is needed in some replicas, and is at a place with a stamp. The directory is
// listed once for all chunks. A file of an earlier version is read where the names of other files do
// not answer.
func (s *Store) Find(ctx context.Context, id, stamp, uri string, replicas []int) (*Held, error) {
	here := placeOf(stamp, uri)
	h, err := s.chunk(ctx, id, func(h *Held) bool { h.place = here; return h.answers(replicas) })
	if err != nil {
		return nil, err
	}
	h.place = here
	if !h.answers(replicas) {
		err = h.readEarlier(ctx)
	}
	return h, err
}

// answers says whether the names of the files promise all replicas of what the place has.
func (h *Held) answers(replicas []int) bool {
	at := h.Here()
	return len(at) == 1 && len(Lacking(replicas, h.Replicas(at[0]))) == 0
}

// readEarlier reads the file of an earlier version, if there is one: its content, and the place that it
// was saved for.
func (h *Held) readEarlier(ctx context.Context) error {
	i := slices.IndexFunc(h.files, func(f File) bool { return f.Content == "" })
	if i < 0 || h.earlier != nil {
		return nil
	}
	d, err := h.store.open(ctx, &h.files[i])
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, ErrCorrupt):
		h.spoil(h.files[i].name)
		return nil
	case err != nil:
		return err
	}
	h.earlier = d
	h.files[i].Content, h.files[i].Replicas = ContentOf(d.chunk), d.meta.Replicas
	h.marks = append(h.marks, mark{content: h.files[i].Content, place: placeOf(d.meta.Stamp, d.meta.URI)})
	return nil
}

// spoil remembers that a file is damaged.
func (h *Held) spoil(name string) {
	if h.bad == nil {
		h.bad = map[string]bool{}
	}
	h.bad[name] = true
}

// Damaged says whether a file of the chunk was found to be damaged.
func (h *Held) Damaged() bool { return len(h.bad) > 0 }

// Here lists the contents that the place is known to have. Two mean that the files there were changed and
// kept their times.
func (h *Held) Here() []string {
	return h.marked(func(m *mark) bool { return m.place == h.place })
}

// Stamped lists the contents that any place with the stamp has.
func (h *Held) Stamped() []string {
	return h.marked(func(m *mark) bool { return m.place.stamp == h.place.stamp })
}

// ReadBy reports whether a reader with a number has made a content.
func (h *Held) ReadBy(content string, reader int) bool {
	at := readerPlace(reader)
	return slices.ContainsFunc(h.marks, func(m mark) bool { return m.place == at && m.content == content })
}

func (h *Held) marked(want func(*mark) bool) []string {
	var list []string
	for i := range h.marks {
		if want(&h.marks[i]) {
			list = append(list, h.marks[i].content)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Contents lists all contents of which there are rows.
func (h *Held) Contents() []string {
	var list []string
	for i := range h.files {
		if f := &h.files[i]; f.Content != "" && !h.bad[f.name] {
			list = append(list, f.Content)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Replicas lists those that the files of a content promise.
func (h *Held) Replicas(content string) []int {
	var list []int
	for i := range h.files {
		if f := &h.files[i]; f.Content == content && !h.bad[f.name] {
			list = append(list, f.Replicas...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Verify reads the files of a content, and leaves out those that are damaged or gone. It calls failed with
// each stage at which rows failed.
func (h *Held) Verify(ctx context.Context, content string, failed func(premix.Stage)) error {
	for i := range h.files {
		f := &h.files[i]
		if f.Content != content || h.bad[f.name] {
			continue
		}
		if h.earlier != nil && f.name == h.id+dataSuffix {
			for k := range h.earlier.chunk.Rows {
				if s := h.earlier.chunk.Rows[k].FaultStage; s != "" {
					failed(s)
				}
			}
			continue
		}
		_, data, err := h.store.read(ctx, f.name)
		if err == nil {
			err = eachFailure(data, failed)
		}
		switch {
		case errors.Is(err, ErrCorrupt):
			h.spoil(f.name)
		case errors.Is(err, fs.ErrNotExist):
			f.Content, f.Replicas = "", nil
		case err != nil:
			return err
		}
	}
	return nil
}

// open reads a file whole and compares it with its name. The error is ErrCorrupt if the file is useless.
func (s *Store) open(ctx context.Context, f *File) (*decoded, error) {
	uri, data, err := s.read(ctx, f.name)
	if err != nil {
		return nil, err
	}
	c, m, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("cache: %s: %w", uri, err)
	}
	named, _ := parseData(f.name)
	if named.Content == "" {
		return &decoded{m, c}, nil
	}
	if ContentOf(c) != named.Content || !slices.Equal(m.Replicas, named.Replicas) {
		return nil, fmt.Errorf("cache: %s: %w: it has not the content that its name says", uri, ErrCorrupt)
	}
	if err := complete(c.Rows, m.Replicas); err != nil {
		return nil, fmt.Errorf("cache: %s: %w: %w", uri, ErrCorrupt, err)
	}
	return &decoded{m, c}, nil
}

// read returns a file of the store, unchecked.
func (s *Store) read(ctx context.Context, name string) (uri string, data []byte, err error) {
	uri = blob.Join(s.dir, name)
	data, err = blob.ReadAll(ctx, uri, int64(maxFile))
	if errors.Is(err, blob.ErrLimit) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err != nil {
		return "", nil, fmt.Errorf("cache: %w", err)
	}
	return uri, data, nil
}
