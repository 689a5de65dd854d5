package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// A job is what a reader's program is told; see readers/common.py.
type job struct {
	Dir     string   `json:"dir"`
	Tmp     string   `json:"tmp"`
	Format  string   `json:"format"`
	Name    string   `json:"name"`
	Split   string   `json:"split"`
	Dash    string   `json:"dash"`  // -rNNN, or nothing
	Under   string   `json:"under"` // _rNNN, or nothing
	Image   string   `json:"image"`
	Dense   bool     `json:"dense"`
	Half    bool     `json:"half"` // the dense labels are float16
	Names   []string `json:"names"`
	Classes int      `json:"classes"`
	Height  int      `json:"height"`
	Width   int      `json:"width"`
	Area    int      `json:"area"`
	Samples int64    `json:"samples"`

	spec shard.Spec
	same string // names the same images in all formats
}

// The programs of each format; some answer twice, streaming and not.
var programs = []struct {
	name, format string
	answers      int
}{
	{"webdataset_loader.py", "webdataset", 1},
	{"wids_list.py", "webdataset", 1},
	{"hf_webdataset.py", "webdataset", 2},
	{"timm_wds.py", "webdataset", 1},
	{"dali.py", "webdataset", 1},
	{"tfdata.py", "tfrecord", 1},
	{"dali.py", "tfrecord", 1},
	{"tfrecord_package.py", "tfrecord", 1},
	{"tfds_folder.py", "tfds", 1},
	{"arrayrecord_files.py", "array_record", 1},
	{"tfds_data_source.py", "array_record", 1},
	{"grain_source.py", "array_record", 1},
	{"hf_parquet.py", "parquet", 2},
	{"tables.py", "parquet", 3},
	{"streaming_mds.py", "mds", 1},
}

// python returns the interpreter that has the readers.
func python(t *testing.T) string {
	t.Helper()
	py := os.Getenv("PREMIX_COMPAT_PY")
	if py == "" {
		t.Skip("set PREMIX_COMPAT_PY=$(compat/install.sh) to read with the real readers")
	}
	return py
}

// run calls a program with the jobs and returns its answers.
func run(t *testing.T, program string, jobs []job) []Answer {
	t.Helper()
	text, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "jobs.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, python(t), filepath.Join("readers", program), path)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES=", "HF_HUB_OFFLINE=1", "HF_DATASETS_OFFLINE=1", "TF_CPP_MIN_LOG_LEVEL=3",
		"HF_HOME="+dir, "TFDS_DATA_DIR="+dir, "TMPDIR="+dir, "PYTHONDONTWRITEBYTECODE=1")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", program, err, stdout.String(), stderr.String())
	}
	var answers []Answer
	for line := range strings.Lines(stdout.String()) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var a Answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%s: %v in %s", program, err, line)
		}
		answers = append(answers, a)
	}
	return answers
}

// check compares an answer with that of premix. What the reader does not give is not compared.
func check(want, got *Answer) error {
	var errs []error
	differ := func(what string, want, got any) {
		if diff := cmp.Diff(want, got); diff != "" {
			errs = append(errs, fmt.Errorf("%s differ: %s", what, diff))
		}
	}
	differ("samples", want.Samples, got.Samples)
	differ("labels", want.Labels, got.Labels)
	for _, v := range []struct {
		what      string
		want, got *string
	}{{"keys", want.Keys, got.Keys}, {"rows", want.Rows, got.Rows}, {"encoded images", want.Encoded, got.Encoded}, {"pixels", want.Pixels, got.Pixels}} {
		if v.got != nil && v.want != nil {
			differ(v.what, *v.want, *v.got)
		}
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*float64(want.Samples) }
	if got.Lam != nil && !near(*want.Lam, *got.Lam) {
		differ("sums of λ", *want.Lam, *got.Lam)
	}
	if got.Rows != nil && len(want.Soft) != len(got.Soft) {
		differ("dense labels", want.Soft, got.Soft)
	} else if got.Soft != nil {
		for i := range want.Soft {
			if !near(want.Soft[i], got.Soft[i]) {
				differ("sums of dense labels", want.Soft, got.Soft)
				break
			}
		}
	}
	return errors.Join(errs...)
}

