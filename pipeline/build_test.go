package pipeline

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/exec"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/vet"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms"
	"github.com/premix/premix/transforms/stage"
)

func TestMain(m *testing.M) { ptest.Main(m) }

func init() {
	register.DoFn2x0[context.Context, []byte](&countFn{})
	register.DoFn3x0[context.Context, int64, []byte](&countKVFn{})
	// Beam makes the function that begins a side input anew by reflection in each case, one call a stage. Its vet
	// wants a maker all the same, which nothing would call.
	exec.RegisterInput(reflect.TypeFor[func() func(*[]byte) bool](), nil)
}

// countFn adds the sizes of elements to a counter.
type countFn struct{ Name string }

func (fn *countFn) ProcessElement(ctx context.Context, b []byte) {
	beam.NewCounter("test", fn.Name).Inc(ctx, int64(len(b)))
}

type countKVFn struct{ Name string }

func (fn *countKVFn) ProcessElement(ctx context.Context, _ int64, b []byte) {
	beam.NewCounter("test", fn.Name).Inc(ctx, int64(len(b))+8)
}

// testJob is a job over n drawn images.
func testJob(t *testing.T, n int, change func(*Config)) (*stage.Job, []source.Container) {
	t.Helper()
	c := Default()
	c.In = []string{fmt.Sprintf("synth:%d", n)}
	c.Out = t.TempDir()
	c.Cache = t.TempDir()
	c.ChunkSize = 40
	if change != nil {
		change(&c)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	catalog, err := source.Discover(context.Background(), Inputs(c.In), c.SourceOptions())
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.Job(Start{Catalog: catalog, RunID: "test", CacheURI: c.Cache, SpoolMode: stage.SpoolRef, SpoolURI: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return job, catalog.Containers
}

// TestPerformant lets Beam's own check look at every variant of the pipeline: an unregistered
// function or type works locally and fails on a cluster.
func TestPerformant(t *testing.T) {
	build := map[string]func(beam.Scope, *stage.Job, []source.Container){"mix": Build, "peaks": BuildPeaks, "replay": BuildReplay}
	changes := map[string]func(*Config){
		"default":  nil,
		"center":   func(c *Config) { c.Geometry = "center" },
		"replicas": func(c *Config) { c.Replicas = 3 },
		"rounds":   func(c *Config) { c.Replicas = 100 },
		"dense":    func(c *Config) { c.LabelForm = "dense" },
		"list":     func(c *Config) { c.Method = "saliencymix:0.5,mixup:0.3" },
		"uniform":  func(c *Config) { c.Detector = "uniform" },
		"limit":    func(c *Config) { c.Limit = 5 },
		"planonly": func(c *Config) { c.PlanOnly = true },
	}
	for name, b := range build {
		for change, f := range changes {
			job, containers := testJob(t, 20, f)
			p, s := beam.NewPipelineWithRoot()
			b(s, job, containers)
			e, err := vet.Evaluate(context.Background(), p)
			if err != nil {
				t.Fatalf("%s %s: %v", name, change, err)
			}
			if !e.Performant() {
				t.Errorf("%s %s: not performant: a function or type is not registered", name, change)
			}
		}
	}
}

// TestShuffleBytes holds invariant 1 of the design: image bytes are never shuffled. All bytes that
// cross an edge where a runner may move them are bounded by the number of rows.
func TestShuffleBytes(t *testing.T) {
	const n, replicas = 400, 2
	job, containers := testJob(t, n, func(c *Config) { c.Replicas = replicas; c.Size.H, c.Size.W = 64, 64 })
	p, s := beam.NewPipelineWithRoot()
	count := func(name string, c beam.PCollection) { beam.ParDo0(s, &countFn{Name: name}, c) }
	chunks := transforms.Scan(s, job, containers)
	count("chunks", chunks)
	summaries := transforms.Peaks(s, job, chunks)
	count("summaries", summaries)
	global, planned, accounts := transforms.Gate(s, job, summaries)
	count("global", global)
	count("planned", planned)
	count("accounts", accounts)
	rows := transforms.Distribute(s, job, 0, planned, global)
	beam.ParDo0(s, &countKVFn{Name: "rows"}, rows)
	groups := transforms.Collect(s, job, rows)
	beam.ParDo0(s, &countKVFn{Name: "groups"}, groups)
	records := transforms.Mix(s, job, groups, global)
	count("records", records)
	transforms.Finish(s, job, accounts, global, records)
	res := ptest.RunAndValidate(t, p)
	sizes := map[string]int64{}
	var all int64
	for _, c := range res.Metrics().Query(func(r beam.MetricResult) bool { return r.Namespace() == "test" }).Counters() {
		sizes[c.Name()] += c.Committed
	}
	for _, name := range []string{"chunks", "summaries", "global", "planned", "accounts", "rows", "groups", "records"} {
		if sizes[name] == 0 {
			t.Errorf("nothing was counted on the edge %q", name)
		}
		all += sizes[name]
	}
	const perRow, constant = 256, 128 << 10
	if limit := int64(n*replicas*perRow + constant); all > limit {
		t.Errorf("%d bytes on the edges %v, more than %d rows × %d + %d = %d", all, sizes, n*replicas, perRow, constant, limit)
	}
	if perRowNow := float64(sizes["rows"]) / (n * replicas); perRowNow > 100 {
		t.Errorf("%.1f bytes a row on the shuffle edge", perRowNow)
	}
	t.Logf("bytes on the edges of %d rows: %v", n*replicas, sizes)
}
