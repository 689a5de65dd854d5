package launch

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/sample"
	"github.com/premix/premix/transforms/stage"
)

// The bounds of a trial.
const (
	trialImages = 200
	trialChunks = 20       // from which its images come
	trialRemote = 4        // the same, where each is a request or more to a store
	trialCrops  = 64 << 20 // bytes of crops that it holds
	trialDense  = 1 << 24  // numbers of dense labels that it writes into each output
)

// trialTime is when a trial ends. A test of what it tells gives it longer, since it must not depend on the load of the machine.
var trialTime = 5 * time.Second

// A Trial says what a few images of the input tell about a job. Times are those of one core of this machine.
type Trial struct {
	// Images is the number of images that were tried, Bad how many of them cannot be used, and Excluded how many are
	// of classes that were not asked for.
	Images, Bad, Excluded int
	// Classes is the number of classes that the images seen imply, where the class list is not known yet: one more than
	// the largest label if Numbered is set, else as many as were seen. Vectors of dense labels are as long in Outputs;
	// 0 if the list is known.
	Classes  int
	Numbered bool
	// Bytes is the mean size of an image as it is stored.
	Bytes float64
	// Read, Decode and Peak are for one image: reading, decoding, and crop and saliency. Mix is for one sample in all variants.
	Read, Decode, Peak, Mix time.Duration
	// Took is how long the trial was.
	Took time.Duration
	// Outputs has the sizes of a sample in each output.
	Outputs []TrialSize
}

// A TrialSize is the mean number of bytes that a sample takes in an output, with its share of indexes and plans,
// and the standard error of the mean.
type TrialSize struct{ Mean, Error float64 }

// Try reads, crops and mixes at most 200 images from all over the input, for at most five seconds and a little, and
// writes nothing. A job that has no images to look at, such as a replay, gives a Trial without images.
func (j *Job) Try(ctx context.Context) (*Trial, error) {
	t := &trier{job: j, views: j.Description.Views(), began: time.Now(), most: min(trialImages, max(2, trialCrops/(3*j.Config.Size.H*j.Config.Size.W)))}
	if j.Config.Plan != "" || j.Complete != nil {
		return &t.Trial, nil
	}
	chunks, err := j.trialChunks(ctx)
	if err != nil {
		return nil, err
	}
	if t.maker, err = sample.New(&j.Description.Params); err != nil {
		return nil, err
	}
	for i, c := range chunks {
		left := len(chunks) - i
		if err := t.read(ctx, c, (t.most-t.Images+left-1)/left); err != nil {
			return nil, err
		}
	}
	if n := time.Duration(t.Images); n > 0 {
		t.Bytes /= float64(n)
		t.Read /= n
		t.Decode /= n
		t.Peak /= n
	}
	if len(t.rows) > 1 && !j.Options.PeaksOnly {
		if err := t.mix(); err != nil {
			return nil, err
		}
	}
	t.Took = time.Since(t.began)
	return &t.Trial, ctx.Err()
}

// trialChunks chooses chunks from all over the input.
func (j *Job) trialChunks(ctx context.Context) ([]source.Chunk, error) {
	if j.chunks != nil {
		return evenly(j.chunks, trialChunks), nil
	}
	var chunks []source.Chunk
	for _, c := range evenly(j.Catalog.Containers, trialRemote) {
		list, err := stage.Split(ctx, j.Description, c)
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, evenly(list, 1)...)
	}
	return chunks, nil
}

// evenly returns at most n of a list, from all over it.
func evenly[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	var chosen []T
	for i := range n {
		chosen = append(chosen, list[(2*i+1)*len(list)/(2*n)])
	}
	return chosen
}

type trier struct {
	Trial
	job   *Job
	views []*stage.Job // of each detector
	maker *sample.Maker
	began time.Time
	most  int
	half  sample.Half
	crops []imaging.Image
	rows  []plan.Row
	names []string // classes in the order in which they were seen, where inputs name them and no list is known
}

