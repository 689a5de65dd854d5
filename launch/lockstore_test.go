package launch

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/premix/premix/io/blob"
)

// TestStoreLockLost: a lock is lost when it was not refreshed for as long as others wait, and when
// another run refreshes its own. A lock that comes and goes is that of a run that was refused.
func TestStoreLockLost(t *testing.T) {
	const dir = "mem://lost/out/__premix__"
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := &storeLock{out: "mem://lost/out", dir: dir, uri: dir + "/.lock-1", now: func() time.Time { return now }, broken: map[string]bool{dir + "/.lock-0": true}, content: []byte("process 1\n")}
	put := func(name string) {
		t.Helper()
		time.Sleep(2 * time.Millisecond) // the store's clock moves
		if err := blob.WriteFile(t.Context(), dir+"/"+name, []byte("process 2\n")); err != nil {
			t.Fatal(err)
		}
	}
	step := func(want string) {
		t.Helper()
		now = now.Add(storeLockRefresh)
		err := l.refresh(t.Context())
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := l.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	step("")
	put(".lock-0") // its run was writing it again when this one broke it
	step("")
	if _, err := blob.Stat(t.Context(), dir+"/.lock-0"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a broken lock that is written again stays: %v", err)
	}
	put(".lock-2")
	step("")
	step("")
	if err := blob.Remove(t.Context(), dir+"/.lock-2"); err != nil {
		t.Fatal(err)
	}
	step("")
	put(".lock-3")
	step("")
	put(".lock-3")
	step("another run holds mem://lost/out/__premix__/.lock-3")
	if err := blob.Remove(t.Context(), dir+"/.lock-3"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(storeLockStale - 2*storeLockRefresh)
	step("")
	put(".lock-1") // by another run
	step("another run broke it (process 2)")
	if err := blob.Remove(t.Context(), l.uri); err != nil {
		t.Fatal(err)
	}
	step("another run broke it, or someone removed " + l.uri)
	if err := l.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = now.Add(storeLockStale - storeLockRefresh)
	step("the lock on mem://lost/out is lost: it was not refreshed for 5m0s (the host or the process may have been suspended)")
}
