package faultfs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/faultfs"
	"github.com/premix/premix/io/blob"
)

// content needs several writes.
var content = bytes.Repeat([]byte("premix "), 100_000)

// writeShard writes content as a format does, in pieces.
func writeShard(path string) error {
	w, err := blob.Create(context.Background(), path)
	if err != nil {
		return err
	}
	defer w.Abort()
	for p := content; len(p) > 0; {
		n := min(len(p), 60_000)
		if _, err := w.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	return w.Commit()
}

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	fs := faultfs.Inject(t, nil)
	if err := writeShard(filepath.Join(dir, "out", "a.tar")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, op := range fs.Ops() {
		s := strings.Replace(op.String(), dir, "DIR", 1)
		if len(got) == 0 || got[len(got)-1] != s {
			got = append(got, s)
		}
	}
	want := []string{
		"mkdir DIR/out",
		"create DIR/out/.tmp-a.tar",
		"write DIR/out/.tmp-a.tar",
		"sync DIR/out/.tmp-a.tar",
		"close DIR/out/.tmp-a.tar",
		"rename DIR/out/.tmp-a.tar",
		"syncdir DIR/out",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Whatever step fails, and however, there is no file, the old one or the whole new one, and no
// temporary.
func TestEveryStep(t *testing.T) {
	for _, old := range []string{"", "the old one"} {
		for _, fault := range []error{syscall.ENOSPC, syscall.EIO, faultfs.ErrShort} {
			t.Run(fmt.Sprintf("%v,old=%v", fault, old != ""), func(t *testing.T) {
				for n := 1; ; n++ {
					if done := failAt(t, n, fault, old); done {
						if n < 9 {
							t.Errorf("only %d operations", n-1)
						}
						break
					}
				}
			})
		}
	}
}

// failAt lets operation n of a write fail; it reports whether there is none.
func failAt(t *testing.T, n int, fault error, old string) (done bool) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.tar")
	if old != "" {
		if err := os.WriteFile(path, []byte(old), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	fs := faultfs.Inject(t, faultfs.At(n, fault))
	err := writeShard(path)
	ops := fs.Ops()
	if len(ops) < n {
		if err != nil {
			t.Errorf("no failure, but %v", err)
		}
		return true
	}
	op := ops[n-1]
	want := fault
	if op.Name == faultfs.Write && fault == faultfs.ErrShort {
		want = io.ErrShortWrite
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
		t.Errorf("%d %v: error %v, want %v and the path", n, op, err, want)
	}
	got, rerr := os.ReadFile(path)
	switch {
	case op.Name == faultfs.SyncDir:
		if rerr != nil || !bytes.Equal(got, content) {
			t.Errorf("%d %v: %d bytes, %v, want the whole file", n, op, len(got), rerr)
		}
	case old == "" && !os.IsNotExist(rerr):
		t.Errorf("%d %v: a file of %d bytes is there", n, op, len(got))
	case old != "" && string(got) != old:
		t.Errorf("%d %v: the old file is gone: %d bytes, %v", n, op, len(got), rerr)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "a.tar" {
			t.Errorf("%d %v: %s is left", n, op, e.Name())
		}
	}
	return false
}

// Where even the temporary cannot be removed, Abort says so, and it is neither listed nor left for
// ever.
func TestRemoveFails(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	faultfs.Inject(t, faultfs.On(faultfs.Remove, ".tmp-a.tar", syscall.EIO))
	w, err := blob.Create(ctx, filepath.Join(dir, "a.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Abort: %v", err)
	}
	if list, err := blob.List(ctx, dir); err != nil || len(list) != 0 {
		t.Errorf("listed: %v, %v", list, err)
	}
	if n, err := blob.SweepTemp(ctx, dir, -1); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
}

func TestRemedy(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "no space left on device; free some space there, or write to another place"},
		{syscall.EROFS, "read-only file system; write to another place"},
		{syscall.EACCES, "permission denied; check owner and mode of the file and of its directories"},
		{syscall.EDQUOT, "disk quota exceeded; free some space there, or write to another place"},
		{syscall.EMFILE, "too many open files; raise the limit (ulimit -n)"},
		{syscall.EIO, "input/output error"},
	}
	path := filepath.Join(t.TempDir(), "a.tar")
	for _, tt := range tests {
		faultfs.Inject(t, faultfs.On(faultfs.Create, "a.tar", &os.PathError{Op: "open", Path: path, Err: tt.err}))
		want := "blob: create " + path + ": " + tt.want
		if err := writeShard(path); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