var errEnough = errors.New("enough images were tried")

// read tries at most n images of a chunk.
func (t *trier) read(ctx context.Context, c source.Chunk, n int) error {
	d := t.job.Description
	last := time.Now()
	err := source.Read(ctx, c, d.Source, d.Decode.MaxBytes, func(e source.Entry) error {
		t.Read += time.Since(last)
		defer func() { last = time.Now() }()
		if n <= 0 || t.Images >= t.most || time.Since(t.began) > trialTime {
			return errEnough
		}
		if e.Ignored {
			return nil
		}
		n--
		t.Images++
		if e.Sample.Fault != nil {
			t.Bad++
			return nil
		}
		t.Bytes += float64(len(e.Data))
		err := t.image(ctx, &e)
		if fault := (*premix.Fault)(nil); errors.As(err, &fault) {
			t.Bad++
			return nil
		}
		return err
	})
	var doubt *source.Doubt
	if errors.Is(err, errEnough) || errors.As(err, &doubt) {
		return nil
	}
	return err
}

// image decodes and crops an image, and finds its peak.
func (t *trier) image(ctx context.Context, e *source.Entry) error {
	s := e.Sample
	s.Replica = t.job.Description.Replicas[0]
	label, ok, err := t.label(&s)
	if err != nil {
		return err
	}
	if !ok {
		t.Excluded++
		return nil
	}
	start := time.Now()
	err = t.maker.DecodeFor(ctx, &t.half, e.Data, []premix.Sample{s})
	t.Decode += time.Since(start)
	if err != nil {
		return err
	}
	start = time.Now()
	if _, err := t.maker.Crop(&t.half, &s); err != nil {
		return err
	}
	var more []plan.Spot
	for i, v := range t.views {
		at := s
		t.maker.Reset(&v.Params)
		if v.Detects() {
			err = errors.Join(err, t.maker.Peak(&t.half, &at, false))
		} else {
			at.Peak, at.Trough, at.Flat = premix.Peak{}, premix.Peak{}, true // as where no peak is known
		}
		if i == 0 {
			s = at
		} else {
			more = append(more, plan.Spot{Peak: at.Peak, Trough: at.Trough, Flat: at.Flat})
		}
	}
	t.Peak += time.Since(start)
	if err != nil {
		return err
	}
	if used, err := t.imply(&s, label); err != nil || !used {
		return err
	}
	crop := imaging.Image{W: t.half.Crop.W, H: t.half.Crop.H, Pix: append([]byte(nil), t.half.Crop.Pix...)}
	i := int64(len(t.rows))
	t.crops = append(t.crops, crop)
	t.rows = append(t.rows, plan.Row{Ordinal: i, Position: i, Label: label, Sample: &s, More: more})
	return nil
}

// label is the class of an image; ok is false if it was not asked for.
func (t *trier) label(s *premix.Sample) (label int, ok bool, err error) {
	switch list := t.job.Catalog.Classes; {
	case list != nil:
		return t.job.Description.Resolve(s, list)
	case s.Label >= 0:
		label = s.Label
	default:
		if label = slices.Index(t.names, s.Class); label < 0 {
			label, t.names = len(t.names), append(t.names, s.Class)
		}
	}
	return label, true, nil
}

// imply counts the class of a good image in the list that labels imply. A label that is too large for a list is refused as
// the run refuses it, unless limits may end the run before such an image; then used is false.
func (t *trier) imply(s *premix.Sample, label int) (used bool, err error) {
	if t.job.Catalog.Classes != nil || t.job.Options.PeaksOnly {
		return true, nil
	}
	if err := stage.CheckLabel(label); err != nil {
		if t.job.Description.StopsEarly() {
			return false, nil
		}
		return false, err
	}
	t.Classes, t.Numbered = max(t.Classes, label+1), t.Numbered || s.Label >= 0
	return true, nil
}

