package blob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// write makes files below dir; a name with a trailing slash is a directory.
func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		p := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(p), 0o777)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(p, 0o777)
		} else if err == nil {
			err = os.WriteFile(p, []byte(name), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestLocalList(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.jpg", "a/", "a.jpg", "B", "\xe9\xff", "é", ".hidden", "x.attrs", ".tmp-x", TempName("x"), "c/d/e")
	for link, to := range map[string]string{"l": "b.jpg", "m": "c", "n": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := List(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".hidden", ".tmp-x", "B", "a/", "a.jpg", "b.jpg", "c/", "l", "m/", "n", "x.attrs", "é", "\xe9\xff"}
	if d := cmp.Diff(want, names(t, dir, list)); d != "" {
		t.Error(d)
	}
	for _, o := range list {
		switch Base(o.URI) {
		case "l":
			if o.Size != int64(len("b.jpg")) || o.ModTime.IsZero() {
				t.Errorf("link: %+v", o)
			}
		case "n":
			if o.Special != "dangling symbolic link" || o.Size != -1 {
				t.Errorf("dangling link: %+v", o)
			}
		case "\xe9\xff":
			if p, err := ReadAll(ctx, o.URI, 10); err != nil || string(p) != "\xe9\xff" {
				t.Errorf("Latin-1 name: %q, %v", p, err)
			}
		}
	}
	if _, err := List(ctx, filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if _, err := List(ctx, filepath.Join(dir, "B")); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("list of a file: %v", err)
	}
}

func TestLocalRangeOfDirectory(t *testing.T) {
	if _, err := ReadRange(ctx, nil, t.TempDir(), 0, -1); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
}

func TestLocalWrite(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "new", "deep", strings.Repeat("n", 255))
	w, err := Create(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	big := slices.Repeat([]byte("premix"), 200_000)
	for i := range 3 {
		if n, err := w.Write(big[:len(big)-i]); err != nil || n != len(big)-i {
			t.Fatal(n, err)
		}
	}
	if _, err := Stat(ctx, p); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("visible before Commit: %v", err)
	}
	if list, err := List(ctx, filepath.Dir(p)); err != nil || len(list) != 0 {
		t.Errorf("the temporary is listed: %v, %v", list, err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if o, err := Stat(ctx, p); err != nil || o.Size != int64(3*len(big)-3) {
		t.Errorf("%+v, %v", o, err)
	}
	onDisk(t, filepath.Dir(p), filepath.Base(p))
	if err := w.Abort(); err != nil {
		t.Errorf("Abort after Commit: %v", err)
	}
	if err := w.Commit(); err == nil {
		t.Error("a second Commit succeeds")
	}
	if _, err := w.Write(big); err == nil {
		t.Error("Write after Commit succeeds")
	}
	if _, err := Stat(ctx, p); err != nil {
		t.Error(err)
	}
	if fi, err := os.Stat(p); err != nil || fi.Mode().Perm()&0o600 != 0o600 || fi.Mode().Perm()&0o111 != 0 {
		t.Errorf("mode %v", fi.Mode())
	}

	// An aborted or cancelled write leaves the old file.
	for _, how := range []string{"abort", "cancel", "write, cancel"} {
		cctx, cancel := context.WithCancel(ctx)
		w, err := Create(cctx, p)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("other"))
		switch how {
		case "abort":
			if err := w.Abort(); err != nil {
				t.Error(err)
			}
		case "write, cancel":
			cancel()
			if _, err := w.Write(big); !errors.Is(err, context.Canceled) {
				t.Errorf("write after cancel: %v", err)
			}
			if err := w.Commit(); !errors.Is(err, context.Canceled) {
				t.Errorf("commit after cancel: %v", err)
			}
		default:
			cancel()
			if err := w.Commit(); !errors.Is(err, context.Canceled) {
				t.Errorf("commit after cancel: %v", err)
			}
		}
		cancel()
		if o, err := Stat(ctx, p); err != nil || o.Size != int64(3*len(big)-3) {
			t.Errorf("%s: %+v, %v", how, o, err)
		}
		onDisk(t, filepath.Dir(p), filepath.Base(p))
	}
	if _, err := Create(ctx, dir); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("create over a directory: %v", err)
	}
	if _, err := Create(ctx, filepath.Join(p, "x")); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("create below a file: %v", err)
	}
}

// onDisk checks what a directory holds, temporaries among it.
func onDisk(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want == nil {
		want = []string{}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s holds: %s", dir, d)
	}
}

// RemoveAll leaves no directory behind, and refuses what no one means to remove.
func TestRemoveAll(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/b/c", "a/d")
	if err := RemoveAll(ctx, filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
	onDisk(t, dir)
	for _, root := range []string{"/", "//", "file:///", "/..", "mem://b", "mem://b/"} {
		if err := RemoveAll(ctx, root); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Fatalf("RemoveAll(%q): %v", root, err)
		}
	}
}

func TestSweepTemp(t *testing.T) {
	dir := t.TempDir()
	old, fresh := TempName("old.tar"), TempName("fresh.tar")
	write(t, dir, "a/"+old, "a/"+fresh, "a/.tmp-users-own", "a/x.tar", "b/")
	for _, n := range []string{old, ".tmp-users-own", "x.tar"} {
		past := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, "a", n), past, past); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := SweepDir(ctx, dir, 24*time.Hour); n != 0 || err != nil {
		t.Errorf("SweepDir above: %d removed, %v", n, err)
	}
	n, err := SweepTemp(ctx, dir, 24*time.Hour)
	if err != nil || n != 1 {
		t.Errorf("%d removed, %v", n, err)
	}
	want := []string{fresh, ".tmp-users-own", "x.tar"}
	slices.Sort(want)
	onDisk(t, filepath.Join(dir, "a"), want...)
	write(t, dir, "a/"+old)
	if n, err := SweepDir(ctx, filepath.Join(dir, "a"), -time.Hour); n != 2 || err != nil {
		t.Errorf("SweepDir: %d removed, %v", n, err)
	}
	if n, err := SweepTemp(ctx, filepath.Join(dir, "none"), 0); n != 0 || err != nil {
		t.Errorf("missing directory: %d, %v", n, err)
	}
}

