package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var ctx = context.Background()

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

// names returns the addresses of a listing below dir, directories with a slash.
func names(t *testing.T, dir string, list []Object) []string {
	t.Helper()
	n := []string{}
	for _, o := range list {
		rel, ok := Rel(dir, o.URI)
		if !ok {
			t.Fatalf("%s is not below %s", o.URI, dir)
		}
		if o.Dir {
			rel += "/"
		}
		n = append(n, rel)
	}
	return n
}

func TestLocalList(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.jpg", "a/", "a.jpg", "B", "\xe9\xff", "é", ".hidden", "x.attrs", ".tmp-x", tempName("x"), "c/d/e")
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

func TestLocalRange(t *testing.T) {
	dir := t.TempDir()
	p := filepath.Join(dir, "f")
	if err := os.WriteFile(p, []byte("0123456789"), 0o666); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		off, n int64
		want   string
		bad    bool
	}{
		{0, 10, "0123456789", false}, {0, -1, "0123456789", false}, {3, 4, "3456", false}, {3, -1, "3456789", false},
		{10, 0, "", false}, {10, -1, "", false}, {0, 0, "", false},
		{10, 1, "", true}, {11, 0, "", true}, {11, -1, "", true}, {5, 6, "", true}, {5, 1 << 62, "", true},
	}
	for _, uri := range []string{p, "file://" + p} {
		for _, tt := range tests {
			got, err := ReadRange(ctx, nil, uri, tt.off, tt.n)
			if string(got) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.bad || (err != nil) != tt.bad {
				t.Errorf("ReadRange(%d, %d) = %q, %v", tt.off, tt.n, got, err)
			}
			var all []byte
			r, err := OpenRange(ctx, uri, tt.off, tt.n)
			if err == nil {
				all, err = io.ReadAll(r)
				r.Close()
			}
			if string(all) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.bad || (err != nil) != tt.bad {
				t.Errorf("OpenRange(%d, %d) = %q, %v", tt.off, tt.n, all, err)
			}
		}
	}
	buf := make([]byte, 2, 100)
	got, err := ReadRange(ctx, buf, p, 2, 5)
	if err != nil || string(got) != "23456" || &got[0] != &buf[0] {
		t.Errorf("the memory of dst is not used: %q, %v", got, err)
	}
	if _, err := ReadRange(ctx, nil, p, -1, 5); err == nil {
		t.Error("negative offset")
	}
	if _, err := ReadRange(ctx, nil, dir, 0, -1); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("directory: %v", err)
	}
	if _, err := ReadAll(ctx, p, 9); !errors.Is(err, ErrLimit) {
		t.Errorf("limit: %v", err)
	}
	if p, err := ReadAll(ctx, p, 10); err != nil || len(p) != 10 {
		t.Errorf("limit: %v", err)
	}
}

// A file that is replaced or grows is seen as it is, though its old handle is kept.
func TestLocalRangeSeesChanges(t *testing.T) {
	p := filepath.Join(t.TempDir(), "f")
	for i, s := range []string{"aaaaaaaa", "bbbbbbbbbb", "cccc", "dddd"} {
		if err := WriteFile(ctx, p, []byte(s)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			got, err := ReadRange(ctx, nil, p, 1, 3)
			if err != nil || string(got) != s[1:4] {
				t.Errorf("version %d: %q, %v", i, got, err)
			}
		}
	}
	if err := Remove(ctx, p); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRange(ctx, nil, p, 1, 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

func TestHandles(t *testing.T) {
	dir := t.TempDir()
	c := handleCache{limit: 3, idle: time.Hour}
	var files []string
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		write(t, dir, n)
		files = append(files, filepath.Join(dir, n))
	}
	stat := func(p string) fs.FileInfo {
		fi, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		return fi
	}
	held, err := c.acquire(files[0], stat(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range files[1:] {
		h, err := c.acquire(p, stat(p))
		if err != nil {
			t.Fatal(err)
		}
		c.release(h)
	}
	if c.order.Len() != 3 || len(c.byURI) != 3 {
		t.Errorf("%d handles are kept, want 3", c.order.Len())
	}
	// The first was dropped while it is in use: it works until it is given back.
	if p, err := readAt(held.f, make([]byte, 1), 0); err != nil || string(p) != "a" {
		t.Errorf("%q, %v", p, err)
	}
	c.release(held)
	if _, err := held.f.Stat(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a dropped handle is open: %v", err)
	}
	c.sweep() // all were used since the last sweep: they stay
	if c.order.Len() != 3 {
		t.Errorf("%d handles after the first sweep", c.order.Len())
	}
	c.sweep()
	if c.order.Len() != 0 || c.timer != nil {
		t.Errorf("%d handles after the second sweep, timer %v", c.order.Len(), c.timer)
	}
}

func TestHandlesConcurrently(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for i := range 100 {
		n := strings.Repeat("x", i+1)
		write(t, dir, n)
		files = append(files, filepath.Join(dir, n))
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			var buf []byte
			for i := range 400 {
				n := (i*37 + w*11) % 100
				var err error
				if buf, err = ReadRange(ctx, buf, files[n], int64(n/2), 1); err != nil || string(buf) != "x" {
					t.Errorf("%q, %v", buf, err)
					return
				}
				if i%50 == 0 {
					handles.sweep()
				}
			}
		})
	}
	wg.Wait()
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

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a/b/c", "a/d", "e")
	if err := Remove(ctx, filepath.Join(dir, "a")); err == nil {
		t.Error("Remove of a directory")
	}
	if err := Remove(ctx, filepath.Join(dir, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := Remove(ctx, filepath.Join(dir, "e")); err != nil {
		t.Error(err)
	}
	if err := RemoveAll(ctx, filepath.Join(dir, "a")); err != nil {
		t.Error(err)
	}
	if err := RemoveAll(ctx, filepath.Join(dir, "a")); err != nil {
		t.Errorf("nothing to remove: %v", err)
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
	old, fresh := tempName("old.tar"), tempName("fresh.tar")
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

func TestOpenAt(t *testing.T) {
	for _, uri := range []string{filepath.Join(t.TempDir(), "f"), "mem://openat/f"} {
		if err := WriteFile(ctx, uri, []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		r, err := OpenAt(ctx, uri)
		if err != nil {
			t.Fatal(err)
		}
		if r.Size() != 10 {
			t.Errorf("size %d", r.Size())
		}
		got, err := io.ReadAll(io.NewSectionReader(r, 2, 100))
		if err != nil || string(got) != "23456789" {
			t.Errorf("%s: %q, %v", uri, got, err)
		}
		if n, err := r.ReadAt(make([]byte, 4), 8); n != 2 || err != io.EOF {
			t.Errorf("%s: %d, %v at the end", uri, n, err)
		}
		if n, err := r.ReadAt(make([]byte, 1), 11); n != 0 || err == nil {
			t.Errorf("%s: %d, %v past the end", uri, n, err)
		}
		if n, err := r.ReadAt(make([]byte, 1), -1); n != 0 || err == nil {
			t.Errorf("%s: %d, %v before the start", uri, n, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := OpenAt(ctx, uri+"x"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing: %v", err)
		}
	}
}
