package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
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

const (
	tar0  = "demo-train-000000.tar"
	tar1  = "demo-train-000001.tar"
	plan0 = "__premix__/train/plan/demo-train-000000.parquet"
	meta  = "__premix__/train/"
)

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
	for _, want := range []string{"sample 0 has the same target as sample 0 of " + tar0, "should have the key 000000004"} {
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
	if _, err := verify.Run(ctx, t.TempDir(), verify.Options{}); err == nil || !strings.Contains(err.Error(), "is not an output of premix") {
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
