package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// opens tells the names of the files in a folder that were opened since it was last called.
func opens(t *testing.T, dir string) func() []string {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if _, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		t.Helper()
		var names []string
		for buf := make([]byte, 64<<10); ; {
			n, err := syscall.Read(fd, buf)
			if errors.Is(err, syscall.EAGAIN) {
				return names
			}
			if err != nil {
				t.Fatal(err)
			}
			for event := buf[:n]; len(event) > 0; {
				mask, length := binary.NativeEndian.Uint32(event[4:]), binary.NativeEndian.Uint32(event[12:])
				if mask&syscall.IN_Q_OVERFLOW != 0 {
					t.Fatal("events were lost")
				}
				if mask&syscall.IN_ISDIR == 0 {
					name, _, _ := bytes.Cut(event[16:16+length], []byte{0})
					names = append(names, string(name))
				}
				event = event[16+length:]
			}
		}
	}
}

// TestNothingOpened: no file of a folder is opened before its chunk is worked on, and then none of
// another chunk.
func TestNothingOpened(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		put(t, filepath.Join(dir, "cat", fmt.Sprintf("%03d.jpg", i)), picture(i))
	}
	opened := opens(t, filepath.Join(dir, "cat"))
	o := Options{ChunkImages: 30}
	cat, err := Discover(t.Context(), []Input{{"", dir}}, o)
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], o)
	if err != nil {
		t.Fatal(err)
	}
	if got := opened(); len(got) > 0 || len(chunks) < 3 {
		t.Fatalf("%d chunks; %v were opened before any was read", len(chunks), got)
	}
	if err := Read(t.Context(), chunks[1], o, 0, func(Entry) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(chunks[1].Names, slices.Compact(opened())); d != "" {
		t.Error(d)
	}
}
