package blob

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/premix/premix/internal/osfile"
)

// List returns the entries of one directory, sorted by the bytes of their names. Symbolic links are
// followed; temporaries of this package are left out. A directory that does not exist is
// fs.ErrNotExist; at a store that is one with no keys below it, but not the root of a bucket.
func List(ctx context.Context, dirURI string) ([]Object, error) {
	s, key, err := storeOf(ctx, "list", dirURI)
	if err != nil {
		return nil, err
	}
	list, err := s.list(ctx, key)
	return list, wrap("list", dirURI, err)
}

// Walk yields the files below a directory, sorted by the bytes of their paths, in memory
// proportional to the largest directory. Directories are not yielded. Symbolic links to directories
// are followed; a directory that was visited already under another path is not visited again but
// yielded, as Special. After an error Walk ends.
func Walk(ctx context.Context, dirURI string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		w := walker{ctx: ctx, seen: map[osfile.ID]bool{}}
		if err := w.walk(dirURI, yield); err != nil && !errors.Is(err, errStop) {
			yield(Object{}, err)
		}
	}
}

var errStop = errors.New("stop")

// A walker is one run of Walk. Local directories that it has visited are in seen.
type walker struct {
	ctx  context.Context
	seen map[osfile.ID]bool
}

func (w *walker) walk(dir string, yield func(Object, error) bool) error {
	if IsLocal(dir) {
		path, err := localPath(dir)
		if err != nil {
			return wrap("list", dir, err)
		}
		fi, err := os.Stat(path)
		if err != nil {
			return wrap("list", dir, err)
		}
		if id, ok := osfile.IDOf(path, fi); ok && fi.IsDir() {
			if w.seen[id] {
				if !yield(Object{URI: dir, Size: -1, Special: "folder that is read already under another path"}, nil) {
					return errStop
				}
				return nil
			}
			w.seen[id] = true
		}
	}
	list, err := List(w.ctx, dir)
	if err != nil {
		return err
	}
	sortByPath(list)
	for _, o := range list {
		if !o.Dir {
			if !yield(o, nil) {
				return errStop
			}
			continue
		}
		err := w.walk(o.URI, yield)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // removed since it was listed
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sortByPath sorts the entries of one directory, which are in the order of their names, so that the paths
// below come out sorted: "a.txt" comes before "a/b".
func sortByPath(list []Object) {
	if !slices.ContainsFunc(list, func(o Object) bool { return o.Dir }) {
		return
	}
	slices.SortFunc(list, func(a, b Object) int { return cmp.Compare(pathKey(a), pathKey(b)) })
}

func pathKey(o Object) string {
	if o.Dir && !strings.HasSuffix(o.URI, "/") {
		return o.URI + "/"
	}
	return o.URI
}
