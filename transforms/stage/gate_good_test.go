package stage

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
)

// TestOtherGood appends replicas in which as many images are good, but not the same ones. The digest of
// the good ones does not depend on chunks, nor on rows of other replicas in the cache.
func TestOtherGood(t *testing.T) {
	s := newFakeSet(t)
	var table strings.Builder
	table.WriteString("name,replica,peak_row,peak_col\n")
	for name := range s.size {
		for _, replica := range []string{"0", "1", "2"} {
			row := "5"
			if name+replica == "c0/i0.png0" || name+replica == "c0/i2.png2" {
				row = "32" // outside of the crop
			}
			table.WriteString(name + "," + replica + "," + row + ",6\n")
		}
	}
	path := filepath.Join(t.TempDir(), "peaks.csv")
	if err := os.WriteFile(path, []byte(table.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := peakfile.Look(t.Context(), path, peakfile.Known{})
	if err != nil {
		t.Fatal(err)
	}
	out, cache := t.TempDir(), t.TempDir()
	bench := func(dir, cache string, size int, replicas ...int) *bench {
		return newBench(t, s.dir, func(j *Job) {
			j.Geometry = crop.Geometry{Mode: crop.RRC, Size: j.Geometry.Size, Scale: [2]float64{0.5, 1}, Ratio: crop.DefaultRatio, Filter: j.Geometry.Filter}
			j.Detector, j.External, j.ZeroNumbered = "file", &info, true
			j.Source.ChunkImages, j.Replicas, j.Cache.URI, j.Outputs[0].Dir = size, replicas, cache, dir
		})
	}
	first := bench(out, cache, 5, 0, 1)
	g := first.must(1)
	want := first.files()
	if g.N != 7 || first.manifest().Inputs.GoodDigest != g.GoodDigest || g.GoodDigest == g.InputsDigest {
		t.Fatalf("%d images, digest %s of %s", g.N, g.GoodDigest, g.InputsDigest)
	}
	var in dataset.Inputs
	text, err := os.ReadFile(dataset.Meta(out, "train", dataset.InputsFile))
	if err != nil || json.Unmarshal(text, &in) != nil || in.GoodDigest != g.GoodDigest {
		t.Errorf("inputs.json: %+v, %v", in, err)
	}

	other := bench(out, cache, 5, 2)
	_, err = other.run(2)
	if m := refused(t, err, CodeOther); !strings.Contains(m, "have other good images") {
		t.Error(m)
	}
	if d := cmp.Diff(want, first.files()); d != "" {
		t.Errorf("a refused job changed files (-want +got):\n%s", d)
	}

	// Now the cache has rows of all replicas; another one has none.
	for _, where := range []string{cache, t.TempDir()} {
		for _, size := range []int{1, 3, 100} {
			again := bench(t.TempDir(), where, size, 0, 1)
			if got := again.must(3); got.GoodDigest != g.GoodDigest || got.InputsDigest != g.InputsDigest {
				t.Errorf("chunks of %d: digest %s, want %s", size, got.GoodDigest, g.GoodDigest)
			}
			if d := cmp.Diff(want, again.files()); d != "" {
				t.Errorf("chunks of %d: other files (-want +got):\n%s", size, d)
			}
		}
	}
}
