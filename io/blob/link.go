package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// LinkBelow returns the first symbolic link on the way from a local folder to a path below it: a folder
// between them, or the path itself. It returns "" if there is none. What does not exist is no link, and
// stores have none. Whether root is a link does not matter: who names a folder means what it leads to.
func LinkBelow(root, uri string) (string, error) {
	if !IsLocal(root) || !IsLocal(uri) {
		return "", nil
	}
	rel, ok := Rel(root, uri)
	if !ok {
		return "", nil
	}
	at, err := localPath(root)
	if err != nil {
		return "", wrap("stat", uri, err)
	}
	for _, name := range strings.Split(rel, "/") {
		at = Join(at, name)
		fi, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			return "", nil
		case err != nil:
			return "", wrap("stat", uri, err)
		case fi.Mode()&fs.ModeSymlink != 0:
			return at, nil
		}
	}
	return "", nil
}

// A LinkError says that a file was not removed, because the way to it from the folder of an output leads
// over a symbolic link: what is behind it may belong to someone else.
type LinkError struct {
	// Link is the symbolic link, and URI the file behind it.
	Link, URI string
	// More counts other files that were to be removed with it.
	More int
}

func (e *LinkError) Error() string {
	what := e.URI + " is"
	if e.More > 0 {
		what = fmt.Sprintf("%s and %d more files are", e.URI, e.More)
	}
	return fmt.Sprintf("%s below the symbolic link %s, where premix removes nothing: remove what you no longer need yourself, or choose another place", what, e.Link)
}

// RemoveBelow is [Remove] for an object below a folder. A local file that exists is not removed if a
// folder between them is a symbolic link: the error is a *[LinkError]. A link itself is removed, and not
// what it leads to.
func RemoveBelow(ctx context.Context, root, uri string) error {
	if err := CheckRemovable(root, uri); err != nil {
		return err
	}
	return Remove(ctx, uri)
}

// CheckRemovable returns the *[LinkError] with which RemoveBelow would refuse, or nil.
func CheckRemovable(root, uri string) error {
	link, err := LinkBelow(root, Dir(uri))
	if err != nil || link == "" {
		return err
	}
	if _, err := os.Lstat(Join(uri)); errors.Is(err, fs.ErrNotExist) {
		return nil // Remove says so
	}
	return &LinkError{Link: link, URI: Join(uri)}
}

// RemoveEmpty removes a local folder if it is empty. Nothing happens to anything else, a symbolic link to
// an empty folder included, nor in a store, which has no folders.
func RemoveEmpty(ctx context.Context, dirURI string) {
	if path, err := localPath(dirURI); err == nil && IsLocal(dirURI) && permit(ctx, dirURI) == nil {
		_ = syscall.Rmdir(path)
	}
}
