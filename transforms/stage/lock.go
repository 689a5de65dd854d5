package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/blob"
)

// A HeldLock is the lock of a run on an output: an object that says which run it is. It travels in the
// [Job], since each worker compares it with what is there before each change of the output.
type HeldLock struct {
	Dir  string // of the output
	URI  string // the lock file, the lock object of a store, or the record of a job on a cluster
	Text string // its content, which is that of no other run
	// Dev and Ino identify a lock file in the process PID on Host, which keeps it open. A worker
	// elsewhere may see other numbers, and compares Text alone.
	Host     string
	PID      int
	Dev, Ino uint64
}

// A LostLockError says that a run does not hold the lock on an output any more.
type LostLockError struct{ Out, Reason string }

func (e *LostLockError) Error() string {
	return fmt.Sprintf("the lock on %s is lost: %s; this run ends and changes nothing more there: see that no other run works there, then run the same command again", e.Out, e.Reason)
}

// Check returns a *[LostLockError] if the lock is not the one that the run took, and another error if
// that cannot be seen.
func (l *HeldLock) Check(ctx context.Context) error {
	text, same, err := l.read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &LostLockError{l.Dir, "another run broke it, or someone removed " + l.URI}
	case err != nil:
		return err
	case text == l.Text && same:
		return nil
	}
	who := strings.TrimSpace(text)
	if who == "" {
		who = "it does not say who"
	}
	return &LostLockError{l.Dir, fmt.Sprintf("another run broke it (%s)", who)}
}

// read returns the text that is at the place of the lock, and whether the file there is the same one as
// far as that can be told.
func (l *HeldLock) read(ctx context.Context) (text string, same bool, err error) {
	if !blob.IsLocal(l.URI) {
		data, err := blob.ReadAll(ctx, l.URI, maxLock)
		return string(data), true, err
	}
	f, err := OpenLock(l.URI, os.O_RDONLY)
	if wrong := (*WrongLockError)(nil); errors.As(err, &wrong) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLock))
	if err != nil {
		return "", false, err
	}
	same = true
	if host, herr := os.Hostname(); herr == nil && l.Ino != 0 && l.PID == os.Getpid() && l.Host == host {
		id, err := osfile.IDOfOpen(f)
		if err != nil {
			return "", false, err
		}
		same = id == osfile.ID{Dev: l.Dev, Ino: l.Ino}
	}
	return string(data), same, nil
}

// maxLock limits what is read of a lock.
const maxLock = 1 << 12

// NewHeldLock returns the lock on an output that is a local file, which this process keeps open.
func NewHeldLock(out, path string, f *os.File, text string) (l *HeldLock, err error) {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	l = &HeldLock{Dir: out, URI: path, Text: text, Host: host, PID: os.Getpid()}
	id, err := osfile.IDOfOpen(f)
	l.Dev, l.Ino = id.Dev, id.Ino
	return l, err
}

// A WrongLockError says that something else lies in the place of a lock file.
type WrongLockError struct{ Path, What string }

func (e *WrongLockError) Error() string {
	return fmt.Sprintf("%s is %s and no lock file of premix: see whose it is, then remove or rename it", e.Path, e.What)
}

// OpenLock opens a lock file that exists, and nothing else: no symbolic link is followed, and nothing
// that could wait for someone, such as a named pipe, is opened.
func OpenLock(path string, flag int) (*os.File, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, &WrongLockError{path, kindOf(fi.Mode())}
	}
	// The file may be another one by now.
	f, err := osfile.Open(path, flag|osfile.NoFollow|osfile.NonBlock, 0)
	if osfile.IsLink(err) {
		return nil, &WrongLockError{path, kindOf(fs.ModeSymlink)}
	}
	if err != nil {
		return nil, err
	}
	if fi, err = f.Stat(); err == nil && !fi.Mode().IsRegular() {
		err = &WrongLockError{path, kindOf(fi.Mode())}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "an irregular file"
}

// Guard returns a context under which what is below the output changes only as long as the lock is held.
// The error of a change after that is a [Refusal], so that no runner tries again.
func (l *HeldLock) Guard(ctx context.Context) context.Context {
	return blob.WithGuard(ctx, l.Dir, func(ctx context.Context) error { return refuseLost(l.Check(ctx)) })
}

func refuseLost(err error) error {
	if lost := (*LostLockError)(nil); errors.As(err, &lost) {
		return refuse(CodeFailed, "%v", lost)
	}
	return err
}

// Guarded returns a context under which the outputs change only as long as the job holds its locks.
func (j *Job) Guarded(ctx context.Context) context.Context {
	for i := range j.Locks {
		ctx = blob.WithGuard(ctx, j.Locks[i].Dir, func(ctx context.Context) error { return refuseLost(j.check(ctx, i)) })
	}
	return ctx
}

// check returns a *[LostLockError] if the job does not hold one of its locks any more.
func (j *Job) check(ctx context.Context, lock int) error {
	err := j.Locks[lock].Check(ctx)
	if lost := (*LostLockError)(nil); errors.As(err, &lost) && j.ended(ctx) {
		return nil
	}
	return err
}

// LostLock returns an error if the job is known to have lost one of its locks.
func (j *Job) LostLock(ctx context.Context) *LostLockError {
	for i := range j.Locks {
		if lost := (*LostLockError)(nil); errors.As(j.check(ctx, i), &lost) {
			return lost
		}
	}
	return nil
}

// ended says whether the job is one on a cluster that has removed its records, since its outputs are
// complete. Its last step may run again, and then writes the same bytes.
func (j *Job) ended(ctx context.Context) bool {
	if len(j.Reach.Records) == 0 || !j.claimed(ctx) {
		return false
	}
	load := dataset.LoadManifest
	if j.PlanOnly {
		load = dataset.LoadPlanned
	}
	for i := range j.Outputs {
		m, err := load(ctx, j.Outputs[i].Dir, j.Split)
		if err != nil {
			return false
		}
		for _, replica := range j.Replicas {
			if !slices.ContainsFunc(m.Replicas, func(r dataset.Replica) bool { return r.Replica == replica }) {
				return false
			}
		}
	}
	return true
}
