//go:build unix

package osfile

import (
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A Folder looks at the entries of an open folder by their names, for which an [os.Root] takes three times the memory and half as much
// time again.
type Folder struct {
	fd   int
	path string
}

// OpenFolder opens a folder.
func OpenFolder(path string) (*Folder, error) {
	f := &Folder{path: path}
	err := again(func() (err error) {
		f.fd, err = unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return f, nil
}

// Look looks at an entry, as [os.Lstat] does: it follows no link.
func (f *Folder) Look(name string) (Entry, error) {
	var st unix.Stat_t
	err := again(func() error { return unix.Fstatat(f.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil {
		return Entry{}, &fs.PathError{Op: "lstat", Path: filepath.Join(f.path, name), Err: err}
	}
	e := Entry{Size: st.Size, ModTime: time.Unix(st.Mtim.Unix())}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		e.Type = fs.ModeDir
	case unix.S_IFLNK:
		e.Type = fs.ModeSymlink
	case unix.S_IFIFO:
		e.Type = fs.ModeNamedPipe
	case unix.S_IFSOCK:
		e.Type = fs.ModeSocket
	case unix.S_IFBLK:
		e.Type = fs.ModeDevice
	case unix.S_IFCHR:
		e.Type = fs.ModeDevice | fs.ModeCharDevice
	default:
		e.Type = fs.ModeIrregular
	}
	return e, nil
}

// Close closes the folder.
func (f *Folder) Close() error { return unix.Close(f.fd) }
