package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	df "google.golang.org/api/dataflow/v1b3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// A fakeCloud is Google Cloud as far as a submission needs it, in this process: a store, tokens,
// and Dataflow's API. What a job does is up to the test.
type fakeCloud struct {
	t        *testing.T
	storage  *fakestorage.Server
	endpoint string
	// run, if set, runs a submitted job; the job's state is RUNNING until it returns the last one
	// and what is recorded as its error.
	run func(model *pipepb.Pipeline) (state, message string)

	mu      sync.Mutex
	jobs    []*df.Job // as they were submitted
	state   string
	message string
	busy    string // name of a job that is active before any is submitted
}

const jobID = "2026-11-23_00_00_00-42"

func newFakeCloud(t *testing.T) *fakeCloud {
	t.Helper()
	c := &fakeCloud{t: t}
	srv := httptest.NewUnstartedServer(nil)
	addr := srv.Listener.Addr().String()
	var err error
	if c.storage, err = fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, Scheme: "http", PublicHost: addr, Writer: io.Discard}); err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = c.storage.HTTPHandler()
	srv.Start()
	t.Cleanup(srv.Close)
	c.storage.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "bkt"})

	api := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(api.Close)
	c.endpoint = api.URL + "/"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p1", "private_key_id": "x", "client_email": "a@p1.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": api.URL + "/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	credentials := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(credentials, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", credentials)
	t.Setenv("STORAGE_EMULATOR_HOST", addr)
	t.Setenv("CLOUDSDK_COMPUTE_REGION", "")
	return c
}

// runs says what becomes of jobs that are submitted from now on.
func (c *fakeCloud) runs(f func(model *pipepb.Pipeline) (state, message string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run = f
}

// serve answers for the token service and for Dataflow.
func (c *fakeCloud) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	const jobs = "/v1b3/projects/p1/locations/europe-west4/jobs"
	switch path := r.URL.Path; {
	case path == "/token":
		answer(map[string]any{"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
	case path == jobs && r.Method == http.MethodGet:
		list := &df.ListJobsResponse{}
		if c.busy != "" {
			list.Jobs = append(list.Jobs, &df.Job{Id: "other-1", Name: c.busy, CurrentState: "JOB_STATE_RUNNING"})
		}
		answer(list)
	case path == jobs && r.Method == http.MethodPost:
		job := new(df.Job)
		if err := json.NewDecoder(r.Body).Decode(job); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.jobs = append(c.jobs, job)
		c.state = "JOB_STATE_RUNNING"
		if run := c.run; run != nil {
			model := c.model(job)
			go func() {
				state, message := run(model)
				c.mu.Lock()
				defer c.mu.Unlock()
				c.state, c.message = state, message
			}()
		}
		answer(&df.Job{Id: jobID, Name: job.Name, CurrentState: "JOB_STATE_PENDING"})
	case path == jobs+"/"+jobID:
		answer(&df.Job{Id: jobID, CurrentState: c.state})
	case path == jobs+"/"+jobID+"/messages":
		answer(&df.ListJobMessagesResponse{JobMessages: []*df.JobMessage{{MessageImportance: "JOB_MESSAGE_ERROR", MessageText: c.message}}})
	default:
		http.NotFound(w, r)
	}
}

// object returns the content of a staged object.
func (c *fakeCloud) object(uri string) []byte {
	o, err := c.storage.GetObject("bkt", strings.TrimPrefix(uri, "gs://bkt/"))
	if err != nil {
		c.t.Errorf("%s: %v", uri, err)
	}
	return o.Content
}

// pipelineOptions are what the SDK's side of Dataflow reads of a job.
type pipelineOptions struct {
	Options struct {
		PipelineURL string `json:"pipelineUrl"`
	} `json:"options"`
	GoOptions struct{ Options map[string]string } `json:"beam:option:go_options:v1"`
}

func (c *fakeCloud) options(job *df.Job) (o pipelineOptions) {
	if err := json.Unmarshal(job.Environment.SdkPipelineOptions, &o); err != nil {
		c.t.Error(err)
	}
	return o
}

// model is the pipeline that a job refers to.
func (c *fakeCloud) model(job *df.Job) *pipepb.Pipeline {
	p := new(pipepb.Pipeline)
	if err := proto.Unmarshal(c.object(c.options(job).Options.PipelineURL), p); err != nil {
		c.t.Error(err)
	}
	return p
}

// args is the command line of a job on the fake.
func (c *fakeCloud) args(out string, more ...string) []string {
	before, after := more, []string(nil)
	if i := slices.Index(more, "--"); i >= 0 {
		before, after = more[:i], more[i+1:]
	}
	args := append([]string{"mix", "--in", "gs://bkt/in", "--out", out, "--cache", "gs://bkt/cache", "--size", "32", "--shards", "4", "--seed", "11", "--runner", "dataflow"}, before...)
	args = append(args, "--", "--project=p1", "--region=europe-west4", "--staging_location=gs://bkt/staging", "--dataflow_endpoint="+c.endpoint)
	return append(args, after...)
}

// input fills gs://bkt/in with images in class folders, and returns them as a local folder too.
func (c *fakeCloud) input() string {
	c.t.Helper()
	dir := filepath.Join(c.t.TempDir(), "in")
	premix(c.t, "synth", "--out", dir, "--images", "60", "--format", "imagefolder")
	copyTree(c.t, dir, "gs://bkt/in")
	return dir
}

// onPrism runs a pipeline on Beam's local runner with workers in processes of their own, started
// as clusters start them: it is what Dataflow does with a job, as far as premix can tell.
func onPrism(ctx context.Context, p *pipepb.Pipeline) error {
	command, err := exec.LookPath("premix")
	if err != nil {
		return err
	}
	payload, err := proto.Marshal(&pipepb.ProcessPayload{Command: command})
	if err != nil {
		return err
	}
	for _, e := range p.GetComponents().GetEnvironments() {
		e.Urn, e.Payload, e.Dependencies = graphx.URNEnvProcess, payload, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	client, err := prism.CreateJobServer(ctx, prism.Options{Port: port})
	if err != nil {
		return err
	}
	options, err := structpb.NewStruct(map[string]any{"beam:option:go_options:v1": map[string]any{"options": map[string]any{}}})
	if err != nil {
		return err
	}
	prepared, err := client.Prepare(ctx, &jobpb.PrepareJobRequest{Pipeline: p, PipelineOptions: options, JobName: "test"})
	if err != nil {
		return err
	}
	id, err := runnerlib.Submit(ctx, client, prepared.GetPreparationId(), "")
	if err != nil {
		return err
	}
	return runnerlib.WaitForCompletion(ctx, client, id)
}

// objects lists what is in the store.
func (c *fakeCloud) objects() []fakestorage.ObjectAttrs {
	c.t.Helper()
	list, err := c.storage.ListObjectsWithOptionsPaginated("bkt", fakestorage.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return list.Objects
}
