package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// chunk makes a chunk of n rows that has everything: replicas, failures, names that are not UTF-8.
func chunk(n int) (Meta, *Chunk) {
	c := &Chunk{Ignored: 3}
	for i := range n {
		s := premix.Sample{
			Key:      fmt.Sprintf("n%08d_%d", i%7, i/2),
			Name:     fmt.Sprintf("n%08d/é\xe9 %d.JPEG", i%7, i/2),
			Location: premix.Location{URI: "/data/in.tar", Offset: int64(i) << 33, Length: int64(100 + i)},
			Label:    i % 1000, Class: fmt.Sprintf("n%08d", i%7),
			Width: 500 + i, Height: 375, Replica: i % 2,
			Crop: premix.Crop{X: float64(i) / 3, Y: 0.1, W: 224.5, H: 1e-300},
			Flip: i%3 == 0,
			Peak: premix.Peak{X: i % 224, Y: 223 - i%224}, Trough: premix.Peak{X: 1, Y: 2},
			Flat: i%5 == 0,
		}
		for j := range s.Digest {
			s.Digest[j] = byte(i*31 + j*7)
		}
		if i%11 == 10 {
			s = premix.Sample{Key: s.Key, Name: s.Name, Location: s.Location, Digest: s.Digest, Label: -1,
				Peak: premix.NoPeak, Trough: premix.NoPeak,
				Fault: &premix.Fault{Kind: premix.Truncated, Reason: "ends in row 12 \xff"}, FaultStage: premix.StageDecode}
		}
		c.Rows = append(c.Rows, s)
	}
	return Meta{Container: "train/\xe9", First: "a", Last: "z", Stamp: "s", URI: "/data/train", Replicas: []int{0, 1}, Entries: int64(n), Ignored: 3, Schema: Schema}, c
}

// whole makes a chunk of n entries in some replicas, as [Store.Save] wants it.
func whole(n int, replicas ...int) (Meta, *Chunk) {
	if len(replicas) == 0 {
		replicas = []int{0, 1}
	}
	m, one := chunk(n)
	c := &Chunk{Ignored: one.Ignored}
	for i := range one.Rows {
		for _, r := range replicas {
			s := one.Rows[i]
			s.Key, s.Name, s.Replica = fmt.Sprint(s.Key, i), fmt.Sprint(s.Name, i), r
			s.Crop.X += float64(r)
			c.Rows = append(c.Rows, s)
		}
	}
	m.Replicas = replicas
	return m, c
}

// load returns what a store has of a chunk at the place of [chunk].
func load(ctx context.Context, s *Store, id string, replicas ...int) (*Rows, error) {
	if len(replicas) == 0 {
		replicas = []int{0, 1}
	}
	h, err := s.Find(ctx, id, "s", "/data/train", replicas)
	if err != nil {
		return nil, err
	}
	here := h.Here()
	if len(here) != 1 {
		return nil, fmt.Errorf("%d contents: %w", len(here), fs.ErrNotExist)
	}
	r, err := h.Load(ctx, here[0], replicas)
	if err == nil && r == nil {
		err = fs.ErrNotExist
		if h.Damaged() {
			err = ErrCorrupt
		}
	}
	return r, err
}

// save saves a chunk and returns the paths of its files.
func save(t *testing.T, s *Store, id string, m Meta, c *Chunk) []string {
	t.Helper()
	names, err := s.Save(t.Context(), id, m, c)
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = blob.Join(s.URI(), names[i])
	}
	return names
}

