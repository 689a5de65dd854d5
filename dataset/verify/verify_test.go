package verify_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/sample"
)

// options verifies all of an output, with its sources.
func options(o *fixture.Output) verify.Options {
	return verify.Options{
		Deep: 5,
		Params: func(json.RawMessage) (sample.Params, source.Options, error) {
			return o.Params(), source.Options{Format: "imagefolder"}, nil
		},
	}
}

func run(t *testing.T, dir string, o verify.Options) *verify.Report {
	t.Helper()
	r, err := verify.Run(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(r *verify.Report) string {
	var b strings.Builder
	for _, d := range r.Defects {
		fmt.Fprintln(&b, d)
	}
	return b.String()
}

// TestSound: what premix writes has no defect, in every format, label form and method.
func TestSound(t *testing.T) {
	p := mix.Default()
	p.Methods = nil
	for _, m := range []string{mix.SaliencyMix, mix.CutMix, mix.MixUp, mix.Cutout, mix.ResizeMix} {
		p.Methods = append(p.Methods, mix.Weighted{Name: m, Weight: 0.18})
	}
	none := mix.Default()
	none.Methods = []mix.Weighted{{Name: mix.None, Weight: 1}}
	smooth := mix.Default()
	smooth.Smoothing = 0.1
	for _, name := range formats.Names() {
		format, err := formats.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name string
			out  fixture.Output
		}{
			{"small", fixture.Output{}},
			{"replicas", fixture.Output{Replicas: []int{0, 1, 5}, Images: 9, Shards: 4}},
			{"methods", fixture.Output{Mix: &p, Images: 30, LabelForm: shard.Dense}},
			{"unmixed jpeg", fixture.Output{Mix: &none, Encode: "jpeg:90", Geometry: "center", Split: "validation"}},
			{"smoothed", fixture.Output{Mix: &smooth, LabelForm: shard.Dense}},
			{"one image a shard", fixture.Output{Images: 3, Shards: 3}},
		}
		if format.Traits().Dense16 {
			tests = append(tests, struct {
				name string
				out  fixture.Output
			}{"dense16", fixture.Output{Mix: &smooth, LabelForm: shard.Dense16}})
		}
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				o := test.out
				o.Dir, o.Format = t.TempDir(), name
				o.Failures = []premix.Failure{{Name: "x", Stage: "decode", Kind: premix.Empty, Reason: "no bytes"}}
				o.Make(t)
				r := run(t, o.Dir, options(&o))
				if !r.OK || r.Total != 0 {
					t.Errorf("%d defects:\n%s", r.Total, text(r))
				}
				n := int64(o.Images * max(1, len(o.Replicas)))
				want := verify.Split{Name: o.Split, Format: name, Replicas: max(1, len(o.Replicas)),
					Shards: int(o.Shards) * max(1, len(o.Replicas)), Samples: n, Failures: 1, Derived: min(5, n), Bytes: r.Splits[0].Bytes}
				if diff := cmp.Diff([]verify.Split{want}, r.Splits); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if loose := run(t, o.Dir, verify.Options{}); !loose.OK {
					t.Errorf("without the recipe %d defects:\n%s", loose.Total, text(loose))
				}
			})
		}
	}
}

