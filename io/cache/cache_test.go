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

func TestRoundTrip(t *testing.T) {
	ctx := context.Background()
	for _, root := range []string{t.TempDir(), "mem://roundtrip/cache"} {
		for _, n := range []int{0, 1, 2, batch, batch + 1, 3000, rowGroup + 10} {
			meta, want := chunk(n)
			s := Open(root, "f0", []byte(`{"size": 224}`))
			if err := s.Save(ctx, "c1", meta, want); err != nil {
				t.Fatal(err)
			}
			got, m, err := Open(root, "f0", nil).Load(ctx, "c1")
			if err != nil {
				t.Fatalf("%d rows: %v", n, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%d rows: %s", n, d)
			}
			if d := cmp.Diff(meta, m); d != "" {
				t.Errorf("%d rows: meta %s", n, d)
			}
			if _, _, err := s.Load(ctx, "c2"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a chunk that is not there: %v", err)
			}
		}
	}
}

func TestCorrupt(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := Open(dir, "f0", nil)
	meta, c := chunk(20)
	if err := s.Save(ctx, "c", meta, c); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "f0", "c.parquet")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, _, err := decode([]byte(string(whole[:n]))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for i := range whole {
		data := []byte(string(whole))
		data[i] ^= 1 << (i % 8)
		if _, _, err := decode(data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("a bit of byte %d is wrong: %v", i, err)
		}
	}
	if err := os.WriteFile(path, []byte("PAR1 no"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Load(ctx, "c"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("foreign file: %v", err)
	}
	if err := s.Save(ctx, "c", meta, c); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Load(ctx, "c"); err != nil {
		t.Errorf("replaced file: %v", err)
	}
}

func TestNames(t *testing.T) {
	ctx := context.Background()
	for _, bad := range []string{"", "../x", "a/b", ".", "a.b", "é"} {
		if err := Open(t.TempDir(), "f", nil).Save(ctx, bad, Meta{}, &Chunk{}); err == nil {
			t.Errorf("chunk %q was saved", bad)
		}
		if _, _, err := Open(t.TempDir(), "f", nil).Load(ctx, bad); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("chunk %q: %v", bad, err)
		}
	}
	if _, err := blob.Stat(ctx, "mem://none/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
