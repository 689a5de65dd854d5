package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// A Lock makes sure that one run at a time works on an output.
type Lock struct {
	// RunID is different for each run.
	RunID string
	// Break takes the lock although another run seems to hold it.
	Break bool
	// Lost, if not nil, is called once with a *[LostLockError] when the lock of a store is lost.
	Lost func(error)
	// Warn, if not nil, takes a line for people.
	Warn func(format string, args ...any)
}

// Take locks the folder of an output. On a local disk the lock ends with its process, however that
// ends; a folder that several hosts mount needs a file system that locks across them.
func (l Lock) Take(ctx context.Context, out string) (unlock func(), err error) {
	if !blob.IsLocal(out) {
		return l.takeStore(ctx, out)
	}
	dir := filepath.Join(out, dataset.MetaDir)
	_, err = os.Stat(out)
	made := errors.Is(err, fs.ErrNotExist)
	f, err := openLock(dir)
	if err != nil {
		// access(2) may have allowed it: for root it allows everything.
		return nil, usagef("--out %s cannot be written: %v", out, err)
	}
	path := f.Name()
	release := func() {
		os.Remove(path)
		f.Close()
		// Empty folders are removed; Remove fails on others.
		os.Remove(dir)
		if made {
			os.Remove(out)
		}
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		// Another run may have removed the file between its opening and its locking; then the next
		// one would lock another file.
		if !sameFile(f, path) {
			f.Close()
			return l.Take(ctx, out)
		}
	case l.Break:
		return func() { f.Close() }, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		who, _ := os.ReadFile(path)
		f.Close()
		return nil, usagef("another run works on %s (%s): wait for it, or add --break-lock if you are sure that it is gone", out, strings.TrimSpace(string(who)))
	default:
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	host, _ := os.Hostname()
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "process %d on %s\n", os.Getpid(), host)
	}
	return release, nil
}

// openLock opens the lock file, and makes its folder. A run that ends may remove the folder at any
// moment.
func openLock(dir string) (f *os.File, err error) {
	for range 100 {
		if err = os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o666)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return f, err
}

func sameFile(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
