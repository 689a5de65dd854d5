package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/premix/premix/io/blob"
)

// A heldRun is a run of premix that waits at one of its operations.
type heldRun struct {
	t     *testing.T
	dir   string // where it says that it waits, and looks for leave to go on
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan error
}

// holdRun starts a run that waits at the first operation op on a path that holds part.
func holdRun(t *testing.T, op, part string, args ...string) *heldRun {
	t.Helper()
	r := &heldRun{t: t, dir: t.TempDir(), ended: make(chan error, 1)}
	r.cmd = exec.Command("premix", args...)
	r.cmd.Env = append(os.Environ(), faultVar+"=hold "+op+" "+part+" 1", holdVar+"="+r.dir)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.cmd.Wait() }()
	t.Cleanup(func() { r.cmd.Process.Kill() })
	late := time.After(patience)
	for !fileExists(filepath.Join(r.dir, "held")) {
		select {
		case err := <-r.ended:
			t.Fatalf("%v before it could be held\n%s", err, r.out.String())
		case <-late:
			t.Fatalf("it did not come to %s %s", op, part)
		case <-time.After(time.Millisecond):
		}
	}
	return r
}

// suspend stops the process, which then no longer waits for leave. The threads of a process go on for a
// while behind the signal, so it looks until all of them have stopped.
func (r *heldRun) suspend() {
	r.t.Helper()
	r.signal(syscall.SIGSTOP)
	late := time.After(patience)
	for {
		var status syscall.WaitStatus
		switch pid, err := syscall.Wait4(r.cmd.Process.Pid, &status, syscall.WUNTRACED|syscall.WNOHANG, nil); {
		case err != nil:
			r.t.Fatal(err)
		case pid != 0 && status.Stopped():
			r.allow()
			return
		case pid != 0:
			r.t.Fatalf("it ended instead of stopping\n%s", r.out.String())
		}
		select {
		case <-late:
			r.t.Fatal("it does not stop")
		case <-time.After(time.Millisecond):
		}
	}
}

func (r *heldRun) allow() {
	if err := os.WriteFile(filepath.Join(r.dir, "go"), nil, 0o666); err != nil {
		r.t.Fatal(err)
	}
}

func (r *heldRun) signal(s os.Signal) {
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// end waits for the end of the run, and returns its exit code and what it said.
func (r *heldRun) end() (code int, text string) {
	r.t.Helper()
	select {
	case <-r.ended:
		return r.cmd.ProcessState.ExitCode(), r.out.String()
	case <-time.After(patience):
		r.t.Fatalf("it does not end\n%s", r.out.String())
		return 0, ""
	}
}

// everything returns what is below a folder: the bytes of files, the targets of links, and the folders.
func everything(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		text := []byte(d.Type().String())
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			var to string
			to, err = os.Readlink(path)
			text = []byte("-> " + to)
		case d.Type().IsRegular():
			text, err = os.ReadFile(path)
		}
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestBreakLock suspends a run at each kind of change of its output, lets a second run break the lock and
// finish, and continues the first: it ends, and changes nothing.
func TestBreakLock(t *testing.T) {
	dir := t.TempDir()
	in, cache := filepath.Join(dir, "in"), filepath.Join(dir, "cache")
	premix(t, "synth", "--out", in, "--images", "48")
	mix := func(out string, more ...string) []string {
		return append([]string{"mix", "--in", in, "--out", out, "--size", "32", "--shards", "4"}, more...)
	}
	kept := []string{"--cache", cache}
	premix(t, mix(filepath.Join(dir, "first"), kept...)...)
	for _, c := range []struct {
		name, op, part string
		first, second  []string
		before         []string // a run that has ended before
	}{
		{"copies of pixels", "sync", ".spool-", []string{"--cache", "none", "--max-memory", "1K"}, kept, nil},
		{"claim", "sync", "inputs.json", kept, kept, nil},
		{"shard", "sync", "train-000002.tar", kept, kept, nil},
		{"next shard", "create", "train-000002.tar", kept, kept, nil},
		{"record", "sync", "r000-000001.json", kept, kept, nil},
		{"manifest", "sync", "manifest.json", kept, kept, nil},
		{"prism", "sync", "train-000002.tar", append([]string{"--runner", "prism"}, kept...), kept, nil},
		{"other recipe", "sync", "train-000002.tar", kept, append([]string{"--seed", "5", "--overwrite"}, kept...), nil},
		{"other format", "sync", "train-000002.tar", kept, append([]string{"--format", "parquet", "--overwrite"}, kept...), nil},
		{"formats", "sync", "tfrecord/.tmp-train-00002", append([]string{"--format", "webdataset,tfrecord"}, kept...), append([]string{"--format", "webdataset,tfrecord"}, kept...), nil},
		{"overwriting", "sync", "inputs.json", append([]string{"--seed", "5", "--overwrite"}, kept...), append([]string{"--seed", "6", "--overwrite"}, kept...), kept},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			if c.before != nil {
				premix(t, mix(out, c.before...)...)
			}
			first := holdRun(t, c.op, c.part, mix(out, c.first...)...)
			first.suspend()
			premix(t, mix(out, append([]string{"--break-lock"}, c.second...)...)...)
			want := withoutTemps(everything(t, out))
			first.signal(syscall.SIGCONT)
			code, text := first.end()
			last := text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:]
			if code != exitFailed || !strings.HasPrefix(last, "premix: the lock on "+out) || !strings.Contains(last, " is lost: another run broke it") {
				t.Errorf("exit code %d: it said\n%s", code, text)
			}
			if got := everything(t, out); !maps.Equal(got, want) {
				t.Errorf("the output of the second run has changed: %v", changes(want, got))
			}
		})
	}
}