// edit changes a file of an output.
func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func replace(old, new string) func(*testing.T, []byte) []byte {
	return func(t *testing.T, data []byte) []byte {
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("the file does not contain %q", old)
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
}

// member changes a member of a tar in place; its size must stay.
func member(name string, change func([]byte) []byte) func(*testing.T, []byte) []byte {
	return func(t *testing.T, data []byte) []byte {
		r := bytes.NewReader(data)
		tr := tar.NewReader(r)
		for {
			h, err := tr.Next()
			if err != nil {
				t.Fatalf("no member %s: %v", name, err)
			}
			if h.Name != name {
				continue
			}
			at := len(data) - r.Len()
			body, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			fresh := change(bytes.Clone(body))
			if len(fresh) != len(body) || bytes.Equal(fresh, body) {
				t.Fatalf("%s: %d bytes instead of %d, or the same", name, len(fresh), len(body))
			}
			return append(append(bytes.Clone(data[:at]), fresh...), data[at+len(fresh):]...)
		}
	}
}

func swap(old, new string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

const (
	tar0  = "demo-train-000000.tar"
	tar1  = "demo-train-000001.tar"
	plan0 = "__premix__/train/plan/demo-train-000000.parquet"
	meta  = "__premix__/train/"
)

// TestDefects spoils each thing once; verify must name it, and nothing but what follows from it.
func TestDefects(t *testing.T) {
	tests := []struct {
		name  string
		file  string
		spoil func(*testing.T, []byte) []byte // nil: remove the file
		want  []string                        // parts of the lines, in any order; every line must have one
	}{
		{"shard missing", tar0, nil, []string{tar0 + ": missing"}},
		{"shard truncated", tar1, func(_ *testing.T, b []byte) []byte { return b[:len(b)/2] },
			[]string{"tar1: ", "bytes, its record says", "sha256", "samples, its record says"}},
		{"bytes behind the end", tar0, func(_ *testing.T, b []byte) []byte { return append(b, "x"...) }, []string{tar0 + ": ", "sha256", "its record says"}},
		{"bit of a picture", tar0, member("000000002.png", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }),
			[]string{"000000002: image: ", "sha256", "000000002: made again"}},
		{"header of a member", tar0, func(_ *testing.T, b []byte) []byte { copy(b[100:], "0000644\x00"); fix(b[:512]); return b },
			[]string{"header field mode", "sha256"}},
		{"cls", tar0, member("000000001.cls", func([]byte) []byte { return []byte("7") }),
			[]string{"cls is 7", "000000001: label 7 is outside", "json differs", "label is 7, the plan says", "sha256"}},
		{"cls of another class", tar0, member("000000001.cls", func(b []byte) []byte { return []byte{'0' + (b[0]-'0'+1)%3} }),
			[]string{"cls is", "is the heavier of", "json differs", "the plan says", "sha256"}},
		{"lam in json", tar0, member("000000001.json", func(b []byte) []byte {
			i := bytes.Index(b, []byte(`"lam":`)) + len(`"lam":`)
			for b[i] < '1' || b[i] > '8' {
				i++
			}
			b[i]++
			return b
		}), []string{"000000001: lam is", "json differs", "the plan says", "statistics", "sha256"}},
		{"target in json", tar0, member("000000003.json", swap(`image 0`, `image 9`)), []string{"the plan says", "sha256", "an image is target and not source"}},
		{"flat in json", tar0, member("000000003.json", swap(`"flat":false`, `"flat":true `)), []string{"flat is true, the plan says false", "json differs", "statistics", "sha256"}},
		{"index missing", "__index__/demo-train-000001.idx", nil, []string{"000001.idx: missing"}},
		{"index off by one", "__index__/demo-train-000001.idx", replace("512 1", "513 1"), []string{"000001.idx: line 2 is not what"}},
		{"plan missing", plan0, nil, []string{plan0 + ": missing"}},
		{"plan truncated", plan0, func(_ *testing.T, b []byte) []byte { return b[:len(b)-9] }, []string{plan0 + ": "}},
		{"manifest missing", meta + "manifest.json", nil, []string{"the split is not finished"}},
		{"manifest damaged", meta + "manifest.json", replace(`"schema": 1,`, `"schema": 1`), []string{"manifest.json: dataset: "}},
		{"manifest reformatted", meta + "manifest.json", replace(`"schema": 1,`, `"schema":1,`), []string{"manifest.json: line 2 is not as premix writes it"}},
		{"recipe of the manifest", meta + "manifest.json", replace(`"seed": 7`, `"seed": 8`), []string{"seed: 7 → 8"}},
		{"counts", meta + "manifest.json", replace(`"ignored": 3`, `"ignored": 4`), []string{"18 entries, but good, ignored"}},
		{"good", meta + "manifest.json", replace(`"good": 12,`, `"good": 13,`), []string{"13 images are good, but replica 0 has 12", "entries, but", "add up to the totals"}},
		{"failures by kind", meta + "manifest.json", replace(`"corrupt": 2`, `"empty": 2`), []string{"failures by kind"}},
		{"statistics", meta + "manifest.json", replace(`"mixed": 12`, `"mixed": 11`), []string{"statistics differ"}},
		{"sha256 in the manifest", meta + "manifest.json", func(_ *testing.T, b []byte) []byte {
			i := bytes.LastIndex(b, []byte(`"sha256": "`)) // that of the manifest itself
			i = bytes.LastIndex(b[:i], []byte(`"sha256": "`)) + 11
			b[i] = 'a' + (b[i]-'a'+1)%6
			return b
		}, []string{tar1 + ": the manifest says"}},
		{"class list cut", meta + "classes.txt", func(_ *testing.T, b []byte) []byte { return b[:5] }, []string{"classes.txt: 1 names with sha256"}},
		{"class list", meta + "classes.txt", replace("hash", "mash"), []string{"classes.txt: 3 names with sha256"}},
		{"config", meta + "config.json", replace(`"f00d"`, `"f00e"`), []string{"fingerprint f00d, config.json says f00e"}},
		{"failure lost", meta + "failures.jsonl", func(_ *testing.T, b []byte) []byte { return b[bytes.IndexByte(b, '\n')+1:] },
			[]string{"3 failures, failures.jsonl has 2", "failures by kind"}},
		{"failure damaged", meta + "failures.jsonl", replace(`{"name"`, `{"name`), []string{"failures.jsonl: line 1: ", "failures by kind"}},
		{"failure without a reason", meta + "failures.jsonl", replace(`"reason":"gone"`, `"reason":""`), []string{"line 1 lacks a name, stage, kind or reason"}},
		{"record lost", meta + "shards/r000-000001.json", nil,
			[]string{tar1 + ": the manifest lists it, but it has no record", "12 samples, the records say 6", "replica 0 has 6 samples", "statistics", "plan of no shard", "has the name of shard 1, but no record"}},
		{"record of another recipe", meta + "shards/r000-000001.json", replace(`"f00d"`, `"beef"`), []string{"the record of demo-train-000001.tar says beef"}},
		{"timm's index", "_info.json", replace(`12`, `13`), []string{"_info.json: line "}},
		{"README", "README.md", nil, []string{"README.md: missing; premix reindex"}},
		{"a shard too many", tar0, func(t *testing.T, b []byte) []byte { return b }, []string{"demo-train-000007.tar: is no shard of the split, but readers that take demo-train-*.tar"}},
	}
	base := fixture.Output{Dir: t.TempDir(), Failures: []premix.Failure{
		{Name: "a", Stage: "decode", Kind: premix.Truncated, Reason: "gone"},
		{Name: "b", Stage: "decode", Kind: premix.Corrupt, Reason: "bad"},
		{Name: "c", Stage: "decode", Kind: premix.Corrupt, Reason: "bad"},
	}}
	base.Make(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(base.Dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, test.file)
			switch {
			case test.name == "a shard too many":
				path = filepath.Join(dir, "demo-train-000007.tar")
				if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
					t.Fatal(err)
				}
			case test.spoil == nil:
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			default:
				edit(t, path, func(b []byte) []byte { return test.spoil(t, b) })
			}
			o := options(&base)
			o.Deep = 12
			r := run(t, dir, o)
			if r.OK || r.Total == 0 {
				t.Fatal("nothing was found")
			}
			got := text(r)
			for _, want := range test.want {
				want = strings.Replace(want, "tar1", tar1, 1)
				if !strings.Contains(got, want) {
					t.Errorf("no defect with %q in\n%s", want, got)
				}
			}
			for _, d := range r.Defects {
				if strings.Contains(d.What, "\n") || !slices.ContainsFunc(test.want, func(w string) bool {
					return strings.Contains(d.String(), strings.Replace(w, "tar1", tar1, 1))
				}) {
					t.Errorf("unexpected: %s", d)
				}
			}
		})
	}
}

