package stage

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/sample"
)

// A bench runs the stages of a job one after the other, without Beam. Every word that a stage hands
// on has to be valid.
type bench struct {
	*testing.T
	job        *Job
	containers []source.Container
	sums       []Summary
	plan       *Plan
	global     *Global
}

// listed hands out summaries as a runner does.
func listed(sums []Summary) Summaries {
	return func(yield func(*Summary) error) error {
		for i := range sums {
			s := sums[i]
			if err := yield(&s); err != nil {
				return err
			}
		}
		return nil
	}
}

// newBench describes a job over n drawn images into an empty folder.
func newBench(t *testing.T, in string, change func(*Job)) *bench {
	t.Helper()
	params := mix.Params{Prob: 1, Lambda: mix.Lambda{Alpha: 1, Max: 1}, Seed: 3}
	params.EnsureDefaults()
	size := premix.Size{H: 32, W: 32}
	job := &Job{
		Params: sample.Params{
			Geometry: crop.Geometry{Mode: crop.Center, Size: size, Resize: 36, Filter: imaging.Bilinear},
			Detector: "finegrained", Mix: params, Encode: "png",
		},
		Source: source.Options{ChunkImages: 5}, Split: "train", Replicas: []int{0}, Shards: 2, Rounds: 1, OnBad: "skip", MaxBad: 0.5,
		Outputs: []Output{{
			Dir: t.TempDir(), Format: "webdataset", Recipe: json.RawMessage(`{"a":1}`), Fingerprint: "f",
			Spec: shard.Spec{Name: "premix", Split: "train", Replica: -1, LabelForm: "pair", ImageFormat: "png", Size: size},
		}},
		Cache:   CacheInfo{URI: t.TempDir(), Fingerprint: "p", Settings: []byte(`{}`)},
		Spool:   SpoolInfo{Mode: SpoolRef, URI: filepath.Join(t.TempDir(), "spool")},
		Indexes: Indexes{DALI: true}, RunID: "run-1", Inputs: json.RawMessage(`[]`), Run: json.RawMessage(`{}`),
	}
	if change != nil {
		change(job)
	}
	catalog, err := source.Discover(t.Context(), []source.Input{{URI: in}}, job.Source)
	if err != nil {
		t.Fatal(err)
	}
	job.Catalog.Classes, job.Catalog.Own = catalog.Classes, catalog.Own
	b := &bench{T: t, job: job, containers: catalog.Containers}
	b.valid(job)
	return b
}

// valid wants the invariants of a word to hold.
func (b *bench) valid(word interface{ AssertValid() error }) {
	b.Helper()
	if err := word.AssertValid(); err != nil {
		b.Fatal(err)
	}
}

// peaks makes the summaries of all chunks, or of those that the limits want.
func (b *bench) peaks() []Summary {
	b.Helper()
	b.sums = nil
	add := func(s *Summary) error {
		b.valid(s)
		b.sums = append(b.sums, *s)
		return nil
	}
	peak := func(c source.Chunk) error {
		s, err := Peaks(b.Context(), b.job, c)
		if err != nil {
			return err
		}
		return add(s)
	}
	first := Choose
	if b.job.StopsEarly() {
		first = Probe
	}
	err := first(b.Context(), b.job, b.containers, peak)
	if err == nil && b.job.StopsEarly() {
		for _, last := range []bool{false, true} {
			if err == nil {
				err = More(b.Context(), b.job, b.containers, slices.Clone(b.sums), last, peak)
			}
		}
		estimated := b.sums
		b.sums = nil
		if err == nil {
			err = Rest(b.Context(), b.job, b.containers, estimated, add)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	return b.sums
}

// plan runs the stages up to the plan, without an error.
func (b *bench) planned() *Global {
	b.Helper()
	b.peaks()
	if err := b.gate(); err != nil {
		b.Fatal(err)
	}
	return b.global
}

// gate makes the plan of the summaries.
func (b *bench) gate() (err error) {
	b.Helper()
	if b.plan, err = Gate(b.Context(), b.job, listed(b.sums)); err != nil {
		return err
	}
	b.global = b.plan.Global
	b.valid(b.global)
	for i := range b.plan.Chunks {
		b.valid(&b.plan.Chunks[i])
	}
	for i := range b.plan.Accounts {
		b.valid(&b.plan.Accounts[i])
	}
	return nil
}

// mix makes the shards from rows in a random order.
func (b *bench) mix(random *rand.Rand) (batches []OutputBatch, err error) {
	b.Helper()
	parts := map[int64][]plan.Row{}
	for i := range int64(len(b.plan.Chunks)) * b.global.Rounds {
		chunk, round := &b.plan.Chunks[i/b.global.Rounds], i%b.global.Rounds
		err := Distribute(b.Context(), b.job, b.global, chunk, round, func(part int64, batch []byte) {
			var err error
			if parts[part], err = plan.ReadRows(parts[part], batch); err != nil {
				b.Fatal(err)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, rows := range parts {
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		r, err := Mix(b.Context(), b.job, b.global, rows)
		if err != nil {
			return nil, err
		}
		for i := range r {
			b.valid(&r[i])
		}
		batches = append(batches, r...)
	}
	return batches, nil
}

// finish completes the outputs, with batches as they travel.
func (b *bench) finish(batches []OutputBatch) error {
	return Finish(b.Context(), b.job, b.global, slices.Clone(b.plan.Accounts), travel(batches))
}

// travel yields batches after they were encoded.
func travel(batches []OutputBatch) iter.Seq2[*OutputBatch, error] {
	return func(yield func(*OutputBatch, error) bool) {
		for i := range batches {
			data, err := batches[i].Encode()
			if err != nil {
				yield(nil, err)
				return
			}
			if b, err := ReadOutputBatch(data); !yield(b, err) {
				return
			}
		}
	}
}

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// run runs all stages, each on elements in a random order, and returns the plan.
func (b *bench) run(seed uint64) (*Global, error) {
	b.Helper()
	random := newRandom(seed)
	b.peaks()
	random.Shuffle(len(b.sums), func(i, j int) { b.sums[i], b.sums[j] = b.sums[j], b.sums[i] })
	if err := b.gate(); err != nil {
		return nil, err
	}
	chunks, accounts := b.plan.Chunks, b.plan.Accounts
	random.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
	batches, err := b.mix(random)
	if err != nil {
		return b.global, err
	}
	random.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
	return b.global, b.finish(batches)
}

// must is run without an error.
func (b *bench) must(seed uint64) *Global {
	b.Helper()
	g, err := b.run(seed)
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// manifest is that of the output.
func (b *bench) manifest() *dataset.Manifest {
	b.Helper()
	m, err := dataset.LoadManifest(b.Context(), b.job.Outputs[0].Dir, "train")
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// files hashes what is promised to be the same.
func (b *bench) files() map[string]string {
	b.Helper()
	files := map[string]string{}
	dir := b.job.Outputs[0].Dir
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{"run.json", "inputs.json", "report.html"}, d.Name()) {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files
}

// refused is the refusal that an error is.
func refused(t *testing.T, err error, code int) string {
	t.Helper()
	r := FindRefusal(err)
	if r == nil || r.Code != code {
		t.Fatalf("%v, want a refusal with code %d", err, code)
	}
	return r.Message
}
