package blob

import (
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/premix/premix/internal/osfile"
)

// A FileSystem makes the steps by which local files are written. It is an interface so that tests
// can let each step fail (internal/faultfs); see [SetFileSystem].
type FileSystem interface {
	// MkdirAll makes a directory and its missing parents, durably.
	MkdirAll(dir string) error
	// Create makes a new file for writing; it fails if there is one, or a symbolic link.
	Create(path string) (File, error)
	// Rename gives a file its final name, replacing another.
	Rename(from, to string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
	// Remove removes a file.
	Remove(path string) error
}

// A File is a file that is being written.
type File interface {
	io.Writer
	Sync() error
	io.Closer
}

var fileSystem atomic.Pointer[FileSystem]

func init() {
	fs := FileSystem(OS{})
	fileSystem.Store(&fs)
}

// SetFileSystem lets all local writes of the process go through fs until restore is called. It is
// for tests.
func SetFileSystem(fs FileSystem) (restore func()) {
	old := fileSystem.Swap(&fs)
	return func() { fileSystem.Store(old) }
}

// OS is the FileSystem of the operating system.
type OS struct{}

// MkdirAll implements FileSystem.
func (OS) MkdirAll(dir string) error {
	fi, err := os.Stat(dir)
	if err == nil {
		if !fi.IsDir() {
			return &os.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := (OS{}).MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		if fi, err2 := os.Stat(dir); err2 == nil && fi.IsDir() {
			return nil // another process was faster
		}
		return err
	}
	return OS{}.SyncDir(parent)
}

// Create implements FileSystem.
func (OS) Create(path string) (File, error) {
	f, err := osfile.Open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|osfile.NoFollow, 0o666)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename implements FileSystem.
func (OS) Rename(from, to string) error { return osfile.Rename(from, to) }

// SyncDir implements FileSystem. File systems that cannot sync a directory (some that are mounted
// over a network) are taken as they are.
func (OS) SyncDir(dir string) error { return osfile.SyncDir(dir) }

// Remove implements FileSystem.
func (OS) Remove(path string) error { return os.Remove(path) }
