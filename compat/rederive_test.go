package compat

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
)

// choices are the options of the outputs that TestRederive makes again, by name: every method,
// scheme, border, detector, geometry and filter, and the laws of λ.
func choices() map[string]string {
	all := map[string]string{
		"list":      "--method saliencymix:0.3:alpha=0.5,mixup:0.2:alpha=0.8,cutout:0.1,resizemix:0.2:scale=0.2-0.6:alpha=3,cutmix:0.1 --prob 0.9 --label-form dense --smoothing 0.1 --seed 77 --crop-seed 5",
		"different": "--pair different-class --label-form dense --method cutmix:0.5,saliencymix:0.5",
		"rest":      "--method mixup:0.4 --label-form dense --smoothing 0.2",
		"alpha0.2":  "--alpha 0.2",
		"alpha4":    "--alpha 4",
		"clamp":     "--min-lambda 0.2 --max-lambda 0.7",
		"redraw":    "--min-lambda 0.2 --max-lambda 0.7 --lambda-outside redraw",
		"fixed":     "--lambda 0.3 --border shift",
		"crops":     "--rrc-scale 0.5,0.9 --hflip 1 --crop-seed 18446744073709551615 --seed 18446744073709551615",
		"lone":      "--shards 30",
		"one":       "--replicas 1",
		"late":      "--first-replica 998",
	}
	for _, m := range mix.Names() {
		all["method-"+m] = "--method " + m
	}
	for _, s := range mix.Schemes() {
		for _, b := range mix.Borders() {
			all["scheme-"+s+"-"+b] = "--scheme " + s + " --border " + b
		}
	}
	for _, d := range append(saliency.Names(), mix.DetectorUniform) {
		scheme := " --scheme sal2nonsal"
		if d == mix.DetectorCenter || d == mix.DetectorUniform {
			scheme = " --scheme sal2rand"
		}
		all["detector-"+d] = "--detector " + d + scheme
	}
	for name, options := range map[string]string{
		"pad":     "--geometry pad:7 --size 40 --hflip 0.3",
		"reflect": "--geometry pad:13:reflect --crop-seed 9",
		"resize":  "--geometry pad:5 --resize 60",
		"center":  "--geometry center --hflip 0.5 --crop-seed 3",
		"squash":  "--geometry squash --hflip 1",
	} {
		all["flip-"+name] = options
	}
	for _, g := range []string{crop.RRC, crop.Center, crop.Squash, "pad:4"} {
		for _, f := range []string{"bilinear", "bicubic", "lanczos"} {
			all["geometry-"+strings.ReplaceAll(g, ":", "-")+"-"+f] = "--geometry " + g + " --interpolation " + f
		}
	}
	return all
}

// A rederived is what rederive.py prints.
type rederived struct {
	Images, Differences int
	First               []string
	Samples             map[string]map[string]int
}

