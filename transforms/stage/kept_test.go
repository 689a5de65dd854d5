package stage

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/io/blob"
)

// TestKept writes copies of crops within their share of the memory and beyond it, drives them out, gives them up, and
// wants the same bytes from memory and file, and all memory back.
func TestKept(t *testing.T) {
	const crop = 1000
	crops := make([][]byte, 40)
	for i := range crops {
		crops[i] = bytes.Repeat([]byte{byte(i)}, crop)
	}
	all := bytes.Join(crops, nil)
	for _, tt := range []struct {
		name   string
		memory int64 // of the pool
		after  func(p *pool, c *keptCopy) error
		here   bool // in memory at the end
	}{
		{"in memory", 1 << 20, nil, true},
		{"too large", 40_000, nil, false},
		{"driven out", 1 << 20, func(p *pool, c *keptCopy) error { return p.makeRoom(p.most) }, false},
		{"room for a larger image", 1 << 20, func(p *pool, c *keptCopy) error { return p.makeRoom(p.most / 2) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "copy")
			p := newPool(1, tt.memory)
			c := newKept(t.Context(), p, path, crop)
			for _, b := range crops {
				_, err := c.Write(b)
				check(t, err)
			}
			check(t, c.Commit())
			if tt.after != nil {
				check(t, tt.after(p, c))
			}
			_, err := os.Stat(path)
			k := keptAt(path)
			if here := k != nil; here != tt.here || here == (err == nil) {
				t.Fatalf("in memory: %v, as a file: %v", here, err == nil)
			}
			if k == nil {
				got, err := blob.ReadAll(t.Context(), path, 1<<20)
				if check(t, err); !bytes.Equal(got, all) {
					t.Error("the file has other bytes")
				}
			} else {
				for i := range crops {
					if !bytes.Equal(k.at(int64(i*crop), crop), crops[i]) {
						t.Errorf("crop %d has other bytes", i)
					}
				}
				if k.at(int64(len(all)), crop) != nil || k.at(-1, 1) != nil || k.at(int64(len(all)-1), 2) != nil {
					t.Error("bytes that were not written")
				}
				if p.keeping.used != int64(len(all)) {
					t.Errorf("%d bytes are counted", p.keeping.used)
				}
				// A picture that is in use keeps its bytes, whatever happens to the copy.
				pix := k.at(5*crop, crop)
				check(t, c.Abort())
				if keptAt(path) != nil || !bytes.Equal(pix, crops[5]) {
					t.Error("what was given up is found, or gone too early")
				}
				k.done()
			}
			if p.keeping.used != 0 || len(p.keeping.copies) != 0 || !p.bytes.TryAcquire(p.most) {
				t.Errorf("%d bytes of %d copies are not given back", p.keeping.used, len(p.keeping.copies))
			}
		})
	}
	// Driven out while it is written, and given up.
	path := filepath.Join(t.TempDir(), "copy")
	p := newPool(1, 1<<20)
	c := newKept(t.Context(), p, path, crop)
	for i, b := range crops {
		if i == 7 {
			check(t, p.makeRoom(p.most))
		}
		_, err := c.Write(b)
		check(t, err)
	}
	check(t, c.Abort())
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || p.keeping.used != 0 {
		t.Errorf("%v, %d bytes", err, p.keeping.used)
	}
	if _, err := c.Write(crops[0]); err == nil {
		t.Error("a copy that was given up takes crops")
	}
}

// TestGrant keeps crops beside the memory of the pool while the machine has enough, then in it, and gives both back.
func TestGrant(t *testing.T) {
	const crop = 1 << 20
	p := newPool(1, 64<<20)
	looks, free := 0, int64(600<<20)
	p.keeping.available = func() int64 { looks++; return free - p.keeping.granted }
	c := newKept(t.Context(), p, filepath.Join(t.TempDir(), "copy"), crop)
	one := make([]byte, crop)
	for range 128 { // a quarter of 600 MiB has two steps of 64
		_, err := c.Write(one)
		check(t, err)
	}
	if p.keeping.shared != 0 || p.keeping.granted != 128<<20 || looks != 2 {
		t.Errorf("%d bytes of the pool, %d beside it, %d looks", p.keeping.shared, p.keeping.granted, looks)
	}
	for range 10 {
		_, err := c.Write(one)
		check(t, err)
	}
	if p.keeping.shared != 10<<20 || p.keeping.used != 138<<20 || looks != 3 {
		t.Errorf("%d bytes of the pool, %d in all, %d looks", p.keeping.shared, p.keeping.used, looks)
	}
	// A second copy goes into a file for lack of room, and then the room of the first is there for others.
	d := newKept(t.Context(), p, filepath.Join(t.TempDir(), "copy"), crop)
	for range 64 {
		_, err := d.Write(one)
		check(t, err)
	}
	if d.state != keptFiled || p.keeping.used != 138<<20 {
		t.Errorf("state %d, %d bytes", d.state, p.keeping.used)
	}
	check(t, d.Abort())
	check(t, c.Abort())
	if p.keeping.used != 0 || p.keeping.shared != 0 || !p.bytes.TryAcquire(p.most) {
		t.Errorf("%d bytes are not given back", p.keeping.used)
	}
	p.bytes.Release(p.most)
	if !p.keep(crop) || p.keeping.shared != 0 || looks != 3 {
		t.Errorf("%d bytes of the pool after %d looks: what was granted stays", p.keeping.shared, looks)
	}
}

// TestKeptJob makes the same shards with crops in memory, in files, and in both, and counts what lies in files.
func TestKeptJob(t *testing.T) {
	set := newFakeSet(t)
	files := map[int64]map[string]string{}
	for _, memory := range []int64{24_011, 64<<20 + 11} {
		b := newBench(t, set.dir, func(j *Job) {
			j.Spool.Mode, j.Spool.URI, j.MaxMemory = SpoolPixels, filepath.Join(t.TempDir(), "spool"), memory
		})
		b.planned()
		n := 0
		if list, err := os.ReadDir(b.job.Spool.URI); err == nil {
			n = len(list)
		}
		p := poolFor(b.job.Workers, memory)
		if inMemory := memory > 2<<20; inMemory != (n == 0) || inMemory != (p.keeping.used > 0) {
			t.Errorf("%d bytes of memory: %d copies are files, %d bytes are kept", memory, n, p.keeping.used)
		}
		b.must(1)
		files[memory] = b.files()
		ForgetCopies(b.job)
		if p.keeping.used != 0 || len(p.keeping.copies) != 0 {
			t.Errorf("%d bytes of %d copies are not given back", p.keeping.used, len(p.keeping.copies))
		}
	}
	for name, sum := range files[24_011] {
		if files[64<<20+11][name] != sum {
			t.Errorf("%s differs", name)
		}
	}
}
