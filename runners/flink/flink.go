// Package flink submits a pipeline to a Flink cluster through Beam's job server, watches it, and
// cancels it.
//
// It speaks the job service itself, since the flags of Beam's Go SDK cannot say what Flink needs:
// the parallelism, batch exchanges (with them a lost worker costs its own part only), and how
// long worker processes are kept between stages. The workers are this very binary, started by the
// TaskManagers (environment PROCESS); it must lie at the same path on each of their hosts.
//
// Flink's REST interface is asked for what the job service does not do in batch jobs: cancelling,
// the state of the job while it runs, and the errors of its workers. It is also what decides how
// the job ended, so a job server that goes away takes no job with it.
package flink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
	"google.golang.org/grpc"
)

// Options say where the cluster is and how much of it to use.
type Options struct {
	JobName string
	// JobServer is host:port of Beam's job server.
	JobServer string
	// REST is the base URL of Flink's REST interface.
	REST string
	// Environment is the JSON form of Beam's ProcessPayload, which says how a TaskManager starts a
	// worker; empty: this binary, at the path that it has here.
	Environment string
	// Parallelism is the number of slots to use; 0 takes all that the cluster has.
	Parallelism int
	// SDKWorkers is the number of worker processes of a TaskManager; 0 is Beam's default, one.
	SDKWorkers int
	// Async returns as soon as the job is submitted.
	Async bool
	// Say prints a line about the job; Warn one about the cluster.
	Say, Warn func(format string, args ...any)
	// Progress, if not nil, is called about twice a second while the job runs.
	Progress func(Status)
	// Final says whether the text of a worker's error shows that trying again is useless; then the
	// job ends at once instead of after all restarts. nil: never.
	Final func(text string) bool
}

// A Status says how far a job is.
type Status struct {
	// State is Flink's word, such as RUNNING or RESTARTING.
	State string
	// Steps are the operators of the job in their order.
	Steps []Step
	// Faults counts the failures of workers that the job went on after.
	Faults int
}

// A Step is one operator of the job.
type Step struct{ Name, Status string }

// Errors that say how a job ended.
var (
	// errCancelled: the context ended, and the job was cancelled.
	errCancelled = errors.New("flink: the job was cancelled")
	// errForeignCancel: somebody else cancelled the job.
	errForeignCancel = errors.New("it was cancelled from outside; run again to continue")
)

// Run submits a pipeline and waits for its end. When ctx ends, the Flink job is cancelled.
//
// The error of a job that failed holds the text of the worker's own error.
func Run(ctx context.Context, p *beam.Pipeline, o Options) error {
	if o.Parallelism == 0 {
		slots, err := Check(ctx, o)
		if err != nil {
			return err
		}
		o.Parallelism = slots
	}
	conn, err := dial(ctx, o.JobServer)
	if err != nil {
		return err
	}
	defer conn.Close()
	client := jobpb.NewJobServiceClient(conn)
	id, err := submit(ctx, client, p, o)
	if err != nil {
		return err
	}
	w := &watch{o: o, client: client, cluster: newREST(o.REST), id: id, name: flinkName(id)}
	o.Say("flink job %s, shown at %s", id, w.cluster.base)
	if o.Async {
		jid, err := w.arrive(ctx)
		if err != nil {
			return err
		}
		o.Say("cancel it with: curl -X PATCH '%s/jobs/%s?mode=cancel'", w.cluster.base, jid)
		return nil
	}
	return w.run(ctx)
}

// flinkName is the name that the job server gives the Flink job: that of the Beam job up to the
// last underscore.
func flinkName(id string) string {
	if i := strings.LastIndexByte(id, '_'); i > 0 {
		return id[:i]
	}
	return id
}

// dialTimeout bounds how long a job server may take to answer.
const dialTimeout = 5 * time.Second

func dial(ctx context.Context, endpoint string) (*grpc.ClientConn, error) {
	// Where nothing listens, Beam's dial would try again until its time is over.
	plain, err := net.DialTimeout("tcp", endpoint, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("flink: no Beam job server at %s (%v): start it (docs/flink.md), or give its address with --flink-job-server", endpoint, err)
	}
	plain.Close()
	conn, err := grpcx.Dial(ctx, endpoint, dialTimeout)
	if err != nil {
		return nil, fmt.Errorf("flink: the server at %s is not a Beam job server: give its address with --flink-job-server", endpoint)
	}
	return conn, nil
}
