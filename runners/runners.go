// Package runners turns a built pipeline into a finished job: in this process (direct, prism), on
// a Flink cluster, or on Dataflow. It is the one importer of Beam's runners, which define some
// sixty flags in the process and expect the binary to be its own worker; both stay in here.
//
// main calls [Worker] before it does anything else.
package runners

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners"        // defines --runner
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct" // registers direct
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"  // registers prism

	"github.com/premix/premix/runners/dataflow"
	"github.com/premix/premix/runners/flink"
)

// The runners.
const (
	Direct   = "direct"
	Prism    = "prism"
	Flink    = "flink"
	Dataflow = "dataflow"
)

// Local says whether a runner works in the launcher's own process.
func Local(name string) bool { return name == Direct || name == Prism }

// initialise prepares Beam for the launcher. Beam replaces the default logger and logs at info
// level; a launcher speaks for itself, so only warnings pass.
func initialise() error {
	level := "warn"
	if v := os.Getenv("PREMIX_BEAM_LOG"); v != "" {
		level = v
	}
	beamlog.LogLevel = level
	if !flag.Parsed() {
		// Beam's options come after -- and are handed over by Run; the command line itself belongs
		// to the subcommands.
		if err := flag.CommandLine.Parse(nil); err != nil {
			return err
		}
	}
	beam.Init()
	return nil
}

// Options say how a job is run.
type Options struct {
	Runner  string
	JobName string
	// Args are Beam's own flags, as given after --.
	Args []string
	// Flink says where the cluster is. JobName, Say and Warn are filled in.
	Flink flink.Options
	// Remote are the URIs that the workers of a cluster must reach.
	Remote []string
	// Async returns as soon as a job is submitted to a cluster, DryRun (Dataflow) before.
	Async, DryRun bool
	// Say prints a line about the job; Warn one about the cluster.
	Say, Warn func(format string, args ...any)
}

// Run runs a pipeline to its end. An error is the job's own, or one of the runner.
func Run(ctx context.Context, p *beam.Pipeline, o Options) error {
	if err := initialise(); err != nil {
		return err
	}
	if err := flag.CommandLine.Parse(o.Args); err != nil {
		return fmt.Errorf("flags after --: %w", err)
	}
	if rest := flag.CommandLine.Args(); len(rest) > 0 {
		return fmt.Errorf("flags after --: %q is no flag", rest[0])
	}
	if *jobopts.WorkerBinary == "" {
		// Otherwise Beam would run the Go compiler to make a worker.
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		*jobopts.WorkerBinary = exe
	}
	switch o.Runner {
	case Direct, Prism:
		_, err := beam.Run(ctx, o.Runner, p)
		return err
	case Flink:
		f := o.Flink
		f.JobName, f.Async, f.Say, f.Warn = o.JobName, o.Async, o.Say, o.Warn
		return flink.Run(ctx, p, f)
	case Dataflow:
		return dataflow.Run(ctx, p, dataflow.Options{JobName: o.JobName, Remote: o.Remote, Async: o.Async, DryRun: o.DryRun, Say: o.Say})
	}
	return fmt.Errorf("runner %q is not built in", o.Runner)
}

// Check looks at the options of a runner before anything is done.
func Check(o Options) error {
	if o.Runner != Dataflow {
		return nil
	}
	if err := initialise(); err != nil {
		return err
	}
	if err := flag.CommandLine.Parse(o.Args); err != nil {
		return fmt.Errorf("flags after --: %w", err)
	}
	return dataflow.Check(dataflow.Options{JobName: o.JobName, Remote: o.Remote})
}

// WorkerArgs says whether the arguments start this process as a worker of a cluster.
func WorkerArgs(args []string) bool {
	for _, a := range args {
		name := strings.TrimLeft(a, "-")
		if len(name) == len(a) {
			continue
		}
		if name == "worker" || strings.HasPrefix(name, "worker=") || strings.HasPrefix(name, "provision_endpoint=") {
			return true
		}
	}
	return false
}
