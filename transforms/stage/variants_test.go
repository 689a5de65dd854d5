package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/sample"
)

// inVariants gives a job three variants with two detectors; two of its four outputs are of one variant.
func inVariants(t *testing.T) func(*Job) {
	return func(j *Job) {
		j.Workers, j.Replicas = 2, []int{0, 1}
		with := func(finder int, method, encode string) sample.Params {
			p := j.Params
			p.Mix.Methods, p.Encode = []mix.Weighted{{Name: method, Weight: 1}}, encode
			if finder > 0 {
				p.Detector = "spectral"
			}
			return p
		}
		other := with(1, mix.SaliencyMix, "jpeg:90")
		j.Finders = []Finder{{Variant: "b", Params: other, Cache: CacheInfo{URI: j.Cache.URI, Fingerprint: "q", Settings: []byte(`{}`)}}}
		j.Params = with(0, mix.CutMix, "png")
		j.Variants = []Variant{{j.Params, 0}, {other, 1}, {with(0, mix.None, "png"), 0}}
		j.Outputs, j.Above = nil, t.TempDir()
		for i, o := range []struct {
			variant, part int
			format, image string
		}{{0, 0, "webdataset", "png"}, {1, 1, "webdataset", "jpg"}, {1, 1, "tfrecord", "jpg"}, {2, 2, "webdataset", "png"}} {
			j.Outputs = append(j.Outputs, Output{
				Dir: fmt.Sprintf("%s/%d", j.Above, i), Format: o.format, Part: o.part, Variant: o.variant, Recipe: json.RawMessage(`{"a":1}`), Fingerprint: fmt.Sprint("f", i),
				Spec: shard.Spec{Name: "premix", Split: "train", Replica: -1, LabelForm: "pair", ImageFormat: o.image, Size: j.Geometry.Size},
			})
		}
	}
}

// single is the job for one output alone.
func single(t *testing.T, output int) func(*Job) {
	return func(j *Job) {
		inVariants(t)(j)
		o := j.Outputs[output]
		v := j.Variants[o.Variant]
		j.Params = v.Params
		if v.Finder > 0 {
			j.Cache = j.Finders[0].Cache
		}
		o.Variant, o.Part = 0, 0
		j.Finders, j.Variants, j.Outputs, j.Above = nil, nil, []Output{o}, ""
	}
}

// TestVariants makes several outputs at once, and each alone: the files are the same, under each way in which pixels
// come back.
func TestVariants(t *testing.T) {
	for _, mode := range []string{SpoolRef, SpoolPixels} {
		ResetProgress()
		a := newBench(t, "synth:40", func(j *Job) { inVariants(t)(j); j.Spool.Mode = mode })
		a.must(1)
		if p := ReadProgress(); p.Images != 40 || p.Planned != 3*80 || p.Mixed != 3*80 || p.Shards != 3*4 || p.PlannedShards != 3*4 || p.SkippedShards != 0 {
			t.Errorf("%s: progress %+v", mode, p)
		}
		for i := range a.job.Outputs {
			b := newBench(t, "synth:40", single(t, i))
			b.must(2)
			got := *a
			got.job = &Job{Outputs: a.job.Outputs[i : i+1]}
			if d := cmp.Diff(b.files(), got.files()); d != "" {
				t.Errorf("%s: output %d, alone and with others (-want +got):\n%s", mode, i, d)
			}
		}
		// One shard of one output is lost: it is made, and all else is kept.
		ResetProgress()
		if err := os.Remove(a.job.Outputs[1].Dir + "/premix-train-r001-000001.tar"); err != nil {
			t.Fatal(err)
		}
		a.must(3)
		if p := ReadProgress(); p.Mixed != 3*80 || p.KeptSamples != 3*80-20 || p.Shards != 12 || p.SkippedShards != 11 {
			t.Errorf("%s: after a loss: progress %+v", mode, p)
		}
	}
}

// TestVariantsTwins encodes samples that are not mixed once for two variants with one encoding, and the outputs are what
// runs of their own make.
func TestVariantsTwins(t *testing.T) {
	half := func(change func(*Job)) func(*Job) {
		return func(j *Job) { j.Params.Mix.Prob = 0.5; change(j); j.Replicas = []int{0} }
	}
	a := newBench(t, "synth:40", half(inVariants(t)))
	a.must(1)
	for _, i := range []int{0, 1, 3} {
		b := newBench(t, "synth:40", half(single(t, i)))
		b.must(2)
		got := *a
		got.job = &Job{Outputs: a.job.Outputs[i : i+1]}
		if d := cmp.Diff(b.files(), got.files()); d != "" {
			t.Errorf("output %d, alone and with others (-want +got):\n%s", i, d)
		}
	}
	a = newBench(t, "synth:40", half(inVariants(t)))
	a.planned()
	task := &shardTask{job: a.job, global: a.global, rows: a.rows()[:20]}
	recipes, err := task.allRecipes()
	if err != nil {
		t.Fatal(err)
	}
	pictures := task.pictures(recipes, nil)
	variants, mixed := []int{0, 1, 2}, 0
	for i := range recipes[0] {
		want := 0 // cutmix and none are PNG files, and saliencymix JPEG
		if recipes[0][i].Mixed {
			want = -1
			mixed++
		}
		if got := []int{task.twin(i, 0, variants, recipes, pictures), task.twin(i, 1, variants, recipes, pictures), task.twin(i, 2, variants, recipes, pictures)}; !slices.Equal(got, []int{-1, -1, want}) {
			t.Errorf("sample %d, mixed %v: twins %v", i, recipes[0][i].Mixed, got)
		}
	}
	if mixed < 4 || mixed > 16 {
		t.Errorf("%d of 20 samples are mixed: too few, or too many", mixed)
	}
}