// TestFormats: a flipped bit anywhere in a shard, its index or a side file is found in every
// format, and so is a shard that was cut short.
func TestFormats(t *testing.T) {
	for _, name := range formats.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := fixture.Output{Dir: t.TempDir(), Format: name, Images: 4, Shards: 1, LabelForm: shard.Dense}
			p := o.Make(t)
			files := []string{p.Records[0].Path, p.Records[0].IndexPath, p.Records[0].PlanPath}
			finished, _, err := dataset.Finished(context.Background(), o.Dir)
			if err != nil {
				t.Fatal(err)
			}
			side, err := dataset.SideFiles(context.Background(), o.Dir, p.Format, finished, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range side {
				files = append(files, f.Path)
			}
			for _, file := range files {
				if file == "" {
					continue
				}
				path := filepath.Join(o.Dir, file)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				damages := map[string][]byte{"cut": data[:len(data)-1]}
				for i := range 6 {
					bad := bytes.Clone(data)
					bad[i*(len(data)-1)/5] ^= 1 << i
					damages[fmt.Sprintf("bit %d", i)] = bad
				}
				for what, bad := range damages {
					if err := os.WriteFile(path, bad, 0o644); err != nil {
						t.Fatal(err)
					}
					r := run(t, o.Dir, options(&o))
					if r.OK || !strings.Contains(text(r), file+": ") {
						t.Errorf("%s of %s was not found:\n%s", what, file, text(r))
					}
				}
				if err := os.WriteFile(path, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if r := run(t, o.Dir, options(&o)); !r.OK {
				t.Errorf("restored:\n%s", text(r))
			}
		})
	}
}

