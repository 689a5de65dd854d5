//go:build unix

package blob

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipe: a named pipe in the place of a file is not waited for, and one with a writer is read.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "run.json")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadAll(t.Context(), pipe, 1000); err != nil || len(data) > 0 {
		t.Errorf("a pipe without a writer: %q, %v", data, err)
	}
	if _, err := OpenAt(t.Context(), pipe); err == nil {
		t.Error("a pipe was opened for reading at offsets")
	}
	w, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("list"); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), pipe)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	buf := make([]byte, 4)
	if n, err := r.Read(buf); string(buf[:n]) != "list" || err != nil {
		t.Errorf("read %q, %v", buf[:n], err)
	}
}
