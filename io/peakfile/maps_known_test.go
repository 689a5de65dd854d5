package peakfile

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/premix/premix/io/blob"
)

// countedReader counts the bytes of maps that are read.
type countedReader struct {
	io.ReadCloser
	n *atomic.Int64
}

func (r countedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.n.Add(int64(n))
	return n, err
}

// TestKnownMaps wants a folder of maps to be read once as long as names, sizes and times stay, and the digest
// to be that of the content whatever is kept.
func TestKnownMaps(t *testing.T) {
	var read atomic.Int64
	openMap = func(ctx context.Context, uri string) (io.ReadCloser, error) {
		r, err := blob.Open(ctx, uri)
		return countedReader{r, &read}, err
	}
	t.Cleanup(func() { openMap = blob.Open })
	dir, kept := t.TempDir(), filepath.Join(t.TempDir(), "maps")
	known := Known{Dir: kept}
	old := time.Now().Add(-time.Hour)
	put := func(name, text string, at time.Time) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	size := int64(0)
	for i := range 20 {
		text := fmt.Sprintf("map %02d", i)
		put(fmt.Sprintf("c%d/%d.png", i%3, i), text, old)
		size += int64(len(text))
	}
	look := func(what string, want int64) string {
		t.Helper()
		read.Store(0)
		info, err := Look(t.Context(), dir, known)
		if err != nil {
			t.Fatal(err)
		}
		if got := read.Load(); got != want {
			t.Errorf("%s: %d bytes of maps are read, want %d", what, got, want)
		}
		if whole, err := Look(t.Context(), dir, Known{}); err != nil || whole.Digest != info.Digest || whole.Entries != info.Entries {
			t.Errorf("%s: %+v, want %+v (%v)", what, info, whole, err)
		}
		return info.Digest
	}
	files := func() []string {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(kept, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	known.ReadOnly = true
	look("nothing is to be written", size)
	if list := files(); len(list) > 0 {
		t.Errorf("a look that writes nothing wrote %v", list)
	}
	known.ReadOnly = false
	first := look("at first", size)
	look("unchanged", 0)
	put("c0/0.png", "another", old) // longer by one byte
	size++
	if look("another size", size) == first {
		t.Error("another content has the same digest")
	}
	put("c0/0.png", "another", old.Add(time.Second))
	look("another time", size)
	look("unchanged again", 0)
	put("c1/new.png", "one more", old)
	size += 8
	look("another map", size)
	put("c1/new.png", "only now", time.Now())
	look("a map that was just written", size)
	look("it is not old enough to be kept", size)
	put("c1/new.png", "only now", old.Add(time.Minute))
	look("old enough", size)

	known.ReadOnly = true
	look("kept before, and nothing is to be written", 0)
	known.ReadOnly = false
	if list := files(); len(list) != 1 {
		t.Errorf("%d files are kept for one folder: %v", len(list), list)
	}
	for _, f := range files() {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(f, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	look("what is kept is damaged", size)
	look("mended", 0)
}
