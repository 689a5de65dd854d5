package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/premix/premix/io/blob"
)

// A listing is what a store held when its directory was listed, and what this process added since.
type listing struct {
	at, took time.Duration // since the store was opened, and for the listing
	files    map[string][]File
	crops    map[string][]File
	marks    map[string][]mark
}

func (l *listing) addFile(f File) {
	list := slices.DeleteFunc(l.files[f.ID], func(old File) bool { return old.name == f.name })
	l.files[f.ID] = append(list, f)
	slices.SortFunc(l.files[f.ID], byName)
}

func (l *listing) addMark(id string, m mark) {
	if !slices.Contains(l.marks[id], m) {
		l.marks[id] = append(l.marks[id], m)
	}
}

func (l *listing) removeMark(id, name string) {
	l.marks[id] = slices.DeleteFunc(l.marks[id], func(m mark) bool { return m.name == name })
}

// list lists the directory of the store.
func (s *Store) list(ctx context.Context) (*listing, error) {
	start := time.Now()
	l := &listing{files: map[string][]File{}, crops: map[string][]File{}, marks: map[string][]mark{}}
	list, err := blob.List(ctx, s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cache: %w", err)
	}
	for _, o := range list {
		if o.Dir || o.Special != "" {
			continue
		}
		if f, ok := parseData(blob.Base(o.URI)); ok {
			f.Bytes, f.ModTime = o.Size, o.ModTime
			l.addFile(f)
		} else if f, ok := parseCropName(blob.Base(o.URI)); ok {
			f.Bytes, f.ModTime = o.Size, o.ModTime
			l.addCrops(f)
		} else if id, m, ok := parseMark(blob.Base(o.URI)); ok {
			l.addMark(id, m)
		}
	}
	l.at, l.took = time.Since(s.opened), time.Since(start)
	return l, nil
}

// relistAfter is the age from which a listing is made anew where it lacks something: other runs may have
// added that meanwhile. A listing that takes long is made less often.
var relistAfter = time.Minute

// chunk returns what the store has of a chunk. It lists the store once, and again, at most once a minute,
// where ok says that something lacks.
func (s *Store) chunk(ctx context.Context, id string, ok func(h *Held) bool) (*Held, error) {
	if err := s.check(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.listed == nil
	for {
		if fresh {
			l, err := s.list(ctx)
			if err != nil {
				return nil, err
			}
			s.listed = l
		}
		l := s.listed
		h := &Held{store: s, id: id, files: slices.Clone(l.files[id]), marks: slices.Clone(l.marks[id])}
		if fresh || ok(h) || time.Since(s.opened)-l.at < max(relistAfter, 20*l.took) {
			return h, nil
		}
		fresh = true
	}
}

// relist returns what the store has of a chunk now.
func (s *Store) relist(ctx context.Context, id string) (*Held, error) {
	s.mu.Lock()
	s.listed = nil
	s.mu.Unlock()
	return s.chunk(ctx, id, func(*Held) bool { return true })
}

// List returns the files of the store now, sorted by name; none if the store does not exist yet.
func (s *Store) List(ctx context.Context) ([]File, error) {
	l, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	return l.all(), nil
}

func (l *listing) all() []File {
	var files []File
	for _, list := range l.files {
		files = append(files, list...)
	}
	slices.SortFunc(files, byName)
	return files
}

// Chunks is the number of chunks that the store has, of whatever content, by the listing of [Store.Find].
func (s *Store) Chunks(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed == nil {
		l, err := s.list(ctx)
		if err != nil {
			return 0, err
		}
		s.listed = l
	}
	return len(s.listed.files), nil
}