func rederive(t *testing.T, in string, outs ...string) *rederived {
	t.Helper()
	cmd := exec.Command(python(t), append([]string{"rederive.py", in}, outs...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	r := new(rederived)
	if err := json.Unmarshal(stdout.Bytes(), r); err != nil || (runErr == nil) != (r.Differences == 0) {
		t.Fatalf("%v, %v\n%s\n%s", runErr, err, stdout.String(), stderr.String())
	}
	return r
}

// oddPictures are what drawn images do not have: no peak at all, alpha, long strips, few pixels.
func oddPictures(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	flat := image.NewGray(image.Rect(0, 0, 50, 40))
	for i := range flat.Pix {
		flat.Pix[i] = 90
	}
	noise := func(w, h int, opaque bool) image.Image {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range m.Pix {
			m.Pix[i] = byte(uint32(i) * 2654435761 >> 24)
			if opaque && i%4 == 3 {
				m.Pix[i] = 255
			}
		}
		return m
	}
	for name, m := range map[string]image.Image{
		"flat": flat, "alpha": noise(64, 33, false), "tall": noise(9, 200, true),
		"wide": noise(300, 11, true), "small": noise(5, 4, true), "dot": noise(1, 1, true),
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// smallPictures are squares and strips of 12 to 23 pixels, in two classes.
func smallPictures(t *testing.T, dir string) {
	t.Helper()
	for i := range 24 {
		m := image.NewNRGBA(image.Rect(0, 0, 12+i%3*4, 14+i%4*3))
		for k := range m.Pix {
			m.Pix[k] = byte(uint32(k+1)*uint32(i+1)*2654435761>>24) | byte(k%4/3*255)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		class := filepath.Join(dir, []string{"a", "b"}[i%2])
		if err := os.MkdirAll(class, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(class, strconv.Itoa(i)+".png"), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRederive has a program of NumPy, Pillow and OpenCV draw, plan and make everything again:
// every row of the plans, and every field and pixel of the shards, of every method, scheme, border,
// detector, geometry and law of λ.
func TestRederive(t *testing.T) {
	python(t)
	bin, dir := commandtest.Premix(t), t.TempDir()
	mixed := func(in, out string, args ...string) string {
		t.Helper()
		out = filepath.Join(dir, out)
		all := append([]string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "cache"), "--encode", "png"}, args...)
		if text, err := exec.Command(bin, all...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
		}
		return out
	}
	drawn := filepath.Join(dir, "drawn")
	if text, err := exec.Command(bin, "synth", "--out", drawn, "--images", "34").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	oddPictures(t, filepath.Join(drawn, "odd"))
	t.Run("drawn", func(t *testing.T) {
		var outs []string
		want := map[string]int{}
		for name, options := range choices() {
			args := strings.Fields(options)
			if !slices.Contains(args, "--size") {
				args = append(args, "--size", "40x56")
			}
			want[name] = 80
			if !slices.Contains(args, "--replicas") {
				args = append(args, "--replicas", "2")
			} else {
				want[name] = 40
			}
			if !slices.Contains(args, "--shards") {
				args = append(args, "--shards", "3")
			}
			outs = append(outs, mixed(drawn, name, args...))
		}
		r := rederive(t, drawn, outs...)
		if r.Differences > 0 || r.Images != 40 {
			t.Errorf("%d images, %d differences: %s", r.Images, r.Differences, strings.Join(r.First, "\n"))
		}
		for name, n := range want {
			got := 0
			for method, k := range r.Samples[name] {
				if got += k; method == "same class" {
					got -= k
				}
			}
			if got != n {
				t.Errorf("%s: %d samples were made again, want %d", name, got, n)
			}
		}
		for _, m := range mix.Names() {
			if r.Samples["list"][m] == 0 || r.Samples["method-"+m][m] != 80 {
				t.Errorf("%s: %d samples of the list, %d alone", m, r.Samples["list"][m], r.Samples["method-"+m][m])
			}
		}
		if n := r.Samples["different"]["same class"]; n != 0 {
			t.Errorf("%d pairs of one class", n)
		}
	})
	// Pictures that are as small as the crop, or not much larger, and stay as they are.
	t.Run("not resized", func(t *testing.T) {
		in := filepath.Join(dir, "small")
		smallPictures(t, in)
		r := rederive(t, in,
			mixed(in, "small-pad", "--size", "16", "--geometry", "pad:4", "--resize", "none", "--shards", "2", "--replicas", "3"),
			mixed(in, "small-reflect", "--size", "16x18", "--geometry", "pad:4:reflect", "--resize", "none", "--shards", "2", "--replicas", "3"),
			mixed(in, "small-center", "--size", "12", "--geometry", "center", "--resize", "none", "--hflip", "0.5", "--shards", "2"))
		if r.Differences > 0 || r.Images != 24 {
			t.Errorf("%d images, %d differences: %s", r.Images, r.Differences, strings.Join(r.First, "\n"))
		}
	})
	// The program sees what differs: other pixels, another seed, another place.
	t.Run("differences", func(t *testing.T) {
		out := mixed(drawn, "told", "--size", "40x56", "--shards", "3", "--first-replica", "0", "--replicas", "2")
		config := filepath.Join(out, "__premix__", "train", "config.json")
		text, err := os.ReadFile(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, edit := range [][2]string{{`"seed": 0`, `"seed": 1`}, {`"crop-seed": 0`, `"crop-seed": 1`}, {`"scheme": "sal2corr"`, `"scheme": "sal2sal"`}, {`"border": "clip"`, `"border": "shift"`}, {`"interpolation": "bilinear"`, `"interpolation": "bicubic"`}} {
			other := strings.Replace(string(text), edit[0], edit[1], 1)
			if other == string(text) {
				t.Fatalf("config.json has no %s", edit[0])
			}
			if err := os.WriteFile(config, []byte(other), 0o666); err != nil {
				t.Fatal(err)
			}
			if r := rederive(t, drawn, out); r.Differences == 0 {
				t.Errorf("with %s nothing differs", edit[1])
			}
		}
	})
	for _, name := range []string{"flowers", "objects"} {
		t.Run(name, func(t *testing.T) {
			in := sharedtest.Dir(t, "data", name)
			r := rederive(t, in,
				mixed(in, name+"-default", "--size", "224"),
				mixed(in, name+"-list", "--size", "160x224", "--method", "saliencymix:0.4,resizemix:0.3,mixup:0.3", "--scheme", "sal2sal"))
			if r.Differences > 0 || r.Images < 40 {
				t.Errorf("%d images, %d differences: %s", r.Images, r.Differences, strings.Join(r.First, "\n"))
			}
		})
	}
}
