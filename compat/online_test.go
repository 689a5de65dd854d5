package compat

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/mix"
)

// TestOnline holds the data sets of premix_shards.torch against the PNGs of premix: the same pixels, labels and λ from folders, tars and Parquet, of PNG and of JPEG, in each replica, geometry and scheme, and in
// the order of the shards.
func TestOnline(t *testing.T) {
	py := python(t)
	bin, dir := commandtest.Premix(t), t.TempDir()
	premix := func(args ...string) {
		t.Helper()
		if text, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
		}
	}
	pngTars, pngs := filepath.Join(dir, "png-tars"), filepath.Join(dir, "pngs")
	jpegTars, jpegs := filepath.Join(dir, "jpeg-tars"), filepath.Join(dir, "jpegs")
	premix("mix", "--method", "none", "--in", "synth:36", "--geometry", "squash", "--size", "90x120", "--encode", "png", "--shards", "2", "--out", pngTars, "--cache", "none")
	unpack(t, pngTars, pngs)
	premix("synth", "--images", "36", "--format", "webdataset", "--out", jpegTars)
	premix("synth", "--images", "36", "--out", jpegs)
	parquet, records := filepath.Join(dir, "parquet"), filepath.Join(dir, "records")
	premix("synth", "--images", "36", "--format", "parquet", "--out", parquet)
	premix("synth", "--images", "36", "--format", "tfrecord", "--out", records)
	damaged := filepath.Join(dir, "damaged") // which ordinals an image gets must not count the bad ones
	premix("synth", "--images", "36", "--out", damaged)
	for _, name := range []string{"ball/a.jpg", "leaf/leaf_000000008.jpg", "dog/a.jpg"} { // the only one of dog, which keeps its number
		if err := os.MkdirAll(filepath.Dir(filepath.Join(damaged, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(damaged, name), []byte("\xff\xd8\xff\xe0 no picture"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"coin": "bull", "gear": "bull mastiff", "fish": "bull-terrier"} { // in this order no names, but paths
		if err := os.Rename(filepath.Join(damaged, from), filepath.Join(damaged, to)); err != nil {
			t.Fatal(err)
		}
	}
	short := filepath.Join(dir, "short")
	made, err := exec.Command(py, "short.py", short).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, made)
	}
	const list = "saliencymix:0.5,cutmix:0.1,mixup:0.1,cutout:0.1,resizemix:0.1"
	const noPeaks = "--cache none " // PeaksDataset does not take part: other schemes than the default, for one
	tests := []struct{ name, in, options string }{
		{"PNG in folders", pngs, "--replicas 2"},
		{"PNG in tars", pngTars, "--replicas 2"},
		{"JPEG in folders", jpegs, "--replicas 2"},
		{"JPEG in tars", jpegTars, "--replicas 2"},
		{"centre crops", jpegTars, "--geometry center --interpolation bicubic"},
		{"squashed", jpegs, "--geometry squash --interpolation lanczos"},
		{"padded", pngs, "--geometry pad:6 --replicas 2"},
		{"reflected", jpegTars, "--geometry pad:6:reflect --hflip 1"},
		{"not resized", pngs, "--geometry center --resize none --hflip 0.5 --replicas 2"},
		{"three are bad", damaged, "--replicas 2 --max-bad 10%"},
		{"cut short", short, "--truncated accept --replicas 2 --max-bad 30%"},
		{"photographs", sharedtest.Dir(t, "data", "flowers"), ""},
		{"Parquet", parquet, "--replicas 2"},
		{"TFRecord", records, noPeaks + "--replicas 2 --first-replica 3"},
		{"shifted", jpegs, noPeaks + "--scheme sal2nonsal --border shift"},
		{"at a random place", jpegs, noPeaks + "--scheme sal2rand --pair different-class --smoothing 0.1"},
		{"peak to peak", jpegTars, noPeaks + "--scheme sal2sal --alpha 0.3 --detector spectral"},
	}
	args := []string{"online_check.py", filepath.Join(dir, "maps")}
	for _, tt := range tests {
		out, cache := filepath.Join(dir, "out", tt.name), filepath.Join(dir, "cache", tt.name)
		premix(append([]string{"mix", "--in", tt.in, "--out", out, "--cache", cache, "--size", "40x56", "--shards", "2", "--encode", "png",
			"--label-form", "dense", "--method", list}, strings.Fields(tt.options)...)...)
		if strings.HasPrefix(tt.options, noPeaks) {
			args = append(args, out, tt.in, cache)
			continue
		}
		caches, err := filepath.Glob(filepath.Join(cache, "*", "fingerprint.json"))
		if err != nil || len(caches) != 1 {
			t.Fatalf("caches %v, %v", caches, err)
		}
		args = append(args, out, tt.in, filepath.Dir(caches[0]))
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(py, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), module(t))
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	answers := json.NewDecoder(&stdout)
	for _, tt := range tests {
		var got struct {
			Samples     int
			Methods     []string
			ByPeaks     int `json:"by_peaks"`
			Differences int
			First       []string
		}
		if err := answers.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Differences != 0 || got.Samples < 35 || (got.ByPeaks == 0) != strings.HasPrefix(tt.options, noPeaks) {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if want := slices.Sorted(slices.Values(mix.Names())); !slices.Equal(got.Methods, want) {
			t.Errorf("%s: methods %v, want all of %v", tt.name, got.Methods, want)
		}
	}
}

// unpack lays the pictures of a small output of PNGs into class folders.
func unpack(t *testing.T, out, dir string) {
	t.Helper()
	shards, err := filepath.Glob(filepath.Join(out, "*.tar"))
	if err != nil || len(shards) == 0 {
		t.Fatalf("no shards: %v", err)
	}
	for _, name := range shards {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		class := ""
		for r := tar.NewReader(f); ; {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			switch filepath.Ext(h.Name) {
			case ".cls": // comes first
				class = filepath.Join(dir, "class"+string(data))
				if err := os.MkdirAll(class, 0o777); err != nil {
					t.Fatal(err)
				}
			case ".png":
				if err := os.WriteFile(filepath.Join(class, h.Name), data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
