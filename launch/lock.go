package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/transforms/stage"
)

// A Lock makes sure that one run at a time works on an output.
type Lock struct {
	// RunID is different for each run.
	RunID string
	// Break takes the lock although another run seems to hold it. That run then ends at its next change
	// of the output.
	Break bool
	// Lost, if not nil, is called once with a *[LostLockError] when the lock is lost.
	Lost func(error)
	// Warn, if not nil, takes a line for people.
	Warn func(format string, args ...any)
}

// lockLook is how often a run looks whether its lock file is still there. Each change of the output
// looks too; this ends a run that computes for hours before the next one.
var lockLook = 10 * time.Second

// Take locks the folder of an output. On a local disk the lock ends with its process, however that
// ends; a folder that several hosts mount needs a file system that locks across them. What is held can
// be compared with what is there, and guards the changes of the output: see [stage.HeldLock].
func (l Lock) Take(ctx context.Context, out string) (held *stage.HeldLock, unlock func(), err error) {
	if !blob.IsLocal(out) {
		return l.takeStore(ctx, out)
	}
	if out, err = blob.Abs(out); err != nil {
		return nil, nil, err
	}
	_, err = os.Stat(out)
	made := errors.Is(err, fs.ErrNotExist)
	dir := filepath.Join(out, dataset.MetaDir)
	f, text, err := l.lockFile(out, filepath.Join(dir, lockName))
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, lockName)
	if held, err = stage.NewHeldLock(out, path, f, text); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	stop := l.watch(held)
	return held, func() {
		stop()
		alive := context.WithoutCancel(ctx)
		if held.Check(alive) == nil {
			os.Remove(path)
			blob.RemoveEmpty(alive, dir)
			if made {
				blob.RemoveEmpty(alive, out)
			}
		}
		f.Close()
	}, nil
}

// lockName is the name of the lock file in the folder of the description.
const lockName = dataset.LockFile

// text is what the lock says of its run.
func (l Lock) text() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("process %d on %s, run %s\n", os.Getpid(), host, l.RunID)
}

// lockFile makes a lock file with the text of this run, and locks it. A file that is there is never
// written to, only replaced: it may have another name elsewhere, and a run whose lock is broken sees that
// its own has gone.
func (l Lock) lockFile(out, path string) (f *os.File, text string, err error) {
	text = l.text()
	for range 100 { // a run that ends may remove file and folder at any moment
		if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
			f, err = l.publish(path, text, linkNew)
		}
		if errors.Is(err, fs.ErrExist) {
			f, err = l.takeOver(out, path, text)
		}
		switch {
		case errors.Is(err, errAgain), errors.Is(err, fs.ErrNotExist):
			continue
		case errors.Is(err, fs.ErrPermission), osfile.IsReadOnly(err), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
			// access(2) may have allowed it: for root it allows everything.
			return nil, "", usagef("--out %s cannot be written: %v", out, err)
		case err != nil:
			return nil, "", err
		case !sameFile(f, path): // another run broke the lock meanwhile
			f.Close()
			continue
		}
		return f, text, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", usagef("--out %s cannot be written: %v", out, err)
	}
	return nil, "", fmt.Errorf("lock %s: other runs come and go there: run the same command again", path)
}

// errAgain says that a lock file came or went while it was looked at.
var errAgain = errors.New("the lock has changed")

// takeOver replaces a lock file that is there: one that a killed run has left, and with Break that of any
// run.
func (l Lock) takeOver(out, path, text string) (*os.File, error) {
	old, err := stage.OpenLock(path, os.O_RDWR)
	if wrong := (*stage.WrongLockError)(nil); errors.As(err, &wrong) {
		return nil, usagef("--out %s cannot be locked: %v", out, wrong)
	}
	if err != nil {
		return nil, err
	}
	defer old.Close()
	locked, err := flock(old)
	switch {
	case !sameFile(old, path):
		return nil, errAgain
	case locked, l.Break:
		return l.publish(path, text, osfile.Rename)
	case err == nil:
		who, _ := io.ReadAll(io.LimitReader(old, 1<<12))
		return nil, usagef("another run uses %s (%s): wait for it, or add --break-lock if you are sure that it has ended", out, strings.TrimSpace(string(who)))
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// publish makes a file with a text, locks it, and gives it its name.
func (l Lock) publish(path, text string, rename func(from, to string) error) (*os.File, error) {
	temp := filepath.Join(filepath.Dir(path), blob.TempName(filepath.Base(path)))
	f, err := osfile.Open(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL|osfile.NoFollow, 0o666)
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp) // it is there after a failure, and after linkNew
	if locked, err := flock(f); !locked && !l.Break {
		if err == nil {
			err = errors.New("another process has locked the new file")
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	if _, err = f.WriteString(text); err == nil {
		err = rename(temp, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// linkNew gives a file another name that is not taken.
func linkNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Some file systems have no second names.
	f, err := osfile.Open(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL|osfile.NoFollow, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), osfile.Rename(from, to))
}

// flock locks a file for this process alone. It asks several times, since others lock the file for a
// moment to see whether it is locked.
func flock(f *os.File) (locked bool, err error) {
	for range 5 {
		if locked, err = osfile.TryLock(f, false); locked || err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return locked, err
}

// watch looks now and then whether the lock is still held, until stop.
func (l Lock) watch(held *stage.HeldLock) (stop func()) {
	if l.Lost == nil {
		return func() {}
	}
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(lockLook)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				err := held.Check(context.Background())
				if lost := (*LostLockError)(nil); errors.As(err, &lost) {
					l.Lost(lost)
					return
				}
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		ended.Wait()
	}
}

func sameFile(f *os.File, path string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Lstat(path)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