func withoutTemps(all map[string]string) map[string]string {
	maps.DeleteFunc(all, func(path, _ string) bool { return strings.HasPrefix(filepath.Base(path), ".tmp-") })
	return all
}

// changes lists the paths in which two trees differ.
func changes(a, b map[string]string) (paths []string) {
	for p := range a {
		if got, ok := b[p]; !ok || got != a[p] {
			paths = append(paths, "changed "+p)
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			paths = append(paths, "new "+p)
		}
	}
	return paths
}

// TestBrokenLockHolds: a broken lock is a new file that its run has locked, so a third run is refused, and
// the end of the first run does not take it away.
func TestBrokenLockHolds(t *testing.T) {
	dir := t.TempDir()
	out, lock := filepath.Join(dir, "out"), filepath.Join(dir, "out", "__premix__", ".lock")
	args := []string{"mix", "--in", "synth:48", "--out", out, "--cache", filepath.Join(dir, "cache"), "--size", "32", "--shards", "4"}
	first := holdRun(t, "sync", "train-000001.tar", args...)
	before, err := os.Stat(lock)
	if err != nil {
		t.Fatal(err)
	}
	first.suspend()
	second := holdRun(t, "sync", "manifest.json", append(args, "--break-lock")...)
	if after, err := os.Stat(lock); err != nil || os.SameFile(before, after) {
		t.Errorf("the lock was not replaced: %v", err)
	}
	refused := func() {
		t.Helper()
		text, err := exec.Command("premix", args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(text), "another run uses "+out) {
			t.Errorf("a third run was not refused: %v\n%s", err, text)
		}
	}
	refused()
	first.signal(syscall.SIGCONT)
	if code, text := first.end(); code != exitFailed {
		t.Errorf("exit code %d: %s", code, text)
	}
	refused()
	second.allow()
	if code, text := second.end(); code != exitDone {
		t.Errorf("exit code %d: %s", code, text)
	}
	if text := premix(t, "verify", out); !strings.Contains(text, "no defects") {
		t.Errorf("verify: %s", text)
	}
	if fileExists(lock) {
		t.Error("the lock stays")
	}
}

// TestBreakLockStore is TestBreakLock in a store, whose server makes the first run wait in the middle of its
// shards.
func TestBreakLockStore(t *testing.T) {
	var mixing atomic.Bool
	var reads atomic.Int64
	held, release := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	bucket := gcsWith(t, func(r *http.Request) {
		if mixing.Load() && r.Method == http.MethodGet && strings.Contains(r.URL.Path, ".jp") && reads.Add(1) == 10 {
			close(held)
			<-release
		}
	})
	t.Cleanup(letGo) // before the server closes
	dir := t.TempDir()
	premix(t, "synth", "--out", filepath.Join(dir, "in"), "--images", "48")
	copyTree(t, filepath.Join(dir, "in"), blob.Join(bucket, "in"))
	flags := []string{"--in", blob.Join(bucket, "in"), "--cache", blob.Join(bucket, "cache"), "--size", "32"}
	premix(t, append([]string{"peaks"}, flags...)...)
	mixing.Store(true)
	args := append([]string{"mix", "--out", blob.Join(bucket, "out"), "--shards", "4"}, flags...)
	first, out := command(t, args...)
	select {
	case <-held:
	case <-time.After(patience):
		t.Fatalf("it read no ten images:\n%s", out.String())
	}
	premix(t, append(args, "--break-lock", "--overwrite", "--seed", "5")...)
	want := storeTree(t, blob.Join(bucket, "out"))
	letGo()
	first.Wait()
	if code := first.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(out.String(), "premix: the lock on "+blob.Join(bucket, "out")+" is lost: ") {
		t.Errorf("exit code %d: it said\n%s", code, out.String())
	}
	if got := storeTree(t, blob.Join(bucket, "out")); !maps.Equal(got, want) {
		t.Errorf("the output of the second run has changed: %v", changes(want, got))
	}
}

// storeTree returns all objects below an address of a store, with their bytes.
func storeTree(t *testing.T, uri string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for o, err := range blob.Walk(t.Context(), uri) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := blob.ReadAll(t.Context(), o.URI, blob.MaxMeta)
		if err != nil {
			t.Fatal(err)
		}
		all[o.URI] = string(text)
	}
	return all
}
