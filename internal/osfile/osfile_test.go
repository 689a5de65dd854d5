package osfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string, flag int) *os.File {
	t.Helper()
	f, err := Open(path, flag, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	write(t, path, "held by a")
	try := func(f *os.File, shared, want bool) {
		t.Helper()
		if locked, err := TryLock(f, shared); locked != want || err != nil {
			t.Errorf("TryLock(shared %v) = %v, %v; want %v", shared, locked, err, want)
		}
	}
	a, b, c := open(t, path, os.O_RDWR), open(t, path, os.O_RDWR), open(t, path, os.O_RDONLY)
	try(a, false, true)
	try(b, false, false)
	try(c, true, false)
	if text, err := io.ReadAll(c); err != nil || string(text) != "held by a" {
		t.Errorf("a locked file cannot be read: %q, %v", text, err)
	}
	a.Close()
	try(b, true, true)
	try(c, true, true)
	d := open(t, path, os.O_RDWR)
	try(d, false, false)
	b.Close()
	c.Close()
	try(d, false, true)
}

// TestReplaceOpen renames and removes files that are open and locked: readers go on with what they opened.
func TestReplaceOpen(t *testing.T) {
	dir := t.TempDir()
	path, next := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, path, "old")
	old := open(t, path, os.O_RDONLY)
	locked := open(t, path, os.O_RDWR)
	if ok, err := TryLock(locked, false); !ok || err != nil {
		t.Fatal(ok, err)
	}
	made := open(t, next, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if _, err := made.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	if err := Rename(next, path); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(old); err != nil || string(text) != "old" {
		t.Errorf("the open file has %q, %v", text, err)
	}
	if text := content(t, path); text != "new" {
		t.Errorf("the new file has %q", text)
	}
	if err := os.Remove(path); err != nil { // made is still open
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed file is still there: %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if _, err := Open(path, os.O_RDONLY, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	open(t, path, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if _, err := Open(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a new file where there is one: %v", err)
	}
	if fi, err := open(t, dir, os.O_RDONLY).Stat(); err != nil || !fi.IsDir() {
		t.Errorf("a folder: %v, %v", fi, err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Logf("no symbolic links here: %v", err) // Windows allows them to administrators
		return
	}
	open(t, link, os.O_RDONLY)
	if _, err := Open(link, os.O_RDONLY|NoFollow, 0); !IsLink(err) {
		t.Errorf("a link that is not to be followed: %v", err)
	}
}

// TestLoop follows links that lead in a circle, and one that leads nowhere.
func TestLoop(t *testing.T) {
	dir := t.TempDir()
	a, b, dangling := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	for from, to := range map[string]string{a: b, b: a, dangling: filepath.Join(dir, "none")} {
		if err := os.Symlink(to, from); err != nil {
			t.Logf("no symbolic links here: %v", err)
			return
		}
	}
	if _, err := os.Stat(a); !IsLoop(err) || IsFull(err) || IsReadOnly(err) {
		t.Errorf("links in a circle: %v", err)
	}
	if _, err := os.Stat(dangling); err == nil || IsLoop(err) {
		t.Errorf("a link that leads nowhere: %v", err)
	}
}

// TestErrors wants that each of the errors of this operating system means one thing.
func TestErrors(t *testing.T) {
	is := map[string]func(error) bool{"full": IsFull, "a loop": IsLoop, "read-only": IsReadOnly}
	for err, what := range meanings {
		wrapped := &fs.PathError{Op: "write", Path: "a", Err: err}
		for other, f := range is {
			if f(wrapped) != (other == what) {
				t.Errorf("%v (%d) is %s: %v", err, err, other, f(wrapped))
			}
		}
	}
}

func TestID(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	write(t, a, "1")
	write(t, b, "1")
	if err := os.Link(a, c); err != nil {
		t.Fatal(err)
	}
	id := func(path string) ID {
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		id, ok := IDOf(path, fi)
		if !ok || id == (ID{}) {
			t.Fatalf("%s has no ID", path)
		}
		if opened, err := IDOfOpen(open(t, path, os.O_RDONLY)); err != nil || opened != id {
			t.Errorf("%s: ID %v, and %v when it is open (%v)", path, id, opened, err)
		}
		return id
	}
	if id(a) == id(b) || id(a) != id(c) {
		t.Errorf("IDs %v, %v and %v of a file, another one, and the first by a second name", id(a), id(b), id(c))
	}
	if id(dir) == id(filepath.Dir(dir)) {
		t.Error("two folders have one ID")
	}
}

func TestPlace(t *testing.T) {
	dir := t.TempDir()
	if err := Writable(dir); err != nil {
		t.Error(err)
	}
	if free, err := Free(dir); free <= 0 || err != nil {
		t.Errorf("%d bytes free, %v", free, err)
	}
	if err := SyncDir(dir); err != nil {
		t.Error(err)
	}
	if _, err := Free(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a place that is not there: %v", err)
	}
}
