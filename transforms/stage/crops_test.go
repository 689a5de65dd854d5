package stage

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/io/source"
)

// A cropBench makes jobs over the same images with one cache, in which crops are kept.
type cropBench struct {
	*testing.T
	set   *fakeSet
	cache string
}

func (b *cropBench) job(change func(*Job)) *bench {
	return newBench(b.T, b.set.dir, func(j *Job) {
		j.Geometry = crop.Geometry{Mode: crop.RRC, Size: j.Geometry.Size, Scale: crop.DefaultScale, Ratio: crop.DefaultRatio, HFlip: 0.5, Filter: j.Geometry.Filter}
		j.Cache.URI, j.RunID = b.cache, b.TempDir()
		j.Spool.Mode, j.Crops = SpoolCrops, CropsInfo{Fingerprint: "c", Settings: []byte(`{"kept":"crops"}`)}
		if change != nil {
			change(j)
		}
	})
}

// plain is the output of a job that keeps nothing.
func (b *cropBench) plain(change func(*Job)) map[string]string {
	p := b.job(func(j *Job) {
		change(j)
		j.Cache.URI, j.Spool.Mode, j.Crops = b.TempDir(), SpoolRef, CropsInfo{}
	})
	p.must(1)
	return p.files()
}

func (b *cropBench) same(what string, got, want map[string]string) {
	b.Helper()
	for name, sum := range want {
		if got[name] != sum {
			b.Errorf("%s: %s differs", what, name)
		}
	}
	if len(got) != len(want) || len(got) == 0 {
		b.Errorf("%s: %d files, want %d", what, len(got), len(want))
	}
}

// blind replaces all images by others of their size and time: whoever reads one notices.
func (b *cropBench) blind() {
	b.Helper()
	check(b.T, filepath.Walk(b.set.dir, func(path string, fi os.FileInfo, err error) error {
		if err != nil || fi.IsDir() {
			return err
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte{7}, int(fi.Size())), 0o666); err != nil {
			return err
		}
		return os.Chtimes(path, fi.ModTime(), fi.ModTime())
	}))
}

// TestKeepCrops makes outputs from kept crops: with other methods, other detectors and more replicas they are what they are
// without, and no image is decoded. At last no image is even there.
func TestKeepCrops(t *testing.T) {
	b := &cropBench{t, newFakeSet(t), t.TempDir()}
	two := func(j *Job) { j.Replicas = []int{0, 1}; j.ZeroNumbered = true }
	four := func(j *Job) { two(j); j.Replicas = []int{0, 1, 2, 3} }
	other := func(j *Job) { two(j); j.Mix.Methods[0].Name = "mixup" }
	detector := func(j *Job) { two(j); j.Detector, j.Cache.Fingerprint = "spectral", "s" }
	for _, tt := range []struct {
		name     string
		change   func(*Job)
		kept     int64 // crops that are read: 8 images
		computed int64
	}{
		{"first", two, 16, 8},
		{"again", two, 16, 0},
		{"another method", other, 16, 0},
		{"another detector", detector, 32, 8},
		{"more replicas", four, 32, 8},
		{"other again", other, 16, 0},
	} {
		want := b.plain(tt.change)
		ResetProgress()
		j := b.job(tt.change)
		j.must(1)
		b.same(tt.name, j.files(), want)
		if p := ReadProgress(); p.KeptCrops != tt.kept || p.Images != tt.computed || len(p.DamagedCrops) > 0 {
			t.Errorf("%s: %d crops from the cache, want %d; %d images computed, want %d; %v", tt.name, p.KeptCrops, tt.kept, p.Images, tt.computed, p.DamagedCrops)
		}
	}
	want := b.plain(other)
	b.blind()
	j := b.job(other)
	j.must(1)
	b.same("without images", j.files(), want)
}

