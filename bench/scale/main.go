// Command scale runs the stages of a job on drawn rows, without pixels: the peaks are put into the cache before, and
// the shards are written empty. All else is as in a job: the store is asked, chunks are looked up, rows are planned,
// shuffled and made into recipes, plans and records are written, the manifest is finished.
//
//	scale [flags]                   measure a job
//	scale gate [flags]              measure the gate alone, on drawn summaries
//	scale law [flags] < RESULT      from a result of -runner stages, what jobs of other sizes take
//	scale store ADDRESS LATENCY     a store in memory, whose answers take a while
//
// One line of JSON says for each stage the CPU time, the requests, the bytes that went to the next stage, and the most
// memory that this process held.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

func main() {
	formats.Replace(nullFormat{})
	stage.NoPixels()
	runners.Worker(os.Args[1:])
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// A setup says what is measured.
type setup struct {
	Images, Labels, Replicas int64
	Shards                   int64 // of a replica; 0: as many as a job has
	Bad                      int64 // one image of so many fails; 0: none
	Runner                   string
	Latency                  time.Duration
	Store                    string // URL of a bucket; empty: a store is started
	Slots                    int
	Rest, JobServer          string
}

func run(args []string) error {
	if len(args) == 3 && args[0] == "store" {
		latency, err := time.ParseDuration(args[2])
		if err != nil {
			return err
		}
		return serve(args[1], latency)
	}
	if len(args) > 0 && args[0] == "law" {
		return runLaw(args[1:])
	}
	alone := len(args) > 0 && args[0] == "gate"
	if alone {
		args = args[1:]
	}
	var s setup
	fs := flag.NewFlagSet("scale", flag.ContinueOnError)
	fs.Int64Var(&s.Images, "images", 100_000, "images of the input")
	fs.Int64Var(&s.Labels, "labels", 1000, "classes, each of which every chunk has")
	fs.Int64Var(&s.Replicas, "replicas", 1, "replicas")
	fs.Int64Var(&s.Shards, "shards", 0, "shards of a replica; 0: as many as a job has")
	fs.Int64Var(&s.Bad, "bad", 10_000, "one image of so many fails; 0: none")
	fs.StringVar(&s.Runner, "runner", "stages", "stages (one after the other, without Beam), direct, prism or flink")
	fs.DurationVar(&s.Latency, "latency", 25*time.Millisecond, "of each answer of the store")
	fs.IntVar(&s.Slots, "slots", 4, "of the Flink cluster")
	fs.StringVar(&s.Rest, "flink-rest", "http://localhost:8081", "of the Flink cluster")
	fs.StringVar(&s.JobServer, "flink-job-server", "localhost:8099", "of the Flink cluster")
	fs.StringVar(&s.Store, "store", "", "URL of an empty bucket that runs already")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if min(s.Images, s.Labels, s.Replicas) < 1 || s.Bad < 0 {
		return errors.New("-images, -labels and -replicas are at least 1")
	}
	measure := measureJob
	if alone {
		measure = measureGate
	}
	result, err := measure(&s)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
