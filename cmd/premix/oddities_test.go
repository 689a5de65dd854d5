package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/sharedtest"
)

// oddImages are the answers to hard files of a class folder: the size of an image that is mixed, or
// stage and kind of its row of failures.jsonl. What is not listed is a side file. Which pixels they
// have is tested in package imaging.
var oddImages = map[string]string{
	"12bit.jpg":                        "decode unsupported",
	"16bit-qtables.jpg":                "128x128",
	"adobe-rgb-transform0.jpeg":        "150x103",
	"arithmetic-sof9.jpg":              "227x149",
	"bad-comment-length.jpeg":          "36x28",
	"bad-exif-and-huffman.jpg":         "decode corrupt",
	"bad-exif.jpg":                     "200x200",
	"bmp-named-jpeg.jpeg":              "640x426",
	"bomb-gif.gif":                     "decode limit",
	"cmyk-adobe0.jpeg":                 "150x103",
	"dim-bomb-png-8.6Gpx.bin":          "decode limit",
	"gray-2x2-declared.jpeg":           "150x103",
	"huge-sof-number.jpg":              "800x600",
	"icc-after-sof.jpg":                "10x10",
	"jpeg-named-png.png":               "640x426",
	"lossless-sof3-photo.jpg":          "decode unsupported",
	"mjpeg-no-dht.jpg":                 "1280x720",
	"mpo-ultrahdr-trailing-40kB.jpg":   "decode truncated",
	"multiple-exif.jpg":                "1x1",
	"orient1.jpg":                      "1800x1200",
	"orient2.jpg":                      "1800x1200",
	"orient3.jpg":                      "1800x1200",
	"orient4.jpg":                      "1800x1200",
	"orient5.jpg":                      "1200x1800",
	"orient6.jpg":                      "1200x1800",
	"orient7.jpg":                      "1200x1800",
	"orient8.jpg":                      "1200x1800",
	"png-16bit-rgba.png":               "32x32",
	"png-1bit-gray.png":                "32x32",
	"png-bad-stream.png":               "decode corrupt",
	"png-broken.png":                   "decode truncated",
	"png-crc.png":                      "decode corrupt",
	"png-named-jpeg.jpeg":              "640x426",
	"png-palette-alpha.png":            "32x32",
	"png-trunc.png":                    "decode truncated",
	"png-truncated.png":                "decode truncated",
	"png-zlib.png":                     "decode corrupt",
	"pnm-named-jpeg.jpeg":              "640x426",
	"progressive-many-scans-valid.jpg": "425x250",
	"progressive-slow-8k.jpg":          "7680x4320",
	"progressive.jpeg":                 "150x103",
	"sampling-1x3.jpeg":                "100x75",
	"sampling-24.jpg":                  "640x426",
	"sampling-410.jpeg":                "150x103",
	"sampling-440.jpeg":                "150x103",
	"sampling-very-weird.jpeg":         "100x75",
	"sampling-weird.jpeg":              "100x75",
	"sof-dht-swap.jpeg":                "36x28",
	"tiff-named-jpeg.jpeg":             "640x475",
	"truncated-4k.jpg":                 "decode truncated",
	"truncated-app14.jpg":              "100x100",
	"truncated-baseline.jpeg":          "decode truncated",
	"truncated-pillow.jpg":             "100x100",
	"truncated-progressive-go.jpeg":    "150x103",
	"truncated-progressive.jpeg":       "decode truncated",
	"ycck-adobe2.jpg":                  "100x100",
}

// TestOddImages runs the program over a folder of hard files, and asks where each of them went.
func TestOddImages(t *testing.T) {
	shared := sharedtest.Dir(t, "data", "oddities")
	in := filepath.Join(t.TempDir(), "in")
	side := linkOddities(t, shared, filepath.Join(in, "odd"))
	variants := []struct {
		name    string
		flags   []string
		answers map[string]string // where they are other ones
	}{
		{"default", nil, nil},
		{"truncated", []string{"--truncated", "accept"}, map[string]string{
			"mpo-ultrahdr-trailing-40kB.jpg": "1512x2688", "truncated-4k.jpg": "3840x2160",
			"bad-exif-and-huffman.jpg": "500x500", "truncated-baseline.jpeg": "100x75", "truncated-progressive.jpeg": "100x75",
		}},
		{"exif", []string{"--exif", "apply"}, map[string]string{
			"orient5.jpg": "1800x1200", "orient6.jpg": "1800x1200", "orient7.jpg": "1800x1200", "orient8.jpg": "1800x1200",
		}},
		{"limits", []string{"--max-pixels", "1M", "--max-bytes", "400000"}, map[string]string{
			"bmp-named-jpeg.jpeg": "scan limit", "tiff-named-jpeg.jpeg": "scan limit", "pnm-named-jpeg.jpeg": "scan limit",
			"mjpeg-no-dht.jpg": "scan limit", "progressive-many-scans-valid.jpg": "scan limit", "progressive-slow-8k.jpg": "scan limit",
			"truncated-4k.jpg": "scan limit", "mpo-ultrahdr-trailing-40kB.jpg": "decode limit",
			"orient1.jpg": "decode limit", "orient2.jpg": "decode limit", "orient3.jpg": "decode limit", "orient4.jpg": "decode limit",
			"orient5.jpg": "decode limit", "orient6.jpg": "decode limit", "orient7.jpg": "decode limit", "orient8.jpg": "decode limit",
		}},
	}
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			args := append([]string{"mix", "--in", in, "--out", out, "--cache", "none", "--size", "32", "--max-bad", "100%", "--accept", "one-class", "--progress", "none"}, v.flags...)
			var stdout, stderr bytes.Buffer
			if code := run(context.Background(), args, &stdout, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			want := map[string]string{}
			for name, answer := range oddImages {
				if other, ok := v.answers[name]; ok {
					answer = other
				}
				want["odd/"+name] = answer
			}
			got, counts := answers(t, out)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if counts.Ignored != side || counts.Entries != int64(len(want))+side {
				t.Errorf("%+v, want %d side files", counts, side)
			}
			stdout.Reset()
			if code := run(context.Background(), []string{"verify", out, "--deep", "100"}, &stdout, &stderr); code != 0 {
				t.Errorf("verify: exit code %d: %s%s", code, stdout.String(), stderr.String())
			}
		})
	}
}