// TestSweepAhead: a temporary of a host whose clock was ahead does not stay for ever.
func TestSweepAhead(t *testing.T) {
	for name, c := range map[string]struct {
		ahead, olderThan time.Duration
		removed          int
	}{
		"a wrong clock":               {48 * time.Hour, time.Hour, 1},
		"clocks that differ a little": {time.Hour, time.Hour, 0},
		"nobody writes there":         {48 * time.Hour, 0, 1},
		"nobody, a little ahead":      {time.Hour, 0, 1},
	} {
		dir := t.TempDir()
		temp := filepath.Join(dir, TempName("x.tar"))
		write(t, dir, filepath.Base(temp), ".tmp-users-own")
		at := time.Now().Add(c.ahead)
		for _, f := range []string{temp, filepath.Join(dir, ".tmp-users-own")} {
			if err := os.Chtimes(f, at, at); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := SweepDir(t.Context(), dir, c.olderThan); n != c.removed || err != nil {
			t.Errorf("%s: %d removed, %v", name, n, err)
		}
		if _, err := os.Stat(filepath.Join(dir, ".tmp-users-own")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/b", "a.txt", "a/c/d", "a-b", "z/q", "empty/", "é", "\xe9")
	for link, to := range map[string]string{"a/up": "..", "y": "z", "zz": "z", "file": "a.txt", "z/self": "."} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	var list []Object
	for o, err := range Walk(ctx, dir) {
		if err != nil {
			t.Fatal(err)
		}
		if again := strings.HasSuffix(o.URI, "/up") || strings.HasSuffix(o.URI, "self") || strings.HasSuffix(o.URI, "z"); again != (o.Special != "") {
			t.Errorf("%s: %q", o.URI, o.Special)
		}
		list = append(list, o)
	}
	got := names(t, dir, list)
	want := []string{"a-b", "a.txt", "a/b", "a/c/d", "a/up", "file", "y/q", "y/self", "z", "zz", "é", "\xe9"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !slices.IsSorted(got) {
		t.Error("not sorted")
	}
	for _, err := range Walk(ctx, filepath.Join(dir, "none")) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	n := 0
	for range Walk(ctx, dir) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d after break", n)
	}
}

// TestSizesOfLinks follows links, as Stat does.
func TestSizesOfLinks(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "file"), []byte("12345"), 0o666), os.Symlink("file", filepath.Join(dir, "a")),
		os.Symlink("nowhere", filepath.Join(dir, "b")), os.Symlink(t.TempDir(), filepath.Join(dir, "c"))); err != nil {
		t.Fatal(err)
	}
	sizes, err := Sizes(ctx, dir, []string{"a", "b", "c"})
	if err != nil || !slices.Equal(sizes, []int64{5, -1, -1}) {
		t.Errorf("%v, %v", sizes, err)
	}
	var names []string
	for name, err := range NamesWith(ctx, dir, "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"a", "b", "file"}) {
		t.Errorf("%q", names)
	}
	if err := os.Symlink("loop", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	if _, err := Sizes(ctx, dir, []string{"loop"}); err == nil {
		t.Error("a link to itself was looked at")
	}
}
