package flink

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// supported is the minor version of Flink that the job server's runner must be built for, as that
// of scripts/flink/install.sh is. Flink's own protocol changes with it.
const supported = "1.19"

// Minors are the minor versions of Flink that jobs run on.
func Minors() []string { return []string{supported} }

// Check looks at the cluster and the job server before anything is submitted, and returns the
// number of slots that a job may use.
func Check(ctx context.Context, o Options) (slots int, err error) {
	if runtime.GOOS != "linux" {
		return 0, fmt.Errorf("flink: this binary is for %s, and the workers must be this very binary: build it for linux (CGO_ENABLED=0 GOOS=linux go build ./cmd/premix) and start the job from a Linux host", runtime.GOOS)
	}
	r := newREST(o.REST)
	if slots, err = r.checkCluster(ctx, o); err != nil {
		return 0, err
	}
	conn, err := dial(ctx, o.JobServer)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	// The connection alone says nothing of who listens there.
	if _, err := jobpb.NewJobServiceClient(conn).GetJobs(ctx, &jobpb.GetJobsRequest{}); err != nil && status.Code(err) != codes.Unimplemented {
		return 0, fmt.Errorf("flink: the server at %s is not a Beam job server (%v): give its address with --flink-job-server", o.JobServer, err)
	}
	return slots, nil
}

func (r *rest) checkCluster(ctx context.Context, o Options) (slots int, err error) {
	var overview struct {
		TaskManagers int    `json:"taskmanagers"`
		Slots        int    `json:"slots-total"`
		Version      string `json:"flink-version"`
	}
	if err := r.call(ctx, http.MethodGet, "/overview", &overview); err != nil {
		return 0, fmt.Errorf("flink: no REST interface at %s (%v): start the cluster (docs/flink.md), or give its address with --flink-rest", r.base, err)
	}
	switch {
	case overview.Version == "":
		return 0, fmt.Errorf("flink: the server at %s is not Flink: give the address of the JobManager's REST interface with --flink-rest", r.base)
	case !strings.HasPrefix(overview.Version, supported+"."):
		return 0, fmt.Errorf("flink: the cluster runs Flink %s, and the job server's runner is for %s.x: their minor versions must be equal; start a cluster of %s.x (docs/flink.md)", overview.Version, supported, supported)
	case overview.Slots == 0:
		return 0, fmt.Errorf("flink: the cluster at %s has no TaskManager: start one (docs/flink.md)", r.base)
	}
	if err := r.checkPlatform(ctx); err != nil {
		return 0, err
	}
	if err := r.checkRestarts(ctx, o); err != nil {
		return 0, err
	}
	if o.Parallelism > overview.Slots {
		o.Warn("flink: --parallelism %d, and the cluster has %d slots: the parts that find none wait for others to end", o.Parallelism, overview.Slots)
	}
	if o.Parallelism > 0 {
		return o.Parallelism, nil
	}
	return overview.Slots, nil
}

// architectures are the names that Java gives those of Go.
var architectures = map[string][]string{"amd64": {"amd64", "x86_64"}, "arm64": {"aarch64", "arm64"}}

// checkPlatform refuses a binary that the cluster's hosts cannot run. That of the JobManager
// stands for all.
func (r *rest) checkPlatform(ctx context.Context) error {
	var env struct{ JVM struct{ Arch string } }
	if err := r.call(ctx, http.MethodGet, "/jobmanager/environment", &env); err != nil || env.JVM.Arch == "" {
		return nil // not every Flink tells; then the first worker does
	}
	if names, known := architectures[runtime.GOARCH]; known && !slices.Contains(names, env.JVM.Arch) {
		return fmt.Errorf("flink: this binary is for linux/%s, and the cluster's hosts are %s: build it for them (CGO_ENABLED=0 GOARCH=%s go build ./cmd/premix) and start the job with that binary on one of them", runtime.GOARCH, env.JVM.Arch, goArch(env.JVM.Arch))
	}
	return nil
}

func goArch(java string) string {
	for g, names := range architectures {
		if slices.Contains(names, java) {
			return g
		}
	}
	return java
}

// checkRestarts warns of a cluster where the first lost worker ends the job.
func (r *rest) checkRestarts(ctx context.Context, o Options) error {
	var config []struct{ Key, Value string }
	if err := r.call(ctx, http.MethodGet, "/jobmanager/config", &config); err != nil {
		return fmt.Errorf("flink: the cluster's configuration cannot be read: %w", err)
	}
	for _, c := range config {
		if c.Key == "restart-strategy.type" || c.Key == "restart-strategy" {
			if !slices.Contains([]string{"", "none", "off", "disable"}, c.Value) {
				return nil
			}
		}
	}
	o.Warn("flink: the cluster has no restart strategy, so the first lost worker ends the job; add this line to its configuration: restart-strategy.type: fixed-delay (and restart-strategy.fixed-delay.attempts: 5)")
	return nil
}

// maxGraph is how many bytes of a job the cluster takes: the job server hands it over by REST. If it does not
// say, it is Flink's default.
func (r *rest) maxGraph(ctx context.Context) int64 {
	var config []struct{ Key, Value string }
	if err := r.call(ctx, http.MethodGet, "/jobmanager/config", &config); err == nil {
		for _, c := range config {
			if n, err := strconv.ParseInt(c.Value, 10, 64); c.Key == "rest.server.max-content-length" && err == nil {
				return n
			}
		}
	}
	return 100 << 20
}
