package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/premix/premix/internal/osfile"
)

// A Name is an entry of a directory.
type Name struct {
	Base string
	Dir  bool // symbolic links to directories are followed
	// Special is as in [Object].
	Special string
	// URI is the address of a directory of a store, as [List] gives it: one without a name cannot be told
	// from the directory that holds it by its Base. It is empty for files and local names.
	URI string
	// Identity is the same for a local directory and the links to it; empty for files and in stores.
	Identity string
}

// Names returns the names in one directory, sorted bytewise: what [List] returns without sizes and times.
// A local file costs no look of its own, so that a million of them are a matter of a second.
func Names(ctx context.Context, dirURI string) ([]Name, error) {
	if IsLocal(dirURI) {
		dir, err := localPath(dirURI)
		if err != nil {
			return nil, wrap("list", dirURI, err)
		}
		names, err := localNames(ctx, dir)
		return names, wrap("list", dirURI, err)
	}
	list, err := List(ctx, dirURI)
	names := make([]Name, len(list))
	for i, o := range list {
		names[i] = Name{Base: Base(o.URI), Dir: o.Dir, Special: o.Special}
		if o.Dir {
			names[i].URI = o.URI
		}
	}
	return names, err
}

// Identity is that of a local directory, as in [Name]; it is empty for one of a store.
func Identity(dirURI string) (string, error) {
	if !IsLocal(dirURI) {
		return "", nil
	}
	dir, err := localPath(dirURI)
	if err != nil {
		return "", wrap("stat", dirURI, err)
	}
	fi, err := os.Stat(dir)
	if err != nil {
		return "", wrap("stat", dirURI, err)
	}
	return identity(dir, fi), nil
}

func identity(path string, fi fs.FileInfo) string {
	id, ok := osfile.IDOf(path, fi)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x:%x", id.Dev, id.Ino)
}

// leadsNowhere reports whether a symbolic link that fails so has no target at all: it is dangling, or leads
// to itself. Every other error may hide a file that is there.
func leadsNowhere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || osfile.IsLoop(err)
}

func localNames(ctx context.Context, dir string) ([]Name, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]Name, 0, len(entries))
	for i, e := range entries {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if IsTemp(e.Name()) {
			continue
		}
		if e.Type().IsRegular() {
			names = append(names, Name{Base: e.Name()})
			continue
		}
		path := filepath.Join(dir, e.Name())
		fi, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && e.Type()&fs.ModeSymlink == 0:
			continue // removed since the directory was read
		case err != nil && !leadsNowhere(err):
			return nil, err
		case err != nil:
			names = append(names, Name{Base: e.Name(), Special: "dangling symbolic link"})
			continue
		}
		o := localObject("", entryOf(fi))
		n := Name{Base: e.Name(), Dir: o.Dir, Special: o.Special}
		if o.Dir {
			n.Identity = identity(path, fi)
		}
		names = append(names, n)
	}
	return names, nil
}
