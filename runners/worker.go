package runners

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/apache/beam/sdks/v2/go/container/tools"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/harness"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"

	"github.com/premix/premix/internal/printable"
)

// Worker turns this process into a worker if the arguments say so, and then does not return. It
// must run before the command line is looked at in any other way: a cluster starts the binary
// with no subcommand.
//
// There are two ways in. Dataflow's container starts the binary with --worker=true and all that
// it needs. Flink's process environment starts it with --id and --provision_endpoint; then the
// binary asks the provision service for the rest, as Beam's boot program does, but without a
// download, a wrapper, or a child process that could outlive its parent.
func Worker(args []string) {
	if !workerArgs(args) {
		return
	}
	if endpoint, ok := value(args, "provision_endpoint"); ok {
		if err := boot(args, endpoint); err != nil {
			fmt.Fprintln(os.Stderr, "premix worker:", printable.Text(err.Error()))
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	beam.Init() // serves until the runner is done, and does not return
	os.Exit(1)
}

// value finds --name=value among the arguments.
func value(args []string, name string) (string, bool) {
	for _, a := range args {
		if v, ok := strings.CutPrefix(strings.TrimLeft(a, "-"), name+"="); ok && strings.HasPrefix(a, "-") {
			return v, true
		}
	}
	return "", false
}

// boot serves a runner whose provision service is at endpoint.
func boot(args []string, endpoint string) error {
	id, ok := value(args, "id")
	if !ok {
		return errors.New("--provision_endpoint without --id")
	}
	// Prism quotes the id for a shell that is not there.
	id = strings.Trim(id, "'")
	go watchParent()
	ctx := grpcx.WriteWorkerID(context.Background(), id)
	info, err := tools.ProvisionInfo(ctx, endpoint)
	if err != nil {
		return fmt.Errorf("provision service at %s: %w", endpoint, err)
	}
	options, err := tools.ProtoToJSON(info.GetPipelineOptions())
	if err != nil {
		return err
	}
	logging, control := endpoint, endpoint
	if u := info.GetLoggingEndpoint().GetUrl(); u != "" {
		logging = u
	}
	if u := info.GetControlEndpoint().GetUrl(); u != "" {
		control = u
	}
	if v, ok := value(args, "logging_endpoint"); ok {
		logging = v
	}
	if v, ok := value(args, "control_endpoint"); ok {
		control = v
	}
	var wrapped runtime.RawOptionsWrapper
	if err := json.Unmarshal([]byte(options), &wrapped); err != nil {
		return fmt.Errorf("pipeline options: %w", err)
	}
	runtime.GlobalOptions.Import(wrapped.Options)
	if err := flag.CommandLine.Parse(nil); err != nil {
		return err
	}
	beam.Init()
	redactLogs()
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	err = harness.MainWithOptions(ctx, logging, control, harness.Options{
		StatusEndpoint:     info.GetStatusEndpoint().GetUrl(),
		RunnerCapabilities: info.GetRunnerCapabilities(),
	})
	// The runner has no more use for this process, but a bundle that it gave up may be writing:
	// its context ends here, and it gets a moment to take its temporary files away.
	told := ctx.Err() != nil
	stop()
	time.Sleep(farewell)
	if told {
		return nil
	}
	return err
}

// farewell is how long given up bundles have to end.
const farewell = 300 * time.Millisecond

// watchParent ends the process when its parent is gone: a TaskManager that was killed must leave no
// worker. (A death signal would be wrong, since it comes when the parent's thread ends.)
func watchParent() {
	parent := os.Getppid()
	for {
		time.Sleep(500 * time.Millisecond)
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}