// TestVariantsReadOnce reads and decodes each image of a shard once, whatever the variants, and holds no more memory than
// the bound and the next sample of the shard.
func TestVariantsReadOnce(t *testing.T) {
	a := newBench(t, "synth:40", func(j *Job) { inVariants(t)(j); j.Replicas, j.MaxMemory = []int{0}, 64<<10+3 })
	a.planned()
	task := &shardTask{job: a.job, global: a.global, rows: a.rows()[:20]}
	var mu sync.Mutex
	reads := map[string]int{}
	task.fetch = func(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error) {
		mu.Lock()
		reads[s.Name]++
		mu.Unlock()
		return source.Fetch(ctx, dst, s.Location)
	}
	recipes, err := task.allRecipes()
	if err != nil {
		t.Fatal(err)
	}
	variants := a.job.variantsOf([]int{0, 1, 2, 3})
	err = task.samples(t.Context(), variants, recipes, func(i int, pictures [][]byte) error {
		for k, p := range pictures {
			if len(p) == 0 {
				t.Errorf("sample %d has no picture in variant %d", i, k)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range reads {
		if n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
	p, crop := poolFor(a.job.Workers, a.job.MaxMemory), int64(a.job.cropBytes())
	if most := p.ahead.most + 5*crop; len(reads) != 20 || p.ahead.used != 0 || p.ahead.peak > most || p.ahead.peak < 5*crop {
		t.Errorf("%d images were read; %d bytes are held at the end, %d at most, want at most %d", len(reads), p.ahead.used, p.ahead.peak, most)
	}
}

// TestVariantsUneven refuses detectors that fail for different images.
func TestVariantsUneven(t *testing.T) {
	a := newBench(t, "synth:40", inVariants(t))
	a.peaks()
	a.sums[3].Uneven = []Uneven{{2, "x.jpg: no row for this image"}}
	err := a.gate()
	wantError(t, err, "--variant b: for its detector 2 images fail that the first variant can use, or the other way round (x.jpg: no row for this image)")
	if r := FindRefusal(err); r == nil || r.Code != CodeUsage {
		t.Errorf("%v is no refusal of a usage", err)
	}
	bad := premix.Faultf(premix.BadPeak, "a")
	row := func(stage premix.Stage, f error) *premix.Sample {
		return &premix.Sample{FaultStage: stage, Fault: premix.AsFault(f)}
	}
	for _, c := range []struct {
		a, b *premix.Sample
		want bool
	}{
		{nil, nil, true}, {nil, row(premix.StagePeak, bad), false}, {row(premix.StagePeak, bad), nil, false},
		{row(premix.StagePeak, bad), row(premix.StagePeak, premix.Faultf(premix.BadPeak, "a")), true},
		{row(premix.StagePeak, bad), row(premix.StagePeak, premix.Faultf(premix.BadPeak, "b")), false},
		{row(premix.StagePeak, bad), row(premix.StageDecode, bad), false},
	} {
		if got := sameFault(c.a, c.b); got != c.want {
			t.Errorf("%+v, %+v: %v", c.a, c.b, got)
		}
	}
}

// TestVariantsLackPeaks names rows, chunks and jobs that do not fit each other.
func TestVariantsLackPeaks(t *testing.T) {
	a := newBench(t, "synth:40", inVariants(t))
	a.planned()
	rows := a.rows()
	rows[1].More = nil
	task := &shardTask{job: a.job, global: a.global, rows: rows[:20]}
	_, err := task.allRecipes()
	wantError(t, err, "has the peaks of 0 detectors beside the first, and the job has 1")
	p := a.plan.Chunks[0]
	p.Others = nil
	err = Distribute(t.Context(), a.job, a.global, &p, 0, func(int64, []byte) {})
	wantError(t, err, "has the peaks of 0 further detectors, and the job has 1")
	for _, change := range []func(*Job){
		func(j *Job) { j.Outputs[1].Variant = 3 }, func(j *Job) { j.Outputs[1].Part = -1 }, func(j *Job) { j.Variants[1].Finder = 2 },
	} {
		j := *a.job
		j.Outputs, j.Variants = append([]Output(nil), j.Outputs...), append([]Variant(nil), j.Variants...)
		change(&j)
		if err := j.AssertValid(); err == nil || !strings.Contains(err.Error(), "internal error") {
			t.Errorf("%v", err)
		}
	}
	same := map[*premix.Sample]*premix.Sample{}
	other := RowsFor([]plan.Row{rows[0]}, 1, same)
	if s := other[0].Sample; same[s] != rows[0].Sample || s.Peak != rows[0].More[0].Peak || s.Name != rows[0].Sample.Name {
		t.Errorf("%+v", s)
	}
}
