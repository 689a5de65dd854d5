package flink

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A fakeCluster is Flink's REST interface and Beam's job server, in this process. Tests set its
// fields, under mu once it is in use.
type fakeCluster struct {
	jobpb.UnimplementedJobServiceServer
	jobpb.UnimplementedArtifactStagingServiceServer

	mu       sync.Mutex
	version  string
	slots    int
	arch     string
	config   map[string]string
	state    string // of the Flink job; "" while Flink does not know it
	root     string // its root exception
	faults   []fault
	cancels  int // PATCH requests
	prepared *jobpb.PrepareJobRequest
	forgot   bool // the job service was told to cancel
	looks    int  // requests for the state of the job
	onLook   func(f *fakeCluster, n int)
	finds    int // requests for the list of jobs
	onFind   func(f *fakeCluster, n int)
	onRun    func(f *fakeCluster)

	messages chan *jobpb.JobMessagesResponse // of the job service; closed: the stream breaks
	rest     *httptest.Server
	grpc     *grpc.Server
	endpoint string
}

const jobName, flinkJob = "premix-test", "premix0test-root-1"

func newFakeCluster(t *testing.T) *fakeCluster {
	t.Helper()
	f := &fakeCluster{version: "1.19.3", slots: 4, arch: "amd64", config: map[string]string{"restart-strategy.type": "fixed-delay"},
		messages: make(chan *jobpb.JobMessagesResponse, 10)}
	f.rest = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.rest.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.endpoint = l.Addr().String()
	f.grpc = grpc.NewServer()
	jobpb.RegisterJobServiceServer(f.grpc, f)
	jobpb.RegisterArtifactStagingServiceServer(f.grpc, f)
	go f.grpc.Serve(l)
	t.Cleanup(f.grpc.Stop)
	return f
}

func (f *fakeCluster) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var answer any
	switch {
	case r.URL.Path == "/overview":
		answer = map[string]any{"taskmanagers": (f.slots + 1) / 2, "slots-total": f.slots, "flink-version": f.version}
	case r.URL.Path == "/jobmanager/environment":
		answer = map[string]any{"jvm": map[string]string{"arch": f.arch}}
	case r.URL.Path == "/jobmanager/config":
		list := []map[string]string{{"key": "rest.port", "value": "8081"}}
		for k, v := range f.config {
			list = append(list, map[string]string{"key": k, "value": v})
		}
		answer = list
	case r.URL.Path == "/jobs/overview":
		f.finds++
		if f.onFind != nil {
			f.onFind(f, f.finds)
		}
		jobs := []map[string]string{{"jid": "0", "name": "another", "state": "RUNNING"}}
		if f.state != "" {
			jobs = append(jobs, map[string]string{"jid": "f00d", "name": flinkJob, "state": f.state})
		}
		answer = map[string]any{"jobs": jobs}
	case r.URL.Path == "/jobs/f00d" && r.Method == http.MethodPatch:
		f.cancels++
		f.state = "CANCELED"
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "{}")
		return
	case r.URL.Path == "/jobs/f00d":
		f.looks++
		if f.onLook != nil {
			f.onLook(f, f.looks)
		}
		answer = map[string]any{"state": f.state, "vertices": []map[string]string{{"name": "[1]transforms.Mix/mixFn", "status": "RUNNING"}}}
	case r.URL.Path == "/jobs/f00d/exceptions":
		answer = map[string]any{"root-exception": f.root, "exceptionHistory": map[string]any{"entries": f.faults}}
	default:
		http.NotFound(w, r)
		return
	}
	json.NewEncoder(w).Encode(answer)
}

func (f *fakeCluster) GetJobs(context.Context, *jobpb.GetJobsRequest) (*jobpb.GetJobsResponse, error) {
	return &jobpb.GetJobsResponse{}, nil
}

func (f *fakeCluster) Prepare(_ context.Context, r *jobpb.PrepareJobRequest) (*jobpb.PrepareJobResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prepared = r
	return &jobpb.PrepareJobResponse{PreparationId: "p", StagingSessionToken: "token",
		ArtifactStagingEndpoint: &pipepb.ApiServiceDescriptor{Url: f.endpoint}}, nil
}

// ReverseArtifactRetrievalService ends at once: there is nothing to be staged.
func (f *fakeCluster) ReverseArtifactRetrievalService(s jobpb.ArtifactStagingService_ReverseArtifactRetrievalServiceServer) error {
	_, err := s.Recv()
	return err
}

func (f *fakeCluster) Run(context.Context, *jobpb.RunJobRequest) (*jobpb.RunJobResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.onRun != nil {
		f.onRun(f)
	}
	return &jobpb.RunJobResponse{JobId: flinkJob + "_0-1-2"}, nil
}

func (f *fakeCluster) GetMessageStream(_ *jobpb.JobMessagesRequest, s jobpb.JobService_GetMessageStreamServer) error {
	for {
		select {
		case m, ok := <-f.messages:
			if !ok {
				return status.Error(codes.Unavailable, "gone")
			}
			if err := s.Send(m); err != nil {
				return err
			}
		case <-s.Context().Done():
			return nil
		}
	}
}

func (f *fakeCluster) Cancel(context.Context, *jobpb.CancelJobRequest) (*jobpb.CancelJobResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgot = true
	return &jobpb.CancelJobResponse{State: jobpb.JobState_CANCELLED}, nil
}

// tell lets the job service say something.
func (f *fakeCluster) tell(state jobpb.JobState_Enum, text string) {
	if text != "" {
		f.messages <- &jobpb.JobMessagesResponse{Response: &jobpb.JobMessagesResponse_MessageResponse{
			MessageResponse: &jobpb.JobMessage{Importance: jobpb.JobMessage_JOB_MESSAGE_ERROR, MessageText: text}}}
	}
	f.messages <- &jobpb.JobMessagesResponse{Response: &jobpb.JobMessagesResponse_StateResponse{
		StateResponse: &jobpb.JobStateEvent{State: state}}}
}

// A spoken collects what a run says.
type spoken struct {
	mu    sync.Mutex
	lines []string
}

func (s *spoken) printf(kind string) func(string, ...any) {
	return func(format string, args ...any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lines = append(s.lines, kind+fmt.Sprintf(format, args...))
	}
}

func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// options are those of a run on the fake.
func (f *fakeCluster) options() (Options, *spoken) {
	s := new(spoken)
	return Options{JobName: jobName, JobServer: f.endpoint, REST: f.rest.URL + "/", Say: s.printf(""), Warn: s.printf("warning: ")}, s
}

// aPipeline is the least that can be submitted.
func aPipeline() *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	beam.Impulse(s)
	return p
}