// fix sets the checksum of a tar header.
func fix(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// TestSources: with the sources gone or changed, a deep verification says which.
func TestSources(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir()}
	o.Make(t)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(o.In, moved); err != nil {
		t.Fatal(err)
	}
	if _, err := verify.Run(context.Background(), o.Dir, options(&o)); err == nil || !strings.Contains(err.Error(), "--in") {
		t.Errorf("with the input gone: %v", err)
	}
	opt := options(&o)
	opt.In, opt.Deep = []source.Input{{URI: moved}}, 100
	r := run(t, o.Dir, opt)
	if !r.OK || r.Splits[0].Derived != 12 {
		t.Errorf("from another place: %d derived\n%s", r.Splits[0].Derived, text(r))
	}
	edit(t, filepath.Join(moved, "hash/image 01.jpg"), func(b []byte) []byte { b[len(b)-3] ^= 1; return b })
	if err := os.Remove(filepath.Join(moved, "disc/image 00.png")); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(moved, "rings/image 05.jpg"), func(b []byte) []byte { return b[:len(b)/2] })
	edit(t, filepath.Join(moved, "disc/image 03.jpg"), func(b []byte) []byte { // a larger image, cut where the old one ended
		var p bytes.Buffer
		if err := png.Encode(&p, image.NewGray(image.Rect(0, 0, 900, 900))); err != nil {
			t.Fatal(err)
		}
		return append(p.Bytes(), make([]byte, len(b))...)
	})
	r = run(t, o.Dir, opt)
	got := text(r)
	for _, want := range []string{"hash/image 01.jpg: digest is", "disc/image 00.png is not in the input any more",
		"rings/image 05.jpg is shorter than it was", "disc/image 03.jpg is another image than it was"} {
		if strings.Count(got, want) != 2 { // as target and as source
			t.Errorf("want twice %q in\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 8 {
		t.Errorf("%d defects, want 8:\n%s", n, got)
	}
	if d := r.Splits[0].Derived; d < 4 || d > 8 { // a sample of two changed images is one
		t.Errorf("%d of 12 made again", d)
	}
}

// TestRecipe: a shard that is consistent in itself but was drawn with another seed is found.
func TestRecipe(t *testing.T) {
	p := mix.Default()
	p.Seed = 8
	o := fixture.Output{Dir: t.TempDir(), Mix: &p}
	o.Make(t)
	opt := options(&o)
	opt.Params = func(json.RawMessage) (sample.Params, source.Options, error) {
		q := o.Params()
		q.Mix.Seed = 7
		return q, source.Options{}, nil
	}
	got := text(run(t, o.Dir, opt))
	if !strings.Contains(got, "as the recipe draws it") {
		t.Errorf("not found:\n%s", got)
	}
}

// TestDoubles: an image that is target twice is named, though every shard agrees with its record.
func TestDoubles(t *testing.T) {
	a := fixture.Output{Dir: t.TempDir(), Images: 8, Shards: 2}
	a.Make(t)
	dir := a.Dir
	// shard 1 becomes a copy of shard 0
	for _, f := range []string{"%s.tar", "__index__/%s.idx", meta + "plan/%s.parquet"} {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf(f, "demo-train-000000")))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf(f, "demo-train-000001")), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := text(run(t, dir, verify.Options{}))
	for _, want := range []string{"sample 0 has the same target as sample 0 of " + tar0, "has the same source as", "should have the key 000000004"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestCap(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Images: 30}
	o.Make(t)
	for _, f := range []string{tar0, tar1} {
		edit(t, filepath.Join(o.Dir, f), func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(`"mixed":true`), []byte(`"mixed":null`))
		})
	}
	all := run(t, o.Dir, verify.Options{MaxDefects: 1000})
	few := run(t, o.Dir, verify.Options{MaxDefects: 7, Workers: 1})
	if len(few.Defects) != 7 || few.Total != all.Total || int64(len(all.Defects)) != all.Total || all.Total < 30 {
		t.Errorf("%d of %d listed, and %d of %d", len(few.Defects), few.Total, len(all.Defects), all.Total)
	}
	if diff := cmp.Diff(all.Defects[:7], few.Defects); diff != "" {
		t.Errorf("the order depends on the workers or the cap:\n%s", diff)
	}
}