// variants are the outputs that every reader gets.
var variants = []struct {
	name        string
	form, image string
	sets        []shard.Spec // split, replica and number of shards
}{
	{"pair", shard.Pair, "jpg", []shard.Spec{{Split: "train", Replica: -1, Shards: 4}, {Split: "validation", Replica: -1, Shards: 2}}},
	{"dense", shard.Dense, "jpg", []shard.Spec{{Split: "train", Replica: -1, Shards: 2}}},
	{"dense16", shard.Dense16, "png", []shard.Spec{{Split: "train", Replica: -1, Shards: 2}}},
	{"replicas", shard.Pair, "png", []shard.Spec{{Split: "train", Replica: 0, Shards: 2}, {Split: "train", Replica: 1, Shards: 2}}},
}

// TestReaders has every reader read outputs of each format: some that are written here through
// package shard, with small shards and every label form, and some of the command itself. A program
// starts once, since TensorFlow and PyTorch take their time.
func TestReaders(t *testing.T) {
	python(t)
	root := t.TempDir()
	jobs := map[string][]job{}
	writtenJobs(t, filepath.Join(root, "written"), jobs)
	commandJobs(t, filepath.Join(root, "command"), jobs)
	compare(t, jobs)
}

// writtenJobs writes outputs through package shard.
func writtenJobs(t *testing.T, root string, jobs map[string][]job) {
	t.Helper()
	for _, name := range formats.Names() {
		f, err := formats.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range variants {
			if v.form == shard.Dense16 && !f.Traits().Dense16 {
				continue
			}
			dir := filepath.Join(root, name, v.name)
			var sets []shard.Set
			for _, s := range v.sets {
				s.Name, s.Classes, s.LabelForm, s.ImageFormat = "flowers", []string{"daisy", "potter's wheel", "rosé", "tulip"}, v.form, v.image
				s.Size = premix.Size{H: 24, W: 32}
				set, err := writeSet(dir, f, s)
				if err != nil {
					t.Fatal(err)
				}
				sets = append(sets, set)
				j := newJob(dir, name, s, set)
				j.same = v.name + " " + s.SplitName("-")
				j.Tmp = filepath.Join(root, "tmp", fmt.Sprint(name, v.name, s.SplitName("-")))
				if err := os.MkdirAll(j.Tmp, 0o755); err != nil {
					t.Fatal(err)
				}
				jobs[name] = append(jobs[name], j)
			}
			files, err := f.SideFiles(sets)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if err := put(filepath.Join(dir, filepath.FromSlash(file.Path)), file.Data()); err != nil {
					t.Fatal(err)
				}
			}
			// What else lies in an output must not be in the way of a reader.
			for _, other := range []string{"README.md", "__premix__/train/manifest.json", "__premix__/train/shards/train-0.json", "__premix__/train/plan/train-0.parquet"} {
				if err := put(filepath.Join(dir, filepath.FromSlash(other)), []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// compare has every program read the jobs of its format, and wants the same keys, labels, λ, dense labels and images of all
// formats.
func compare(t *testing.T, jobs map[string][]job) {
	pixels := map[string]*string{} // by what is the same in all formats
	others := map[string]*Answer{}
	for _, p := range programs {
		t.Run(strings.TrimSuffix(p.name, ".py")+"/"+p.format, func(t *testing.T) {
			answers := run(t, p.name, jobs[p.format])
			if len(answers) != p.answers*len(jobs[p.format]) {
				t.Fatalf("%d answers to %d jobs", len(answers), len(jobs[p.format]))
			}
			for i := range answers {
				j := jobs[p.format][i/p.answers]
				want, err := Read(j.Dir, j.Format, j.spec)
				if err != nil {
					t.Fatal(err)
				}
				if want.Samples != j.Samples {
					t.Errorf("%s: %d samples, want %d", j.same, want.Samples, j.Samples)
				}
				if other := others[j.same]; other == nil {
					others[j.same] = want
				} else if err := check(other, want); err != nil || *other.Encoded != *want.Encoded || *other.Rows != *want.Rows || *other.Keys != *want.Keys {
					t.Errorf("%s: %s has other samples than the formats before it: %v", j.same, p.format, err)
				}
				if want.Pixels == nil { // JPEG: the readers among themselves
					if want.Pixels = pixels[j.same]; want.Pixels == nil {
						pixels[j.same] = answers[i].Pixels
					}
				}
				if err := check(want, &answers[i]); err != nil {
					t.Errorf("%s: %v", j.same, err)
				}
				if answers[i].Pixels == nil || answers[i].Keys == nil || answers[i].Lam == nil {
					t.Errorf("%s: no pixels, no keys or no λ", j.same)
				}
			}
		})
	}
}

func newJob(dir, format string, s shard.Spec, set shard.Set) job {
	j := job{
		Dir: dir, Format: format, Name: s.Name, Split: s.Split, Image: s.ImageFormat, Dense: s.Dense(), Half: s.LabelForm == shard.Dense16, Names: s.Classes,
		Classes: len(s.Classes), Height: s.Size.H, Width: s.Size.W, Area: s.Size.H * s.Size.W, spec: s,
		Dash: strings.TrimPrefix(s.SplitName("-"), s.Split), Under: strings.TrimPrefix(s.SplitName("_"), s.Split),
	}
	for _, sh := range set.Shards {
		j.Samples += sh.Samples
	}
	return j
}

func put(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// writeSet writes shards of 3, 4, 5, … records, and their indexes.
func writeSet(dir string, f shard.Format, s shard.Spec) (shard.Set, error) {
	set := shard.Set{Spec: s}
	position := 0
	for i := range s.Shards {
		var buf bytes.Buffer
		w := f.NewWriter(&buf, s)
		n := int64(0)
		for ; n < 3+i; n++ {
			r, err := record(s, position)
			if err != nil {
				return set, err
			}
			if err := w.Write(r); err != nil {
				return set, err
			}
			position++
		}
		if err := w.Close(); err != nil {
			return set, err
		}
		path := f.ShardPath(s, i)
		if err := put(filepath.Join(dir, filepath.FromSlash(path)), buf.Bytes()); err != nil {
			return set, err
		}
		if idx := f.IndexPath(s, i); idx != "" {
			if err := put(filepath.Join(dir, filepath.FromSlash(idx)), w.Index()); err != nil {
				return set, err
			}
		}
		set.Shards = append(set.Shards, shard.ShardInfo{Name: path, Samples: n, Bytes: int64(buf.Len()), PayloadBytes: w.Payload()})
	}
	return set, nil
}

// record draws an image of its own for each position.
func record(s shard.Spec, position int) (*shard.Record, error) {
	m := image.NewRGBA(image.Rect(0, 0, s.Size.W, s.Size.H))
	for y := range s.Size.H {
		for x := range s.Size.W {
			m.SetRGBA(x, y, color.RGBA{uint8(x*7 + position*31), uint8(y*9 + x*position), uint8(x * y / 3), 255})
		}
	}
	var buf bytes.Buffer
	var err error
	if s.ImageFormat == "png" {
		err = png.Encode(&buf, m)
	} else {
		err = jpeg.Encode(&buf, m, &jpeg.Options{Quality: 90})
	}
	if err != nil {
		return nil, err
	}
	c := len(s.Classes)
	w, h := 1+position%s.Size.W, 1+position%s.Size.H
	box := premix.Box{X0: 0, Y0: 0, X1: w, Y1: h}
	r := &shard.Record{
		Key: fmt.Sprintf("%09d", position), Image: buf.Bytes(), ImageFormat: s.ImageFormat, W: s.Size.W, H: s.Size.H,
		LabelA: position % c, LabelB: (position * 3) % c, Lam: 1 - float64(w*h)/float64(s.Size.W*s.Size.H), LamDrawn: 0.3,
		Box: box, SrcBox: box, Peak: premix.Peak{X: w / 2, Y: h / 2}, Flat: position%2 == 0, Method: "saliencymix", Mixed: true,
		Replica: max(0, s.Replica), Target: fmt.Sprintf("rosé/%d.jpg", position), Source: fmt.Sprintf("potter's wheel/%d.jpg", position),
	}
	if s.Replica >= 0 {
		r.Key = fmt.Sprintf("r%03d-%s", s.Replica, r.Key)
	}
	if position == 0 { // the first sample of a set, from which readers infer types, is not mixed
		r.Lam, r.LabelB, r.Box, r.SrcBox, r.Peak, r.Mixed, r.Method = 1, r.LabelA, premix.Box{}, premix.Box{}, premix.NoPeak, false, "none"
		r.Source = r.Target
	}
	if r.Label = r.LabelA; r.Lam < 0.5 {
		r.Label = r.LabelB
	}
	r.Class = s.Classes[r.Label]
	if s.Dense() {
		r.Soft = make([]float32, c)
		r.Soft[r.LabelA] += float32(r.Lam)
		r.Soft[r.LabelB] += float32(1 - r.Lam)
	}
	return r, nil
}
