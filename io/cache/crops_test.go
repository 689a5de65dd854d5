package cache

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix"
)

// cropFile writes a file of crops of 4×3 pixels in the replicas 2 and 3, of which the second entry has none, and returns its
// path and the pixels.
func cropFile(t testing.TB, dir string) (path string, pix [][]byte) {
	t.Helper()
	s := Open(dir, "fp", []byte(`{"kept":"crops"}`))
	size := premix.Size{W: 4, H: 3}
	w, err := s.WriteCrops(t.Context(), "chunk", size, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		p := bytes.Repeat([]byte{byte(i + 1)}, 36)
		p = append(p, bytes.Repeat([]byte{byte(i + 101)}, 36)...)
		if i == 1 {
			p = nil
		}
		if err := w.Add(premix.Digest{byte(i)}, 100+i, 50, p); err != nil {
			t.Fatal(err)
		}
		pix = append(pix, p)
	}
	content := "0123456789abcdef0123456789abcdef"
	if err := w.Commit(t.Context(), content); err != nil {
		t.Fatal(err)
	}
	files, err := s.Crops(t.Context(), "chunk")
	if err != nil || len(files) != 1 || len(CropsOf(files, content, 3)) != 1 || len(CropsOf(files, content, 4)) != 0 {
		t.Fatalf("%v, %v", files, err)
	}
	return s.Path(&files[0]), pix
}

func read(ctx context.Context, at premix.Location, d premix.Digest, replica int) error {
	_, err := ReadCrop(ctx, nil, at, d, replica)
	return err
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// TestCrops reads what was written, by digest and replica.
func TestCrops(t *testing.T) {
	path, pix := cropFile(t, t.TempDir())
	f, err := OpenCrops(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Crops() != 4 || f.First != 2 || f.Last != 3 {
		t.Errorf("%d crops, replicas %d to %d", f.Crops(), f.First, f.Last)
	}
	for i := range pix {
		for r := 2; r <= 3; r++ {
			w, h, at, known := f.Find(premix.Digest{byte(i)}, r)
			if !known || (w == 0) != (pix[i] == nil) || w > 0 && (w != 100+i || h != 50) {
				t.Fatalf("entry %d: %d×%d, %v", i, w, h, known)
			}
			if w == 0 {
				continue
			}
			got, err := ReadCrop(t.Context(), nil, at, premix.Digest{byte(i)}, r)
			if want := pix[i][(r-2)*36:][:36]; err != nil || !bytes.Equal(got, want) || !IsCrop(at) {
				t.Errorf("entry %d, replica %d: %v, %v", i, r, got, err)
			}
			for _, other := range []error{
				read(t.Context(), at, premix.Digest{byte(i), 1}, r), read(t.Context(), at, premix.Digest{byte(i)}, r+1),
			} {
				if !errors.Is(other, ErrCorrupt) {
					t.Errorf("entry %d, replica %d taken for another: %v", i, r, other)
				}
			}
			if err := read(cancelled(t), at, premix.Digest{byte(i)}, r); err == nil || errors.Is(err, ErrCorrupt) {
				t.Errorf("a context that ended: %v, which says that the file is damaged", err)
			}
		}
	}
	for _, d := range []premix.Digest{{77}, {0}} {
		if _, _, _, known := f.Find(d, 1); known {
			t.Error("a crop that is not there is known")
		}
	}
}

// TestCropsDamaged changes each byte, and cuts the file everywhere: table or crop say so, or nothing else is read.
func TestCropsDamaged(t *testing.T) {
	path, pix := cropFile(t, t.TempDir())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := func(data []byte) (damaged bool) {
		bad := filepath.Join(t.TempDir(), "a.crops") // the handle of a file that is read from is kept
		if err := os.WriteFile(bad, data, 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := OpenCrops(t.Context(), bad)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatal(err)
			}
			return true
		}
		for i := range pix {
			for r := 2; r <= 3; r++ {
				w, _, at, known := f.Find(premix.Digest{byte(i)}, r)
				if !known || w == 0 {
					continue
				}
				got, err := ReadCrop(t.Context(), nil, at, premix.Digest{byte(i)}, r)
				if errors.Is(err, ErrCorrupt) {
					damaged = true
				} else if err != nil || !bytes.Equal(got, pix[i][(r-2)*36:][:36]) {
					t.Fatalf("entry %d, replica %d: %v, %v", i, r, got, err)
				}
			}
		}
		return damaged
	}
	if read(whole) {
		t.Error("a whole file is damaged")
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x10
		if !read(bad) {
			t.Errorf("byte %d of %d was changed, unnoticed", i, len(whole))
		}
		if !read(whole[:i]) {
			t.Errorf("the first %d of %d bytes are a file", i, len(whole))
		}
	}
}

// TestCropsListed counts crops in listings, and prunes them.
func TestCropsListed(t *testing.T) {
	dir := t.TempDir()
	path, _ := cropFile(t, dir)
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := Caches(t.Context(), dir)
	if err != nil || len(infos) != 1 || infos[0].Crops != 4 || infos[0].CropFiles != 1 || infos[0].Bytes != fi.Size() || infos[0].Damaged != 0 {
		t.Errorf("%+v, %v", infos, err)
	}
	if n, err := CropsSize(t.Context(), dir); err != nil || n != fi.Size() {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if infos, err = Caches(t.Context(), dir); err != nil || infos[0].Damaged != 1 || infos[0].Crops != 0 {
		t.Errorf("%+v, %v", infos, err)
	}
	if removed, err := Prune(t.Context(), dir, 0); err != nil || len(removed) != 1 {
		t.Errorf("%v, %v", removed, err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

// TestCropsEnd wants no file of a writer that was given up, or was given wrong pixels or no content.
func TestCropsEnd(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir, "fp", nil)
	for _, end := range []func(w *CropWriter) error{
		func(w *CropWriter) error { return w.Abort() },
		func(w *CropWriter) error {
			if w.Commit(t.Context(), "../x") == nil {
				t.Error("a content that leads elsewhere")
			}
			return nil
		},
		func(w *CropWriter) error {
			if w.Add(premix.Digest{}, 1, 1, make([]byte, 35)) == nil {
				t.Error("35 bytes of 36")
			}
			return w.Abort()
		},
	} {
		w, err := s.WriteCrops(t.Context(), "chunk", premix.Size{W: 4, H: 3}, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(w); err != nil {
			t.Error(err)
		}
	}
	if list, err := os.ReadDir(filepath.Join(dir, "fp")); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := s.WriteCrops(t.Context(), "../x", premix.Size{W: 4, H: 3}, 0, 0); err == nil {
		t.Error("a chunk that leads elsewhere")
	}
}

func FuzzParseCrops(f *testing.F) {
	path, _ := cropFile(f, f.TempDir())
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole[4*44:len(whole)-cropTail], whole[len(whole)-cropTail:])
	f.Add([]byte{}, whole[len(whole)-cropTail:])
	f.Fuzz(func(t *testing.T, table, tail []byte) {
		c, err := parseCrops(table, tail)
		if err != nil {
			return
		}
		if c.Crops() > int64(len(table)/cropEntry)*maxSpan {
			t.Errorf("%d crops in a table of %d bytes", c.Crops(), len(table))
		}
	})
}
