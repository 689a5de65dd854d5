package stage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tarGz is a compressed tar of drawn images. A name that ends in .bin is 65 MiB of zeros: the launcher
// looks at 64 MiB.
func tarGz(t *testing.T, names ...string) string {
	t.Helper()
	var data bytes.Buffer
	z := gzip.NewWriter(&data)
	w := tar.NewWriter(z)
	for i, name := range names {
		body := make([]byte, 65<<20)
		if !strings.HasSuffix(name, ".bin") {
			picture := image.NewGray(image.Rect(0, 0, 40, 40))
			picture.Pix[i] = 255
			var b bytes.Buffer
			if err := png.Encode(&b, picture); err != nil {
				t.Fatal(err)
			}
			body = b.Bytes()
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(body)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFoldersOfTars has tars whose beginning does not tell what their folders are: the gate refuses them,
// also when all peaks come from the cache.
func TestFoldersOfTars(t *testing.T) {
	for _, c := range []struct {
		name   string
		names  []string
		depth  int
		refuse string // words of the refusal; empty: there is none
	}{
		{"classes", []string{"a/1.png", "a/2.png", "pad.bin", "b/1.png", "b/2.png"}, 0, ""},
		{"classes of classes", []string{"fish/ray/1.png", "fish/ray/2.png", "pad.bin", "fish/eel/1.png", "bird/owl/1.png", "bird/crow/1.png"}, 0, "--class-depth 2"},
		{"classes of classes, by the user", []string{"fish/ray/1.png", "fish/ray/2.png", "pad.bin", "fish/eel/1.png", "bird/owl/1.png", "bird/crow/1.png"}, 2, ""},
		{"another split", []string{"train/a/1.png", "train/b/2.png", "pad.bin", "train/a/3.png", "val/a/4.png", "val/b/5.png"}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, tarGz(t, c.names...), func(j *Job) { j.Shards, j.Source.ClassDepth = 1, c.depth })
			for _, when := range []string{"fresh", "cached"} {
				_, err := Gate(t.Context(), b.job, listed(b.peaks()))
				refusal := FindRefusal(err)
				switch {
				case c.refuse == "" && err != nil:
					t.Errorf("%s: %v", when, err)
				case c.refuse != "" && (refusal == nil || refusal.Code != CodeUsage || !strings.Contains(refusal.Message, c.refuse)):
					t.Errorf("%s: %v", when, err)
				}
			}
		})
	}
}