// linkOddities makes a folder of the files, without their table, and counts those that are no
// images.
func linkOddities(t *testing.T, from, to string) (side int64) {
	t.Helper()
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, image := oddImages[f.Name()]; !image {
			side++
		}
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, f.Name()), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return side
}

// answers tells of each entry of an output's input what became of it: the size of an image that is
// in it, or stage and kind of the failure.
func answers(t *testing.T, out string) (map[string]string, dataset.Counts) {
	t.Helper()
	ctx := context.Background()
	m, err := dataset.LoadManifest(ctx, out, "train")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	records, err := dataset.Records(ctx, out, "train")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		recipes, err := dataset.ReadPlan(ctx, filepath.Join(out, r.PlanPath))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range recipes {
			got[s.Target.Name] = fmt.Sprintf("%dx%d", s.Target.Width, s.Target.Height)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, dataset.MetaDir, "train", dataset.FailuresFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var f struct{ Name, Stage, Kind, Reason string }
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.Reason == "" {
			t.Fatalf("%v: %s", err, line)
		}
		if old, ok := got[f.Name]; ok {
			t.Errorf("%s is %s, and a failure too", f.Name, old)
		}
		got[f.Name] = fmt.Sprintf("%s %s", f.Stage, f.Kind)
	}
	return got, m.Counts
}

// TestOddShards runs the program over each hard tar and TFRecord by itself.
func TestOddShards(t *testing.T) {
	shared := sharedtest.Dir(t, "data", "oddities")
	const nothing = "no usable image in the input"
	tests := []struct {
		file    string
		code    int
		message string
	}{
		{"tar-V-negative-size.tar", exitBad, "1 of 1 images failed (1 corrupt)"},
		{"tar-concatenated.tar", exitBad, nothing},
		{"tar-empty-filename.tar", exitBad, nothing},
		{"tar-gnu-sparse.tar", exitBad, nothing},
		{"tar-hdr-only.tar", exitBad, nothing},
		{"tar-invalid-pax-size.tar", exitBad, "1 of 1 images failed (1 corrupt)"},
		{"tar-issue10968.tar", exitBad, "1 of 1 images failed (1 corrupt)"},
		{"tar-issue11169.tar", exitBad, "1 of 1 images failed (1 corrupt)"},
		{"tar-issue12435.tar", exitBad, "1 of 1 images failed (1 corrupt)"},
		{"tar-leading-slash.tar", exitBad, nothing},
		{"tar-mac-metadata.tar", exitBad, nothing},
		{"tar-neg-size.tar", exitBad, "1 of 1 images failed (1 corrupt)"},
		{"tar-nil-uid.tar", exitBad, "1 of 1 images failed (1 truncated)"},
		{"tar-pax-bad.tar", exitBad, "about 2 of 2 images failed (1 corrupt, 1 truncated; about 2 of them are lost in 1 container)"},
		{"tar-trailing-slash.tar", exitBad, nothing},
		{"tfrecord-example.tfrecord", exitUsage, `no feature of tfrecord-example.tfrecord holds an image; there are "x_byte" (bytes)`},
		{"tfrecord-mnist.record", exitBad, "3 of 3 images failed (3 unsupported)"},
		{"tfrecord-sequence.tfrecord", exitUsage, `no feature of tfrecord-sequence.tfrecord holds an image`},
		{"tfrecord-valid-1.record", exitDone, "input    1 entry: 1 good, 0 ignored, 0 excluded, 0 failed"},
		{"tfrecord-valid-7.record", exitDone, "input    7 entries: 7 good, 0 ignored, 0 excluded, 0 failed"},
		{"wds-valid-jpg-cls.tar", exitDone, "input    10 entries: 10 good, 0 ignored, 0 excluded, 0 failed"},
	}
	files, err := os.ReadDir(shared)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		known := oddImages[f.Name()] != "" || f.Name() == "PICKS.tsv"
		for _, test := range tests {
			known = known || test.file == f.Name()
		}
		if !known {
			t.Errorf("%s is in no table", f.Name())
		}
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			var stdout, stderr bytes.Buffer
			code := run(context.Background(), []string{"mix", "--in", filepath.Join(shared, test.file), "--out", out, "--cache", t.TempDir(), "--size", "32", "--accept", "one-class"}, &stdout, &stderr)
			if code != test.code || !strings.Contains(stdout.String()+stderr.String(), test.message) {
				t.Errorf("exit code %d, want %d with %q\n%s%s", code, test.code, test.message, stdout.String(), stderr.String())
			}
			if split := filepath.Join(out, dataset.MetaDir, "train"); fileExists(split) != (code == exitDone) {
				t.Errorf("exit code %d, and the split is there: %v", code, fileExists(split))
			}
		})
	}
}
