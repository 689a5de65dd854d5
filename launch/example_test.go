package launch_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
)

// A program runs a job as premix mix does, with its checks, its lock and its resume.
func Example() {
	runners.Worker(os.Args[1:]) // a cluster starts this program as its worker
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
	job, finished, err := launch.Run(ctx, config, launch.Options{})
	if err != nil {
		log.Fatal(err)
	}

	m, err := dataset.LoadManifest(ctx, job.Config.Out, job.Config.Split)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("finished: %v, %d samples of %d images\n", finished, m.Counts.Samples, job.Expected())
	// Output: finished: true, 40 samples of 40 images
}
