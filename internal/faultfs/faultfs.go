// Package faultfs lets the steps fail by which local files are written, one at a time, so that tests
// can look at what every failure leaves behind.
//
//	fs := faultfs.Inject(t, faultfs.At(3, syscall.ENOSPC))
//	… write something through io/blob …
//	fs.Ops() // what was done
//
// It counts operations of the whole process: tests that use it do not run in parallel with others
// that write.
package faultfs

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/premix/premix/io/blob"
)

// The names of operations.
const (
	MkdirAll = "mkdir"
	Create   = "create"
	Write    = "write"
	Sync     = "sync"
	Close    = "close"
	Rename   = "rename"
	SyncDir  = "syncdir"
	Remove   = "remove"
)

// ErrShort, as the failure of a write, makes it write half of the bytes and return no error.
var ErrShort = errors.New("short write")

// An Op is one operation. N counts from 1.
type Op struct {
	N    int
	Name string
	Path string // for a rename the old name; without the random part of temporaries
}

func (o Op) String() string { return fmt.Sprintf("%s %s", o.Name, o.Path) }

// An FS is a blob.FileSystem of the operating system whose operations can fail.
type FS struct {
	under blob.FileSystem
	fail  func(Op) error

	mu  sync.Mutex
	ops []Op
}

// Inject lets local writes go through an FS until the test ends. fail is asked before every
// operation; if it returns an error, the operation fails with it: a write writes half of its bytes, a
// close closes nevertheless, the others do nothing. fail may be nil.
func Inject(t testing.TB, fail func(Op) error) *FS {
	t.Helper()
	f := &FS{under: blob.OS{}, fail: fail}
	restore := blob.SetFileSystem(f)
	t.Cleanup(restore)
	return f
}

// At lets operation n fail.
func At(n int, err error) func(Op) error {
	return func(o Op) error {
		if o.N == n {
			return err
		}
		return nil
	}
}

// On lets every operation of a name fail whose path holds part.
func On(name, part string, err error) func(Op) error {
	return func(o Op) error {
		if o.Name == name && strings.Contains(o.Path, part) {
			return err
		}
		return nil
	}
}

// Ops returns the operations so far.
func (f *FS) Ops() []Op {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Op(nil), f.ops...)
}

// step records an operation and returns its failure.
func (f *FS) step(name, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, base := filepath.Split(path)
	if blob.IsTemp(base) {
		base = base[:strings.LastIndexByte(base, '-')]
	}
	op := Op{N: len(f.ops) + 1, Name: name, Path: dir + base}
	f.ops = append(f.ops, op)
	if f.fail == nil {
		return nil
	}
	return f.fail(op)
}

// MkdirAll implements blob.FileSystem.
func (f *FS) MkdirAll(dir string) error {
	if err := f.step(MkdirAll, dir); err != nil {
		return err
	}
	return f.under.MkdirAll(dir)
}

// Create implements blob.FileSystem.
func (f *FS) Create(path string) (blob.File, error) {
	if err := f.step(Create, path); err != nil {
		return nil, err
	}
	under, err := f.under.Create(path)
	if err != nil {
		return nil, err
	}
	return &file{f, under, path}, nil
}

// Rename implements blob.FileSystem.
func (f *FS) Rename(from, to string) error {
	if err := f.step(Rename, from); err != nil {
		return err
	}
	return f.under.Rename(from, to)
}

// SyncDir implements blob.FileSystem.
func (f *FS) SyncDir(dir string) error {
	if err := f.step(SyncDir, dir); err != nil {
		return err
	}
	return f.under.SyncDir(dir)
}

// Remove implements blob.FileSystem.
func (f *FS) Remove(path string) error {
	if err := f.step(Remove, path); err != nil {
		return err
	}
	return f.under.Remove(path)
}

type file struct {
	fs    *FS
	under blob.File
	path  string
}

// Write implements io.Writer.
func (f *file) Write(p []byte) (int, error) {
	err := f.fs.step(Write, f.path)
	if err == nil {
		return f.under.Write(p)
	}
	n, werr := f.under.Write(p[:len(p)/2])
	if errors.Is(err, ErrShort) {
		return n, werr
	}
	return n, err
}

// Sync implements blob.File.
func (f *file) Sync() error {
	if err := f.fs.step(Sync, f.path); err != nil {
		return err
	}
	return f.under.Sync()
}

// Close implements io.Closer.
func (f *file) Close() error {
	err := f.fs.step(Close, f.path)
	if cerr := f.under.Close(); err == nil {
		err = cerr
	}
	return err
}
