package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
)

// Sizes returns the sizes of the files of one directory that have these names, and −1 for a name that no file
// has. A store is asked for lists of all that begins as all of the names do, a request for a thousand; so ask
// for names together that differ at their end alone. Of a local directory each name is looked at, and links
// are followed.
func Sizes(ctx context.Context, dirURI string, names []string) ([]int64, error) {
	if len(names) == 0 {
		return nil, nil
	}
	s, key, err := storeOf(ctx, "list", dirURI)
	if err != nil {
		return nil, err
	}
	sizes := make([]int64, len(names))
	for i := range sizes {
		sizes[i] = -1
	}
	if c, ok := s.(*cloudStore); ok {
		return sizes, wrap("list", dirURI, c.sizes(ctx, key, names, sizes))
	}
	return sizes, wrap("stat", dirURI, localSizes(ctx, key, names, sizes))
}

// CommonPrefix returns what all names begin with.
func CommonPrefix(names ...string) string {
	prefix := names[0]
	for _, name := range names[1:] {
		n := 0
		for n < min(len(prefix), len(name)) && prefix[n] == name[n] {
			n++
		}
		prefix = prefix[:n]
	}
	return prefix
}

func (s *cloudStore) sizes(ctx context.Context, dir string, names []string, sizes []int64) error {
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	folder := prefixOf(dir)
	opts := &blob.ListOptions{Prefix: folder + CommonPrefix(names...), Delimiter: "/"}
	return s.pages(ctx, opts, func(o *blob.ListObject) {
		if i, ok := at[strings.TrimPrefix(o.Key, folder)]; ok && !o.IsDir {
			sizes[i] = o.Size
		}
	})
}

func localSizes(ctx context.Context, dir string, names []string, sizes []int64) error {
	at, err := os.OpenRoot(dir) // to look at a name in it takes less time than at a path
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer at.Close()
	for i, name := range names {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		fi, err := at.Lstat(name)
		if err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			fi, err = os.Stat(filepath.Join(dir, name))
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if fi.Mode().IsRegular() {
			sizes[i] = fi.Size()
		}
	}
	return nil
}

// NamesWith yields the names of the files of one directory that begin with a prefix, in any order and without a
// list of them in memory. Of a local file only the name is looked at. A store is asked for another page when the
// names of the one before have been taken. A directory that does not exist has none.
func NamesWith(ctx context.Context, dirURI, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s, key, err := storeOf(ctx, "list", dirURI)
		if err == nil {
			if c, ok := s.(*cloudStore); ok {
				err = c.namesWith(ctx, key, prefix, yield)
			} else {
				err = localNamesWith(ctx, key, prefix, yield)
			}
		}
		if err != nil && !errors.Is(err, errStop) {
			yield("", wrap("list", dirURI, err))
		}
	}
}

func (s *cloudStore) namesWith(ctx context.Context, dir, prefix string, yield func(string, error) bool) error {
	folder := prefixOf(dir)
	return s.eachPage(ctx, &blob.ListOptions{Prefix: folder + prefix, Delimiter: "/"}, func(page []*blob.ListObject) error {
		for _, o := range page {
			if !o.IsDir && !yield(strings.TrimPrefix(o.Key, folder), nil) {
				return errStop
			}
		}
		return nil
	})
}

func localNamesWith(ctx context.Context, dir, prefix string, yield func(string, error) bool) error {
	f, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for ctx.Err() == nil {
		entries, err := f.ReadDir(1024)
		for _, e := range entries {
			if e.IsDir() || IsTemp(e.Name()) || !strings.HasPrefix(e.Name(), prefix) {
				continue
			}
			if e.Type()&fs.ModeSymlink != 0 {
				if fi, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && fi.IsDir() {
					continue
				}
			}
			if !yield(e.Name(), nil) {
				return errStop
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
