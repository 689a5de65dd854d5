package runners

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	fnpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/fnexecution_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
)

// TestMain is a worker where the arguments say so, as every premix is.
func TestMain(m *testing.M) {
	Worker(os.Args[1:])
	os.Exit(m.Run())
}

func TestWorkerArgs(t *testing.T) {
	for _, c := range []struct {
		args string
		want bool
	}{
		{"", false},
		{"mix --in x --out y", false},
		{"mix --workers 4", false},
		{"mix --in worker --out provision_endpoint=1", false},
		{"--worker=true --id=1 --logging_endpoint=a --control_endpoint=b", true},
		{"--worker --id=1", true},
		{"-worker=true", true},
		{"--id=1-1 --provision_endpoint=localhost:1", true},
		{"-id=1-1 -provision_endpoint=localhost:1", true},
	} {
		if got := workerArgs(strings.Fields(c.args)); got != c.want {
			t.Errorf("%q: %v", c.args, got)
		}
	}
}

// A fakeRunner is the part of a runner that a worker speaks to when it starts.
type fakeRunner struct {
	fnpb.UnimplementedProvisionServiceServer
	fnpb.UnimplementedBeamFnControlServer
	fnpb.UnimplementedBeamFnLoggingServer
	endpoint string
	fail     error // of the provision service
	provided chan string
	control  chan string // ids of workers that came
	hold     atomic.Bool // the control stream stays open
	held     chan struct{}
}

func newFakeRunner(t *testing.T) *fakeRunner {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeRunner{endpoint: l.Addr().String(), provided: make(chan string, 1), control: make(chan string, 1), held: make(chan struct{})}
	s := grpc.NewServer()
	fnpb.RegisterProvisionServiceServer(s, f)
	fnpb.RegisterBeamFnControlServer(s, f)
	fnpb.RegisterBeamFnLoggingServer(s, f)
	go s.Serve(l)
	t.Cleanup(func() {
		close(f.held)
		s.Stop()
	})
	return f
}

func workerID(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	return strings.Join(md.Get("worker_id"), ",")
}

func (f *fakeRunner) GetProvisionInfo(ctx context.Context, _ *fnpb.GetProvisionInfoRequest) (*fnpb.GetProvisionInfoResponse, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	f.provided <- workerID(ctx)
	options, err := structpb.NewStruct(map[string]any{"beam:option:go_options:v1": map[string]any{"options": map[string]any{"k": "v"}}})
	if err != nil {
		return nil, err
	}
	at := &pipepb.ApiServiceDescriptor{Url: f.endpoint}
	return &fnpb.GetProvisionInfoResponse{Info: &fnpb.ProvisionInfo{PipelineOptions: options, LoggingEndpoint: at, ControlEndpoint: at}}, nil
}

func (f *fakeRunner) Control(s fnpb.BeamFnControl_ControlServer) error {
	f.control <- workerID(s.Context())
	if f.hold.Load() {
		select {
		case <-s.Context().Done():
		case <-f.held:
		}
	}
	return nil
}

func (f *fakeRunner) Logging(s fnpb.BeamFnLogging_LoggingServer) error {
	for {
		if _, err := s.Recv(); err != nil {
			return nil
		}
	}
}

// worker starts this test binary as a cluster starts premix.
func worker(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	cmd = exec.Command(os.Args[0], args...)
	stderr = new(bytes.Buffer)
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, stderr
}

// ended waits for a process with a generous limit.
func ended(t *testing.T, cmd *exec.Cmd) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("the worker does not end")
		return nil
	}
}

// TestBoot lets a worker ask a provision service, serve, and end when its runner has no more use
// for it: also under the id that prism quotes for a shell that is not there.
func TestBoot(t *testing.T) {
	for _, id := range []string{"1-1", "'1-1'"} {
		f := newFakeRunner(t)
		cmd, stderr := worker(t, "--id="+id, "--provision_endpoint="+f.endpoint)
		if err := ended(t, cmd); err != nil {
			t.Fatalf("%v: %s", err, stderr)
		}
		if got := <-f.provided; got != "1-1" {
			t.Errorf("the provision service was asked by %q", got)
		}
		if got := <-f.control; got != "1-1" {
			t.Errorf("the control service met %q", got)
		}
	}
}

// TestBootEnds lets a worker that serves end by a signal, as a TaskManager sends it.
func TestBootEnds(t *testing.T) {
	f := newFakeRunner(t)
	f.hold.Store(true)
	cmd, stderr := worker(t, "--id=1-1", "--provision_endpoint="+f.endpoint)
	<-f.control
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := ended(t, cmd); err != nil {
		t.Errorf("%v: %s", err, stderr)
	}
}

func TestBootFails(t *testing.T) {
	f := newFakeRunner(t)
	f.fail = errors.New("who are you")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--id=1", "--provision_endpoint=" + f.endpoint}, "who are you"},
		{[]string{"--provision_endpoint=" + f.endpoint}, "--provision_endpoint without --id"},
	} {
		cmd, stderr := worker(t, c.args...)
		var exit *exec.ExitError
		if err := ended(t, cmd); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%v: %v: %s", c.args, err, stderr)
		}
	}
}

// TestOrphan kills the parent of a worker that serves, as a TaskManager may be killed: the worker
// ends by itself.
func TestOrphan(t *testing.T) {
	f := newFakeRunner(t)
	f.hold.Store(true)
	shell := exec.Command("sh", "-c", `"$0" --id=1-1 --provision_endpoint="$1" & echo $!; wait`, os.Args[0], f.endpoint)
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 32)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	<-f.control
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	shell.Wait()
	for end := time.Now().Add(30 * time.Second); running(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("worker %d outlives its parent", pid)
		}
	}
}

// running says whether a process is there and no zombie that only its new parent could bury.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	return !bytes.Contains(stat, []byte(") Z "))
}
