package stage

import (
	"archive/tar"
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/formats"
)

// tinyTar is a tar of n pictures of 6×6 pixels in two class folders.
func tinyTar(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tiny.tar")
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for i := range n {
		picture := image.NewGray(image.Rect(0, 0, 6, 6))
		picture.Pix[i%36], picture.Pix[i/36%36] = 255, 200
		var b bytes.Buffer
		if err := png.Encode(&b, picture); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%c/%05d.png", 'a'+i%2, i), Size: int64(b.Len()), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDefaultShards: of many small images there are fewer shards, the same ones from a cache, whatever the
// chunks; an output that was begun with the number of earlier versions, 64, keeps it.
func TestDefaultShards(t *testing.T) {
	in, cache := tinyTar(t, 1030), t.TempDir()
	job := func(dir string, chunk int, shards int64) *bench {
		return newBench(t, in, func(j *Job) {
			j.Source.ChunkImages, j.Shards, j.Cache.URI = chunk, shards, cache
			j.Geometry.Size.H, j.Geometry.Size.W, j.Geometry.Resize = 8, 8, 9
			j.Outputs[0].Spec.Size = j.Geometry.Size
			if dir != "" {
				j.Outputs[0].Dir = dir
			}
		})
	}
	fresh := job("", 400, 0)
	if g := fresh.planned(); g.Shards != 32 || g.N != 1030 {
		t.Fatalf("%d shards of %d images, want 32 of 1030", g.Shards, g.N)
	}
	for what, b := range map[string]*bench{"from the cache": job("", 400, 0), "in other chunks": job("", 77, 0)} {
		if g := b.planned(); g.Shards != 32 {
			t.Errorf("%s: %d shards, want 32", what, g.Shards)
		}
	}
	limited := job("", 400, 0)
	limited.job.Limit = 1025
	if g := limited.planned(); g.Shards != 32 || g.N != 1025 {
		t.Errorf("with a limit: %d shards of %d images, want 32 of 1025", g.Shards, g.N)
	}

	earlier := job("", 400, 64)
	earlier.must(1)
	dir, want := earlier.job.Outputs[0].Dir, earlier.files()
	again := func(what string, shards int64, overwrite bool) *bench {
		t.Helper()
		b := job(dir, 400, 0)
		b.job.RunID, b.job.Overwrite, b.job.Recheck = what, overwrite, overwrite
		if g := b.must(1); g.Shards != shards {
			t.Errorf("%s: %d shards, want %d", what, g.Shards, shards)
		}
		return b
	}
	again("finished", 64, false)
	for what, begin := range map[string]func(){
		"interrupted": func() {},
		"interrupted, config.json lost": func() {
			os.Remove(dataset.Meta(dir, "train", "config.json"))
		},
		"interrupted, a shard lost": func() {
			os.Remove(filepath.Join(dir, "premix-train-000063.tar"))
			os.Remove(dataset.Meta(dir, "train", "shards", "r000-000063.json"))
		},
	} {
		for _, overwrite := range []bool{false, true} {
			if overwrite && what == "interrupted, config.json lost" {
				continue // that is no output of this job any more
			}
			if err := os.Remove(dataset.Meta(dir, "train", "manifest.json")); err != nil {
				t.Fatal(err)
			}
			begin()
			if d := cmp.Diff(want, again(what, 64, overwrite).files()); d != "" {
				t.Errorf("%s: other files (-want +got):\n%s", what, d)
			}
		}
	}
	added := job(dir, 400, 0) // a replica beside the first
	added.job.Replicas, added.job.RunID = []int{0, 1}, "added"
	if g := added.must(1); g.Shards != 64 || len(added.manifest().Replicas) != 2 {
		t.Errorf("%d shards of %d replicas, want 64 of 2", g.Shards, len(added.manifest().Replicas))
	}
	if b := again("replaced", 32, true); b.manifest().Shape.Shards != 32 {
		t.Errorf("the manifest has %d shards", b.manifest().Shape.Shards)
	}
}

func TestPart(t *testing.T) {
	const huge = 1 << 62
	for _, tt := range []struct{ size, n, of, want int64 }{
		{0, 0, 0, 0}, {100, 0, 3, 0}, {100, 1, 3, 33}, {100, 3, 3, 100}, {huge, huge - 1, huge, huge - 1}, {huge, huge, huge, huge},
	} {
		if got := part(tt.size, tt.n, tt.of); got != tt.want {
			t.Errorf("part(%d, %d, %d) = %d, want %d", tt.size, tt.n, tt.of, got, tt.want)
		}
	}
}

// TestManifestTooLarge wants a job refused before its first shard where premix could not read its manifest again.
func TestManifestTooLarge(t *testing.T) {
	b := newBench(t, "synth:40", nil)
	o := &b.job.Outputs[0]
	format, err := formats.ByName(o.Format)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		shards   int64
		replicas int
		want     string
	}{
		{99_999, 10, ""},
		{11_400, 90, ""},
		{99_999, 90, "the manifest of 99999 shards in each of 90 replicas may have "},
	} {
		b.job.Replicas = make([]int, c.replicas)
		for i := range b.job.Replicas {
			b.job.Replicas[i] = i
		}
		g := &Global{Shards: c.shards}
		err := (&held{job: b.job, o: o}).bounded(format, o.spec(b.job, g, 0), g, nil)
		if c.want == "" {
			if err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		} else if m := refused(t, err, CodeUsage); !strings.Contains(m, c.want) {
			t.Errorf("%+v: %s", c, m)
		}
	}
}
