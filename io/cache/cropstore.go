package cache

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
)

// parseCropName is the inverse of cropName.
func parseCropName(name string) (f File, ok bool) {
	base, ok := strings.CutSuffix(name, cropsSuffix)
	if !ok {
		return f, false
	}
	f, ok = parseData(base + dataSuffix)
	f.name = name
	return f, ok && f.Content != ""
}

func (l *listing) addCrops(f File) {
	list := slices.DeleteFunc(l.crops[f.ID], func(old File) bool { return old.name == f.name })
	l.crops[f.ID] = append(list, f)
	slices.SortFunc(l.crops[f.ID], byName)
}

// Crops returns the files of crops that the store has of a chunk, of whatever content, sorted by name. The directory is
// listed once.
func (s *Store) Crops(ctx context.Context, id string) ([]File, error) {
	if err := s.check(id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listed == nil {
		l, err := s.list(ctx)
		if err != nil {
			return nil, err
		}
		s.listed = l
	}
	return slices.Clone(s.listed.crops[id]), nil
}

// CropsOf returns the files among some that hold the crops of a content in a replica, and so in the order in which they are to
// be asked.
func CropsOf(files []File, content string, replica int) []File {
	return slices.DeleteFunc(slices.Clone(files), func(f File) bool {
		return f.Content != content || !slices.Contains(f.Replicas, replica)
	})
}

// Path is the address of a file of the store.
func (s *Store) Path(f *File) string { return blob.Join(s.dir, f.name) }

// RemoveCrops removes a file of crops that is damaged, so that the next run makes it anew.
func (s *Store) RemoveCrops(ctx context.Context, uri string) error {
	f, ok := parseCropName(blob.Base(uri))
	if !ok || blob.Join(s.dir, f.name) != uri {
		return nil
	}
	s.mu.Lock()
	if s.listed != nil {
		s.listed.crops[f.ID] = slices.DeleteFunc(s.listed.crops[f.ID], func(o File) bool { return o.name == f.name })
	}
	s.mu.Unlock()
	if err := blob.Remove(ctx, uri); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// CropsSize is how many bytes the files of crops of a cache take, of whatever fingerprint.
func CropsSize(ctx context.Context, uri string) (n int64, err error) {
	list, err := blob.List(ctx, uri)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, o := range list {
		if !o.Dir || !validName(blob.Base(o.URI)) {
			continue
		}
		l, err := Open(uri, blob.Base(o.URI), nil).list(ctx)
		if err != nil {
			return 0, err
		}
		for _, files := range l.crops {
			for _, f := range files {
				n += f.Bytes
			}
		}
	}
	return n, nil
}
