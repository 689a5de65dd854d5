// Package prism runs a pipeline on Beam's prism runner in this process, so that only this host reaches it.
//
// Prism has one listener, for its job service, the staging of artifacts, and all that workers ask for. Beam
// lets it listen on all interfaces and asks nobody for a password, and a job may name a command that
// prism runs. This package keeps the port to this host before the first connection is accepted: see
// keepLocal.
package prism

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	beamprism "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism" // registers prism
)

// server is the job service of this process. It lives as long as the process: Beam does not let it be
// stopped.
var server struct {
	sync.Mutex
	endpoint string
	local    bool // only this host reaches it
}

// startWithin is how long the job service may take to answer its own process.
const startWithin = 30 * time.Second

// Check reports why the port of the job service could not be kept to this host. It says nothing about
// the job service of somebody else, which --endpoint names.
func Check() error {
	server.Lock()
	defer server.Unlock()
	if foreign() || server.local {
		return nil
	}
	return refuse(errors.Join(checkLocalhost(), try()))
}

// Run runs a pipeline to its end. Unless open is true, it ends before the job is submitted if the port
// of the job service cannot be kept to this host.
func Run(ctx context.Context, p *beam.Pipeline, open bool) error {
	if err := start(ctx, open); err != nil {
		return err
	}
	run := func(ctx context.Context) error {
		_, err := beam.Run(ctx, "prism", p)
		return err
	}
	if strings.EqualFold(*jobopts.EnvironmentType, "process") && !foreign() {
		return whileWorkers(ctx, run)
	}
	return run(ctx)
}

// InProcess says whether this process will be the worker of a job, which it is by default.
func InProcess() bool {
	server.Lock()
	defer server.Unlock()
	t := *jobopts.EnvironmentType
	return strings.EqualFold(t, "loopback") || t == "" && !foreign()
}

// foreign says that the flags name a job service which is not that of this process.
func foreign() bool { return *jobopts.Endpoint != "" && *jobopts.Endpoint != server.endpoint }

// start starts the job service of this process, unless a fitting one runs already, and makes Beam use it.
func start(ctx context.Context, open bool) (err error) {
	server.Lock()
	defer server.Unlock()
	if foreign() {
		return nil
	}
	if server.endpoint == "" || !server.local && !open {
		keep := keepLocal
		if open {
			keep = func(int) error { return nil }
		}
		endpoint, err := listen(ctx, keep)
		if err != nil {
			return refuse(err)
		}
		server.endpoint, server.local = endpoint, !open
	}
	*jobopts.Endpoint = server.endpoint
	if *jobopts.EnvironmentType == "" {
		// As Beam does where it starts the service itself: this process is the worker. The service by which
		// it is started listens on localhost.
		*jobopts.EnvironmentType = "loopback"
	}
	return nil
}

// listen starts prism's job service on a free port. It calls keep with the port while the service
// listens and does not accept yet; an error of keep ends the service.
func listen(ctx context.Context, keep func(port int) error) (endpoint string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	before := slog.Default()
	w := &watch{keep: keep, failed: cancel, next: before.Handler()}
	defer func() {
		// Beam panics where it cannot listen.
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	setLog(w)
	err = plainTCP(func() error {
		_, err := beamprism.CreateJobServer(ctx, beamprism.Options{})
		return err
	})
	slog.SetDefault(before)
	switch {
	case w.err != nil:
		return "", w.err
	case err != nil:
		return "", fmt.Errorf("its job service does not answer on localhost: %w", err)
	case w.endpoint == "":
		return "", errors.New("its job service listens, but did not say where")
	}
	return w.endpoint, nil
}

// plainTCP calls f with Multipath TCP off, which Go uses for what listens: kernels before 5.16
// do not bind its sockets to a device.
func plainTCP(f func() error) error {
	const name = "GODEBUG"
	before, was := os.LookupEnv(name)
	os.Setenv(name, strings.TrimPrefix(before+",multipathtcp=0", ","))
	defer func() {
		if was {
			os.Setenv(name, before)
		} else {
			os.Unsetenv(name)
		}
	}()
	return f()
}

// checkLocalhost reports whether localhost, by which prism and its workers find each other, and on which
// the service for loopback workers listens, is an address that other hosts reach.
func checkLocalhost() error {
	list, err := net.LookupIP("localhost")
	if err != nil {
		return fmt.Errorf("localhost has no address: %w", err)
	}
	for _, ip := range list {
		if !ip.IsLoopback() {
			return fmt.Errorf("localhost is %v here, which is not a loopback address", ip)
		}
	}
	return nil
}

// A RefusedError says that the port of the job service cannot be kept to this host.
type RefusedError struct{ Reason error }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("--runner prism: whoever reaches its port runs commands as this user, and the port cannot be kept to this host (%v): use --runner direct, or add --prism-open-port if nobody else reaches this host", e.Reason)
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Reason }

func refuse(err error) error {
	if err == nil {
		return nil
	}
	return &RefusedError{err}
}
