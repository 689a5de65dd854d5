// Package runners turns a built pipeline into a finished job: in this process (direct, prism), on
// a Flink cluster, or on Dataflow. It is the one importer of Beam's runners, which define some
// sixty flags in the process and expect the binary to be its own worker; both stay in here.
//
// main calls [Worker] before it does anything else.
package runners

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	beamlog "github.com/apache/beam/sdks/v2/go/pkg/beam/log"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners" // defines --runner
	//lint:ignore SA1019 in-process, without a socket, at a quarter of the cost a row; every test passes on prism too
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/direct" // registers direct

	"github.com/premix/premix/runners/dataflow"
	"github.com/premix/premix/runners/flink"
	"github.com/premix/premix/runners/internal/goeson"
	"github.com/premix/premix/runners/internal/graphsize"
	"github.com/premix/premix/runners/prism"
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

// Outlives says whether a job of the runner goes on when its launcher is interrupted.
func Outlives(name string) bool { return name == Dataflow }

// initialise prepares Beam for the launcher. Beam replaces the default logger and logs at info
// level; a launcher speaks for itself, so only warnings pass.
func initialise(args []string) error {
	level := "warn"
	if v := os.Getenv("PREMIX_BEAM_LOG"); v != "" {
		level = v
	}
	beamlog.LogLevel = level
	// The process must not end with a list of sixty flags because one is wrong.
	flag.CommandLine.Init(flag.CommandLine.Name(), flag.ContinueOnError)
	flag.CommandLine.SetOutput(io.Discard)
	// Beam's options come after --; the command line itself belongs to the subcommands.
	if err := flag.CommandLine.Parse(args); err != nil {
		return &UsageError{fmt.Errorf("flags after --: %w", err)}
	}
	if rest := flag.CommandLine.Args(); len(rest) > 0 {
		return &UsageError{fmt.Errorf("flags after --: %q is not a flag", rest[0])}
	}
	beam.Init()
	redactLogs()
	return nil
}

// A UsageError is a mistake in the options of a runner; nothing was done.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the mistake.
func (e *UsageError) Unwrap() error { return e.Err }

// quiet silences Beam in this process, for good: a runner in our own process repeats on five lines of
// its log the error that it returns, some of them after it has returned.
func quiet() {
	if os.Getenv("PREMIX_BEAM_LOG") == "" {
		slog.SetDefault(slog.New(slog.DiscardHandler))
	}
}

// ownTemp gives this process a folder of its own for temporary files, until tidy: Beam makes a file
// for each job on prism, and leaves it.
func ownTemp() (tidy func(), err error) {
	dir, err := os.MkdirTemp("", "premix-")
	if err != nil {
		return nil, err
	}
	before, was := os.LookupEnv("TMPDIR")
	os.Setenv("TMPDIR", dir)
	return func() {
		if was {
			os.Setenv("TMPDIR", before)
		} else {
			os.Unsetenv("TMPDIR")
		}
		os.RemoveAll(dir)
	}, nil
}

// Options say how a job is run.
type Options struct {
	Runner  string
	JobName string
	// Args are Beam's own flags, as given after --.
	Args []string
	// Flink says where the cluster is; the other fields of Options are copied into it.
	Flink flink.Options
	// Remote are the URIs that the workers of a cluster must reach.
	Remote []string
	// PrismOpenPort lets prism run where the port of its job service cannot be kept to this host.
	PrismOpenPort bool
	// Async returns as soon as a job is submitted to a cluster.
	Async bool
	// Say prints a line about the job; Warn one about the cluster.
	Say, Warn func(format string, args ...any)
	// Out is where results go: the job that a dry run of Dataflow would submit.
	Out io.Writer
	// Progress, if not nil, is called now and then while a job runs on a cluster.
	Progress func(Status)
	// Final says whether the text of a worker's error shows that trying again is useless; then the
	// job ends at once.
	Final func(text string) bool
}

// A Status says how far a job on a cluster is.
type Status struct {
	// State is the cluster's word for the state of the job, in capitals.
	State string
	// Steps are the parts of the job in their order, if the cluster tells; their names contain those
	// of the transforms.
	Steps []Step
	// Faults counts the failures of workers that the job went on after.
	Faults int
}

// A Step is a part of a job. Its status is RUNNING while it works and FINISHED after that.
type Step struct{ Name, Status string }