// TestKeepCropsDamaged: a damaged crop is found, its file is named and removed, and the output is right; the next run keeps the
// crops again. So it is where all of the file is damaged, and where the images changed.
func TestKeepCropsDamaged(t *testing.T) {
	b := &cropBench{t, newFakeSet(t), t.TempDir()}
	none := func(*Job) {}
	want := b.plain(none)
	list := func() []string {
		l, err := filepath.Glob(filepath.Join(b.cache, "c", "*.crops"))
		check(t, err)
		return l
	}
	for _, at := range []int64{1000, -10, -1} {
		b.job(none).must(1)
		files := list()
		if len(files) == 0 {
			t.Fatal("no crops are kept")
		}
		data, err := os.ReadFile(files[0])
		check(t, err)
		data[(at+int64(len(data)))%int64(len(data))] ^= 1
		check(t, os.Remove(files[0])) // a handle of it may be open
		check(t, os.WriteFile(files[0], data, 0o666))
		ResetProgress()
		j := b.job(none)
		j.must(1)
		b.same("damaged", j.files(), want)
		p := ReadProgress()
		if len(p.DamagedCrops) != 1 || p.DamagedCrops[0] != files[0] {
			t.Errorf("byte %d: %q are named, want %s", at, p.DamagedCrops, files[0])
		}
		if again := list(); at > 0 && len(again) != len(files)-1 {
			t.Errorf("byte %d: %d files stay of %d", at, len(again), len(files))
		}
		b.job(none).must(1)
		if again := list(); len(again) != len(files) {
			t.Errorf("byte %d: %d files are there again, want %d", at, len(again), len(files))
		}
	}
	// Another image with the name and size of one: the crops of the old one are not taken.
	path := filepath.Join(b.set.dir, "c0/i0.png")
	data, err := os.ReadFile(filepath.Join(b.set.dir, "c0/i2.png"))
	check(t, err)
	check(t, os.WriteFile(path, data, 0o666))
	j := b.job(none)
	j.must(1)
	b.same("changed", j.files(), b.plain(none))
}

// TestKeepCropsLimit refuses what does not fit.
func TestKeepCropsLimit(t *testing.T) {
	b := &cropBench{t, newFakeSet(t), t.TempDir()}
	one := cache.CropBytes(premix.Size{W: 32, H: 32})
	j := b.job(func(j *Job) { j.Crops.Limit = 3 * one })
	chunks, err := source.Split(t.Context(), j.containers[0], j.job.Source)
	check(t, err)
	if _, err := Peaks(t.Context(), j.job, chunks[0]); FindRefusal(err) == nil || FindRefusal(err).Code != CodeUsage {
		t.Errorf("%v, want a refusal", err)
	}
	b.job(func(j *Job) { j.Crops.Limit = 1 << 20 }).must(1)
}

// TestKeepCropsOfAnyDetector: what a file of crops holds does not depend on the detector. A file of peaks that lacks images keeps
// their crops too, and a run that ends keeps what it reads from.
func TestKeepCropsOfAnyDetector(t *testing.T) {
	list := func(b *cropBench) map[string]string {
		found := map[string]string{}
		files, err := filepath.Glob(filepath.Join(b.cache, "c", "*.crops"))
		check(t, err)
		for _, f := range files {
			data, err := os.ReadFile(f)
			check(t, err)
			found[filepath.Base(f)] = string(data)
		}
		return found
	}
	plain, file := &cropBench{t, newFakeSet(t), t.TempDir()}, &cropBench{t, newFakeSet(t), t.TempDir()}
	plain.job(nil).must(1)
	peaks := filepath.Join(t.TempDir(), "peaks.csv")
	text, one := "name,peak_x,peak_y\n", ""
	for i, name := range slices.Sorted(maps.Keys(file.set.size)) {
		if one = name; i%3 > 0 {
			text += name + ",1,1\n"
		}
	}
	check(t, os.WriteFile(peaks, []byte(text), 0o666))
	info, err := peakfile.Look(t.Context(), peaks, peakfile.Known{})
	check(t, err)
	some := func(j *Job) {
		j.Detector, j.External, j.Cache.Fingerprint, j.MaxBad = "file", &info, "f", 1
	}
	file.job(some).must(1)
	want, got := list(plain), list(file)
	if len(want) == 0 || !maps.Equal(want, got) {
		t.Errorf("%d files of crops by a detector, %d by a file of peaks, or others", len(want), len(got))
	}
	ResetProgress()
	file.job(nil).must(1)
	if p := ReadProgress(); p.KeptCrops == 0 || len(p.DamagedCrops) > 0 || !maps.Equal(list(file), want) {
		t.Errorf("%d crops are read, %q removed", p.KeptCrops, p.DamagedCrops)
	}
	j := file.job(nil)
	chunks, err := source.Split(t.Context(), j.containers[len(j.containers)-1], j.job.Source)
	check(t, err)
	k, err := openKept(t.Context(), j.job, chunks[0].ID, []int{0})
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data, err := os.ReadFile(filepath.Join(file.set.dir, one))
	check(t, err)
	s := premix.Sample{Digest: premix.Digest(xxh3.Hash128(data).Bytes())}
	_, _, at, known := k.find(s.Digest, 0)
	if pix, err := readCrop(ctx, j.job, nil, at, &s); !known || err == nil || pix != nil {
		t.Errorf("a run that ended reads %d bytes of a crop, %v, %v", len(pix), known, err)
	}
	if !maps.Equal(list(file), want) {
		t.Error("a run that ended removed a file of crops")
	}
}
