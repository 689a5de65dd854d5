package pipeline_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	//lint:ignore SA1019 the runner that needs no other process
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// A program puts the stages of a job into a Beam pipeline of its own. Such a job has no lock and no
// checks of what is at its output; package launch starts jobs that have.
func Example() {
	beam.Init()
	ctx := context.Background()
	work, err := os.MkdirTemp("", "premix-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(work)

	config := pipeline.Default()
	config.In = []string{"synth:40"}
	config.Out = filepath.Join(work, "out")
	config.Cache = filepath.Join(work, "cache")
	config.Size.H, config.Size.W = 64, 64
	if err := config.Validate(); err != nil {
		log.Fatal(err)
	}
	catalog, err := source.Discover(ctx, pipeline.Inputs(config.In), config.SourceOptions())
	if err != nil {
		log.Fatal(err)
	}
	job, err := config.Job(pipeline.Start{Catalog: catalog, RunID: "example", CacheURI: config.Cache, SpoolMode: stage.SpoolRef})
	if err != nil {
		log.Fatal(err)
	}

	p, s := beam.NewPipelineWithRoot()
	pipeline.Build(s.Scope("premix"), job, catalog.Containers)
	if _, err := beam.Run(ctx, "direct", p); err != nil {
		log.Fatal(err)
	}

	m, err := dataset.LoadManifest(ctx, config.Out, config.Split)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d good images became %d samples\n", m.Counts.Good, m.Counts.Samples)
	// Output: 40 good images became 40 samples
}
