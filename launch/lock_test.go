package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLockPlace puts something else in the place of the lock file. Nothing happens to it, and nothing
// waits for it.
func TestLockPlace(t *testing.T) {
	theirs := filepath.Join(t.TempDir(), "theirs")
	for _, c := range []struct {
		name string
		make func(path string) error
		want string // part of the error; empty: the lock is taken
	}{
		{"link", func(p string) error { return os.Symlink(theirs, p) }, "is a symbolic link and no lock file"},
		{"dangling link", func(p string) error { return os.Symlink(theirs+"-not", p) }, "is a symbolic link and no lock file"},
		{"folder", func(p string) error { return os.Mkdir(p, 0o777) }, "is a folder and no lock file"},
		{"named pipe", func(p string) error { return syscall.Mkfifo(p, 0o666) }, "is a named pipe and no lock file"},
		{"second name", func(p string) error { return os.Link(theirs, p) }, ""},
	} {
		for _, breakIt := range []bool{false, true} {
			if err := os.WriteFile(theirs, []byte("theirs"), 0o666); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out")
			lock := filepath.Join(out, "__premix__", ".lock")
			if err := errors.Join(os.MkdirAll(filepath.Dir(lock), 0o777), c.make(lock)); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(lock)
			if err != nil {
				t.Fatal(err)
			}
			_, unlock, err := Lock{RunID: "1", Break: breakIt}.Take(t.Context(), out)
			if usage := (*UsageError)(nil); c.want != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), c.want)) || c.want == "" && err != nil {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
			if err == nil {
				unlock()
			} else if after, err := os.Lstat(lock); err != nil || !os.SameFile(before, after) {
				t.Errorf("%s: it has changed: %v", c.name, err)
			}
			if text, err := os.ReadFile(theirs); err != nil || string(text) != "theirs" {
				t.Errorf("%s: their file has become %q: %v", c.name, text, err)
			}
			if fileExists(theirs + "-not") {
				t.Errorf("%s: a file was made behind the link", c.name)
			}
		}
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// TestLockLost: a run whose lock file is replaced is told so although it changes nothing, and its end does
// not remove the other lock.
func TestLockLost(t *testing.T) {
	defer func(was time.Duration) { lockLook = was }(lockLook)
	lockLook = time.Millisecond
	out := filepath.Join(t.TempDir(), "out")
	lost := make(chan error, 1)
	first, unlock, err := Lock{RunID: "1", Lost: func(err error) { lost <- err }}.Take(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, unlockSecond, err := Lock{RunID: "2", Break: true}.Take(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-lost; !errors.As(err, new(*LostLockError)) || !strings.Contains(err.Error(), "run 2)") {
		t.Errorf("%v", err)
	}
	unlock()
	if err := second.Check(t.Context()); err != nil {
		t.Errorf("the end of the first run took the lock of the second: %v", err)
	}
	if _, _, err := (Lock{RunID: "3"}).Take(t.Context(), out); err == nil || !strings.Contains(err.Error(), "another run uses "+out) {
		t.Errorf("%v", err)
	}
	unlockSecond()
	if fileExists(filepath.Join(out, "__premix__")) {
		t.Error("the lock stays")
	}
}