func TestRoundTrip(t *testing.T) {
	ctx := context.Background()
	for _, root := range []string{t.TempDir(), "mem://roundtrip/cache"} {
		for _, n := range []int{0, 1, 2, batch / 2, batch/2 + 1, 1500, rowGroup/2 + 10} {
			meta, want := whole(n)
			s := Open(root, fmt.Sprint("f", n), []byte(`{"size": 224}`))
			save(t, s, "c1", meta, want)
			got, err := load(ctx, Open(root, fmt.Sprint("f", n), nil), "c1")
			if err != nil {
				t.Fatalf("%d entries: %v", n, err)
			}
			if d := cmp.Diff(want, got.Chunk); d != "" {
				t.Errorf("%d entries: %s", n, d)
			}
			if d := cmp.Diff(meta, got.Meta); d != "" {
				t.Errorf("%d entries: meta %s", n, d)
			}
			if _, err := load(ctx, s, "c2"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a chunk that is not there: %v", err)
			}
		}
	}
}

func TestCorrupt(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	meta, c := whole(10)
	path := save(t, Open(dir, "f0", nil), "c", meta, c)[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range text {
		if _, _, err := decode([]byte(string(text[:n]))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for i := range text {
		data := []byte(string(text))
		data[i] ^= 1 << (i % 8)
		if _, _, err := decode(data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a bit of byte %d is wrong: %v", i, err)
		}
	}
	// A file under the name of another content, or of other replicas, is none either.
	other := filepath.Join(dir, "f0", "c-0123456789abcdef0123456789abcdef.r0-1.parquet")
	fewer := filepath.Join(dir, "f0", "c-"+ContentOf(c)+".r0-0.parquet")
	for _, path := range []string{other, fewer} {
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(dir, "f0", nil).ReadFile(ctx, filepath.Base(path)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := os.WriteFile(path, []byte("PAR1 no"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := load(ctx, Open(dir, "f0", nil), "c"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("foreign file: %v", err)
	}
	save(t, Open(dir, "f0", nil), "c", meta, c)
	if _, err := load(ctx, Open(dir, "f0", nil), "c"); err != nil {
		t.Errorf("replaced file: %v", err)
	}
}

func TestNames(t *testing.T) {
	ctx := context.Background()
	for _, bad := range []string{"", "../x", "a/b", ".", "a.b", "é"} {
		if _, err := Open(t.TempDir(), "f", nil).Save(ctx, bad, Meta{Replicas: []int{0}}, &Chunk{}); err == nil {
			t.Errorf("chunk %q was saved", bad)
		}
		if _, err := load(ctx, Open(t.TempDir(), "f", nil), bad); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("chunk %q: %v", bad, err)
		}
	}
	if _, err := blob.Stat(ctx, "mem://none/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	const content, at = "0123456789abcdef0123456789abcdef", "0123456789abcdef-fedcba9876543210"
	for _, name := range []string{"a-b-" + content + ".r0-0.parquet", "c-" + content + ".r7-11.parquet"} {
		if f, ok := parseData(name); !ok || dataName(f.ID, f.Content, f.Replicas[0], f.Replicas[len(f.Replicas)-1]) != name {
			t.Errorf("%s: %+v, %v", name, f, ok)
		}
	}
	for _, name := range []string{
		"c-" + content + ".r1-0.parquet", "c-" + content + ".r01-1.parquet", "c-" + content + ".r0.parquet", "c-" + content + ".r0-99999999.parquet",
		"c-" + content + ".r0-0.crops.parquet", "c-0123.r0-0.parquet", "-" + content + ".r0-0.parquet", "c-" + content + ".mark", "x y.parquet", "c.parquet.bak",
	} {
		if f, ok := parseData(name); ok {
			t.Errorf("%s is a file: %+v", name, f)
		}
	}
	if id, m, ok := parseMark("a-b-" + content + "." + at + ".mark"); !ok || markName(id, m.content, m.place) != m.name {
		t.Errorf("mark: %+v of %s, %v", m, id, ok)
	}
	for _, name := range []string{"c-" + content + ".mark", "c-" + content + ".x-y.mark", "c-0123." + at + ".mark", "c-" + content + "." + at + ".marks"} {
		if _, m, ok := parseMark(name); ok {
			t.Errorf("%s is a mark: %+v", name, m)
		}
	}
}
