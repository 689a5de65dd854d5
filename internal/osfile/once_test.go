package osfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenOnce(path)
	if err != nil {
		t.Fatal(err)
	}
	if size, regular, err := f.Look(); size != 10 || !regular || err != nil {
		t.Errorf("size %d, regular %v, %v", size, regular, err)
	}
	for _, c := range []struct {
		n    int
		off  int64
		want string
		err  error
	}{{10, 0, "0123456789", nil}, {3, 4, "456", nil}, {0, 0, "", nil}, {4, 8, "89", io.EOF}, {1, 10, "", io.EOF}, {1, 99, "", io.EOF}} {
		p := make([]byte, c.n)
		if n, err := f.ReadAt(p, c.off); string(p[:n]) != c.want || err != c.err {
			t.Errorf("%d bytes from %d: %q, %v", c.n, c.off, p[:n], err)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenOnce(filepath.Join(dir, "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", err)
	}
	d, err := OpenOnce(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, regular, err := d.Look(); regular || err != nil {
		t.Errorf("a folder: regular %v, %v", regular, err)
	}
	if n, err := d.ReadAt(make([]byte, 1), 0); err == nil || err == io.EOF {
		t.Errorf("a folder: %d bytes, %v", n, err)
	}
}