func TestNoOutput(t *testing.T) {
	ctx := context.Background()
	if _, err := verify.Run(ctx, t.TempDir(), verify.Options{}); err == nil || !strings.Contains(err.Error(), "no output of premix") {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := verify.Run(ctx, filepath.Join(t.TempDir(), "x"), verify.Options{}); err == nil {
		t.Error("a missing folder passed")
	}
	o := fixture.Output{Dir: t.TempDir()}
	o.Shard(t)
	r := run(t, o.Dir, verify.Options{})
	if r.Total != 1 || !strings.Contains(text(r), "not finished") {
		t.Errorf("an unfinished split:\n%s", text(r))
	}
	// of several formats each is an output of its own
	two := t.TempDir()
	for _, f := range formats.Names() {
		p := fixture.Output{Dir: filepath.Join(two, f), Format: f}
		p.Make(t)
	}
	if err := os.Remove(filepath.Join(two, "webdataset", "README.md")); err != nil {
		t.Fatal(err)
	}
	r = run(t, two, verify.Options{})
	if len(r.Splits) != len(formats.Names()) || text(r) != "webdataset/README.md: missing; premix reindex writes it\n" {
		t.Errorf("%d splits:\n%s", len(r.Splits), text(r))
	}
	if _, err := dataset.LoadManifest(ctx, filepath.Join(two, "webdataset"), "train"); err != nil {
		t.Error(err)
	}
}
