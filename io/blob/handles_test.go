package blob

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

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