// classes are the names of the class list. Where it is not known they are numbers, as far as records of these rows have
// them: each label must be in the list, of which the others may be a million.
func (t *trier) classes() []string {
	if t.job.Catalog.Classes != nil {
		return t.job.Catalog.Classes
	}
	list := make([]string, t.Classes)
	for _, r := range t.rows {
		list[r.Label] = strconv.Itoa(r.Label)
	}
	return list
}

// mix mixes the crops in each variant, and measures what shards of them would be.
func (t *trier) mix() error {
	outputs := t.job.Description.Outputs
	t.Outputs = make([]TrialSize, len(outputs))
	last := -1
	for i := range outputs { // variants are numbered as outputs need them
		if v := outputs[i].Variant; v > last {
			if err := t.mixVariant(v); err != nil {
				return err
			}
			last = v
		}
	}
	return nil
}

// mixVariant is mix for one variant.
func (t *trier) mixVariant(variant int) error {
	d := t.job.Description
	made := d.ParamsOf(variant)
	rows := stage.RowsFor(t.rows, d.Variants[variant].Finder, nil)
	of := map[*premix.Sample]*imaging.Image{}
	for i := range rows {
		of[rows[i].Sample] = &t.crops[i]
	}
	params := plan.Params{Mix: made.Mix, Size: d.Geometry.Size, Shards: plan.Shards{N: int64(len(t.rows)), S: 1}, Replica: d.Replicas[0], Named: true}
	recipes, err := params.Recipes(nil, rows)
	if err != nil {
		return err
	}
	plans, err := dataset.EncodePlan(recipes)
	if err != nil {
		return err
	}
	t.maker.Reset(made)
	pictures := make([][]byte, len(recipes))
	var dst imaging.Image
	start := time.Now()
	for i := range recipes {
		r := &recipes[i]
		if pictures[i], err = t.maker.Mix(&dst, nil, of[r.Target], of[r.Source], r); err != nil {
			return err
		}
	}
	t.Mix += time.Since(start) / time.Duration(len(recipes))
	classes := t.classes()
	sizes := make([]float64, len(pictures))
	for i, p := range pictures {
		sizes[i] = float64(len(p))
	}
	for i := range d.Outputs {
		if d.Outputs[i].Variant != variant {
			continue
		}
		some, images := recipes, pictures
		if d.Outputs[i].Spec.Dense() {
			most := max(1, trialDense/len(classes))
			some, images = evenly(recipes, most), evenly(pictures, most)
		}
		n, err := t.shard(&d.Outputs[i], made, classes, some, images)
		if err != nil {
			return err
		}
		mean := float64(n)/float64(len(some)) + float64(len(plans))/float64(len(recipes))
		t.Outputs[i] = TrialSize{mean, standardError(sizes)}
	}
	return nil
}

// shard returns the bytes of a shard with its index.
func (t *trier) shard(o *stage.Output, made *sample.Params, classes []string, recipes []premix.Recipe, pictures [][]byte) (int64, error) {
	format, err := formats.ByName(o.Format)
	if err != nil {
		return 0, err
	}
	spec := o.Spec
	spec.Shards, spec.Classes = 1, classes
	var size counter
	w := format.NewWriter(&size, spec)
	for i := range recipes {
		rec := dataset.Sample(&recipes[i], pictures[i], &spec)
		if spec.Dense() {
			rec.Soft = made.Soft(nil, &recipes[i], len(spec.Classes))
		}
		if err := w.Write(&rec); err != nil {
			return 0, err
		}
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	if format.IndexPath(spec, 0) != "" {
		size += counter(len(w.Index()))
	}
	return int64(size), nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// standardError is that of the mean, for at least two values.
func standardError(list []float64) float64 {
	n, sum, squares := float64(len(list)), 0.0, 0.0
	for _, v := range list {
		sum += v
		squares += v * v
	}
	return math.Sqrt(max(0, squares/n-sum/n*sum/n) / (n - 1))
}