// Run runs a pipeline to its end. An error is the job's own, or one of the runner. When ctx ends,
// a local job and one on Flink end too; one on Dataflow goes on, as does one on Flink that cannot
// be reached any more, and the error is [ErrGoesOn].
//
// finished says that there was a job and that it has ended: not after Async, nor after a dry run.
func Run(ctx context.Context, p *beam.Pipeline, o Options) (finished bool, err error) {
	if err := initialise(o.Args); err != nil {
		return false, err
	}
	if *jobopts.WorkerBinary == "" {
		// Otherwise Beam would run the Go compiler to make a worker.
		exe, err := os.Executable()
		if err != nil {
			return false, err
		}
		*jobopts.WorkerBinary = exe
	}
	switch o.Runner {
	case Direct:
		quiet()
		_, err := beam.Run(ctx, o.Runner, p)
		return err == nil, err
	case Prism:
		quiet()
		tidy, err := ownTemp()
		if err != nil {
			return false, err
		}
		defer tidy()
		err = prism.Run(ctx, p, o.PrismOpenPort)
		return err == nil, asUsage(err)
	case Flink:
		f, err := o.flink()
		if err != nil {
			return false, err
		}
		err = flink.Run(ctx, p, f)
		return err == nil && !o.Async, asUsage(err)
	case Dataflow:
		finished, err = dataflow.Run(ctx, p, o.dataflow())
		return finished, asUsage(err)
	}
	return false, fmt.Errorf("runner %q is not built in", o.Runner)
}

// asUsage makes a refusal of prism, or of a job that is too large, a *UsageError.
func asUsage(err error) error {
	if large := (*graphsize.Error)(nil); errors.As(err, &large) {
		return &UsageError{large}
	}
	if refused := (*prism.RefusedError)(nil); errors.As(err, &refused) {
		return &UsageError{refused}
	}
	return err
}

// ErrGoesOn says that the launcher ended and the job on the cluster goes on, perhaps.
var ErrGoesOn = goeson.Err

// A Cluster is what a look at a runner tells.
type Cluster struct {
	// Elsewhere says that the workers are other processes than this one.
	Elsewhere bool
	// WorkerBinary is the file that is sent to the workers (--worker_binary), if it is not this program.
	WorkerBinary string
	// Slots is the number of places that may work on the job at once, about.
	Slots int
	// DryRun says that the flags after -- ask for a dry run: Run will only print.
	DryRun bool
}

// Check looks at the options of a runner, and at the cluster, before anything is done. Mistakes
// are a *UsageError.
func Check(ctx context.Context, o Options) (Cluster, error) {
	if !Local(o.Runner) || len(o.Args) > 0 {
		if err := initialise(o.Args); err != nil {
			return Cluster{}, err
		}
	}
	c := Cluster{Elsewhere: true, WorkerBinary: *jobopts.WorkerBinary}
	switch o.Runner {
	case Direct:
		return Cluster{}, nil
	case Prism:
		if !o.PrismOpenPort {
			if err := prism.Check(); err != nil {
				return c, asUsage(err)
			}
		}
		if prism.InProcess() {
			return Cluster{}, nil
		}
		return c, nil
	case Dataflow:
		if err := dataflow.Check(o.dataflow()); err != nil {
			return c, &UsageError{err}
		}
		// Dataflow chooses the number of workers while the job runs.
		c.Slots, c.DryRun = dataflow.Slots(), dataflow.DryRun()
		return c, nil
	}
	f, err := o.flink()
	if err != nil {
		return c, err
	}
	c.Slots, err = flink.Check(ctx, f)
	return c, err
}

// flink returns the options for Flink. Beam's own flags may say where the workers' binary is and
// what its environment has: --environment_config={"command":"/opt/premix","env":{"K":"V"}}.
func (o Options) flink() (flink.Options, error) {
	f := o.Flink
	f.JobName, f.Async, f.Say, f.Warn, f.Final = o.JobName, o.Async, o.Say, o.Warn, o.Final
	if o.Progress != nil {
		f.Progress = func(s flink.Status) {
			t := Status{State: s.State, Faults: s.Faults}
			for _, v := range s.Steps {
				t.Steps = append(t.Steps, Step(v))
			}
			o.Progress(t)
		}
	}
	if t := *jobopts.EnvironmentType; t != "" && !strings.EqualFold(t, "PROCESS") {
		return f, &UsageError{fmt.Errorf("--environment_type=%s: on Flink the workers are processes of this binary, PROCESS", t)}
	}
	if config := *jobopts.EnvironmentConfig; config != "" {
		var c struct{ Command string }
		if err := json.Unmarshal([]byte(config), &c); err != nil || c.Command == "" {
			return f, &UsageError{fmt.Errorf(`--environment_config: give the path of this binary on the TaskManagers' hosts as {"command":"/opt/premix/premix"}`)}
		}
		f.Environment = config
	}
	return f, nil
}

func (o Options) dataflow() dataflow.Options {
	d := dataflow.Options{JobName: o.JobName, Remote: o.Remote, Async: o.Async, Say: o.Say, Warn: o.Warn, Out: o.Out}
	if o.Progress != nil {
		d.Progress = func(state string) { o.Progress(Status{State: state}) }
	}
	return d
}

// workerArgs says whether the arguments start this process as a worker of a cluster.
func workerArgs(args []string) bool {
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
