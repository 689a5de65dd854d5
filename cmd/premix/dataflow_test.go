package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	v1pb "github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx/v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	df "google.golang.org/api/dataflow/v1b3"
	"google.golang.org/protobuf/proto"

	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/transforms/stage"
)

// command starts the program without waiting.
func command(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("premix", args...)
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, out
}

// fails runs the program and wants an exit code other than 0.
func fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	cmd, out := command(t, args...)
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit code %d, want %d:\n%s", got, code, out)
	}
	return out.String()
}

// TestDataflow submits a job, runs what was staged with workers in other processes, and wants the
// bytes of a local run in the bucket.
func TestDataflow(t *testing.T) {
	c := newFakeCloud(t)
	local := c.input()
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	c.runs(func(p *pipepb.Pipeline) (state, message string) {
		if err := onPrism(ctx, proto.CloneOf(p)); err != nil {
			return "JOB_STATE_FAILED", err.Error()
		}
		return "JOB_STATE_DONE", ""
	})
	output := premix(t, c.args("gs://bkt/out", "--", "--worker_machine_type=e2-standard-4", "--max_num_workers=20", `--labels={"team":"vision"}`)...)
	for _, want := range []string{"dataflow job " + jobID, "gcloud dataflow jobs cancel " + jobID + " --project=p1 --region=europe-west4", "samples  60 in 4 shards"} {
		if !strings.Contains(output, want) {
			t.Errorf("it did not say %q but:\n%s", want, output)
		}
	}
	c.checkJob(c.jobs[0])
	c.checkModel(c.model(c.jobs[0]))

	want := t.TempDir()
	premix(t, "mix", "--in", local, "--out", want, "--cache", "none", "--size", "32", "--shards", "4", "--seed", "11")
	same(t, want, "gs://bkt/out")
	c.tidy()
}

// tidy wants that no lock, marker or temporary object is left.
func (c *fakeCloud) tidy() {
	c.t.Helper()
	for _, o := range c.objects() {
		if strings.HasPrefix(filepath.Base(o.Name), ".") {
			c.t.Errorf("left behind: %s", o.Name)
		}
	}
}

// TestDataflowDetached interrupts the launcher: it says how to cancel the job and ends, and the job
// does all that is left to do.
func TestDataflowDetached(t *testing.T) {
	c := newFakeCloud(t)
	local := c.input()
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	running, gone, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	c.runs(func(p *pipepb.Pipeline) (string, string) {
		close(running)
		<-gone
		ended <- onPrism(ctx, proto.CloneOf(p))
		return "JOB_STATE_DONE", ""
	})
	cmd, out := command(t, c.args("gs://bkt/out")...)
	<-running
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	say := "dataflow: detached, the job goes on; cancel it with: gcloud dataflow jobs cancel " + jobID + " --project=p1 --region=europe-west4"
	if !strings.Contains(out.String(), say) {
		t.Errorf("it did not say %q but:\n%s", say, out)
	}
	// The job goes on, so nobody else may write there.
	again := fails(t, exitUsage, c.args("gs://bkt/out", "--overwrite")...)
	for _, want := range []string{"a job on a cluster uses gs://bkt/out", "(job premix-premix-train-", " on dataflow, submitted ", "--break-lock"} {
		if !strings.Contains(again, want) {
			t.Errorf("it did not say %q but:\n%s", want, again)
		}
	}
	close(gone)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	want := t.TempDir()
	premix(t, "mix", "--in", local, "--out", want, "--cache", "none", "--size", "32", "--shards", "4", "--seed", "11")
	same(t, want, "gs://bkt/out")
	c.tidy()
}

// same wants that an output in a store has the promised files of a local one.
func same(t *testing.T, local, remote string) {
	t.Helper()
	files, err := promised(local)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s is empty", local)
	}
	for name, sum := range files {
		text, err := blob.ReadAll(context.Background(), blob.Join(remote, filepath.ToSlash(name)), blob.MaxMeta)
		if err != nil {
			t.Error(err)
		} else if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != sum {
			t.Errorf("%s differs", name)
		}
	}
}

// checkJob looks at what Dataflow was asked for.
func (c *fakeCloud) checkJob(job *df.Job) {
	t := c.t
	if !strings.HasPrefix(job.Name, "premix-premix-train-") || job.ProjectId != "p1" || job.Type != "JOB_TYPE_BATCH" || job.Labels["team"] != "vision" {
		t.Errorf("job %+v", job)
	}
	pool := job.Environment.WorkerPools[0]
	if pool.MachineType != "e2-standard-4" || pool.AutoscalingSettings.MaxNumWorkers != 20 {
		t.Errorf("workers: %+v", pool)
	}
	// The binary stages itself.
	exe, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if p := pool.Packages[0]; p.Name != "worker" || p.Sha256 != hex.EncodeToString(sum[:]) {
		t.Errorf("staged: %+v, want the running binary", p)
	} else if !bytes.Equal(c.object(p.Location), text) {
		t.Errorf("%s is another file than the running binary", p.Location)
	}
}

// stages are the DoFns of a job.
var stages = []string{"listFn", "splitFn", "peaksFn", "gateFn", "distributeFn", "collectFn", "mixFn", "finishFn"}

// checkModel looks at the staged pipeline: its stages, its environment, and our configuration.
func (c *fakeCloud) checkModel(p *pipepb.Pipeline) {
	t := c.t
	for id, e := range p.GetComponents().GetEnvironments() {
		var image pipepb.DockerPayload
		if err := proto.Unmarshal(e.GetPayload(), &image); err != nil || e.GetUrn() != "beam:env:docker:v1" || !strings.Contains(image.GetContainerImage(), "beam_go_sdk") {
			t.Errorf("environment %s: %s %v (%v)", id, e.GetUrn(), &image, err)
		}
		var artifact pipepb.ArtifactUrlPayload
		if d := e.GetDependencies(); len(d) != 1 || proto.Unmarshal(d[0].GetTypePayload(), &artifact) != nil || !strings.HasPrefix(artifact.GetUrl(), "gs://bkt/staging/") {
			t.Errorf("environment %s depends on %v", id, d)
		}
	}
	jobs := map[string]*stage.Job{}
	shuffles := 0
	for _, tr := range p.GetComponents().GetTransforms() {
		switch tr.GetSpec().GetUrn() {
		case graphx.URNGBK:
			shuffles++
		case graphx.URNParDo:
			name, fields := doFn(t, tr)
			jobs[name] = nil
			if fields.Work != nil {
				if sum := c.jobs[0].Environment.WorkerPools[0].Packages[0].Sha256; fields.Build.SHA256 != sum {
					t.Errorf("%s wants workers of build %q, and %s was staged", name, fields.Build.SHA256, sum)
				}
				jobs[name] = new(stage.Job)
				if err := gob.NewDecoder(bytes.NewReader(fields.Work)).Decode(jobs[name]); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	if shuffles == 0 {
		t.Error("there is no GroupByKey")
	}
	for _, name := range stages {
		j, ok := jobs[name]
		if !ok {
			t.Errorf("the pipeline has no %s; it has %v", name, jobs)
			continue
		}
		if j == nil {
			continue // it needs no configuration
		}
		if j.Outputs[0].Dir != "gs://bkt/out" || j.Cache.URI != "gs://bkt/cache" || j.Mix.Seed != 11 || j.Shards != 4 || j.Geometry.Size.W != 32 || j.Slots != 160 || len(j.Reach.Markers) != 2 {
			t.Errorf("%s has another configuration: %+v", name, j)
		}
	}
}

// ourFields are those of every DoFn of ours that the test looks at.
type ourFields struct {
	Build buildid.ID
	Work  []byte
}

// doFn decodes the name of a ParDo's DoFn and the fields of ours.
func doFn(t *testing.T, tr *pipepb.PTransform) (name string, fields ourFields) {
	t.Helper()
	var par pipepb.ParDoPayload
	var payload v1pb.TransformPayload
	if err := proto.Unmarshal(tr.GetSpec().GetPayload(), &par); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(string(par.GetDoFn().GetPayload()))
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(raw, &payload); err != nil {
		t.Fatal(err)
	}
	fn := payload.GetEdge().GetFn()
	if fn.GetOpt() == "" {
		return tr.GetUniqueName(), fields
	}
	if err := json.Unmarshal([]byte(fn.GetOpt()), &fields); err != nil {
		t.Fatal(err)
	}
	return tr.GetUniqueName()[strings.LastIndexByte(tr.GetUniqueName(), '.')+1:], fields
}

// TestDataflowEnds holds how the launcher ends when the job does not end well, or not while it looks.
func TestDataflowEnds(t *testing.T) {
	c := newFakeCloud(t)
	c.input()
	args := c.args
	refusal := (&stage.Refusal{Code: stage.CodeMaxBad, Message: "7 of 60 images failed"}).Error()
	for _, e := range []struct {
		name, state, message string
		code                 int
		want                 string
	}{
		{"failed", "JOB_STATE_FAILED", "the worker lost contact", exitFailed, "dataflow: job " + jobID + " failed: the worker lost contact"},
		{"a worker's own error", "JOB_STATE_FAILED", "Error message from worker: process bundle failed:\n1: Plan\n\tcaused by:\nsource failed\n\tcaused by:\nDoFn[UID:4, PID:e8, Name: mixFn] failed:\nread gs://bkt/in/a:\nno permission\n\npassed through:\n==>\n", exitFailed,
			"\npremix: dataflow: job " + jobID + " failed: read gs://bkt/in/a: no permission\n"},
		{"refused", "JOB_STATE_FAILED", "workflow failed. Causes: DoFn failed:\n" + refusal, exitBad, "7 of 60 images failed"},
		{"cancelled", "JOB_STATE_CANCELLED", "", exitFailed, "was cancelled; run again to continue"},
	} {
		t.Run(e.name, func(t *testing.T) {
			c.runs(func(*pipepb.Pipeline) (string, string) { return e.state, e.message })
			if out := fails(t, e.code, args("gs://bkt/out")...); !strings.Contains(out, e.want) {
				t.Errorf("it did not say %q but:\n%s", e.want, out)
			}
		})
	}
	t.Run("async", func(t *testing.T) {
		c.runs(nil)
		out := premix(t, args("gs://bkt/other", "--async")...)
		if !strings.Contains(out, "dataflow job "+jobID) {
			t.Errorf("no job id in:\n%s", out)
		}
		if again := fails(t, exitUsage, args("gs://bkt/other")...); !strings.Contains(again, "a job on a cluster uses gs://bkt/other") {
			t.Errorf("it said:\n%s", again)
		}
	})
	t.Run("active already", func(t *testing.T) {
		c.mu.Lock()
		c.busy = c.jobs[0].Name
		n := len(c.jobs)
		c.mu.Unlock()
		if out := fails(t, exitFailed, args("gs://bkt/out")...); !strings.Contains(out, "job other-1 works on this output already") {
			t.Errorf("it said:\n%s", out)
		}
		if len(c.jobs) != n {
			t.Error("another job was submitted")
		}
	})
}

// TestDataflowDryRun prints what would be submitted, and writes nothing.
func TestDataflowDryRun(t *testing.T) {
	c := newFakeCloud(t)
	c.input()
	before := c.objects()
	out := premix(t, c.args("gs://bkt/out", "--", "--dry_run", "--num_workers=3")...)
	for _, want := range []string{"transforms.mixFn", `"numWorkers": 3`, `"name": "premix-premix-train-`, "nothing was submitted (--dry_run)"} {
		if !strings.Contains(out, want) {
			t.Errorf("it did not print %q, but %d bytes", want, len(out))
		}
	}
	after := c.objects()
	if len(after) != len(before) || len(c.jobs) != 0 {
		t.Errorf("%d objects, before %d; %d jobs", len(after), len(before), len(c.jobs))
	}
}

// elfHeader is the beginning of a program for Linux on a machine.
func elfHeader(machine byte) []byte {
	h := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...)
	h[16], h[18], h[20], h[52] = 2, machine, 1, 64
	return h
}

// TestDataflowFlags gives command lines that cannot go well: exit code 2, and what to do.
func TestDataflowFlags(t *testing.T) {
	dir := t.TempDir()
	arm, text := filepath.Join(dir, "arm"), filepath.Join(dir, "text")
	other, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(arm, elfHeader(0xb7), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CLOUDSDK_COMPUTE_REGION", "")
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"nothing", nil, []string{"--project, --region, --staging_location are missing: add -- --project=my-project --region=europe-west4 --staging_location=gs://my-bucket/staging"}},
		{"local staging", []string{"--staging_location=/tmp/x"}, []string{"--staging_location=/tmp/x: must be a folder of a bucket"}},
		{"no bucket", []string{"--staging_location=gs:///"}, []string{"names no bucket"}},
		{"local temp", []string{"--temp_location=tmp"}, []string{"--temp_location=tmp: must be a folder of a bucket, gs://my-bucket/temp"}},
		{"environment", []string{"--environment_type=LOOPBACK"}, []string{"leave the flag out"}},
		{"template", []string{"--template_location=gs://b/t"}, []string{"leave the flag out"}},
		{"labels", []string{"--labels=team"}, []string{"must be JSON"}},
		{"job name", []string{"--job_name=Mix_It"}, []string{"use a-z, 0-9 and -"}},
		{"no binary", []string{"--worker_binary=" + filepath.Join(dir, "none")}, []string{"no such file", "GOOS=linux GOARCH=amd64 go build"}},
		{"no program", []string{"--worker_binary=" + text}, []string{"is not a program for Linux"}},
		{"other processor", []string{"--worker_binary=" + arm}, []string{"another processor", "GOARCH=amd64"}},
		{"right processor", []string{"--worker_binary=" + arm, "--worker_machine_type=t2a-standard-4", "--project="}, []string{"--project is missing"}},
		{"another build", []string{"--worker_binary=" + other}, []string{"--worker_binary: " + other + " is build ", "another file: start the job with the file itself"}},
		{"unknown flag", []string{"--no_such_flag=1"}, []string{"flags after --", "no_such_flag"}},
		{"no flag", []string{"word"}, []string{`"word" is not a flag`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"mix", "--in", "synth:10", "--out", "gs://bkt/out", "--cache", "gs://bkt/cache", "--runner", "dataflow", "--"}
			if c.name != "nothing" {
				args = append(args, "--project=p1", "--region=r", "--staging_location=gs://bkt/s")
			}
			out := fails(t, exitUsage, append(args, c.args...)...)
			for _, w := range c.want {
				if !strings.Contains(out, w) {
					t.Errorf("it did not say %q but:\n%s", w, out)
				}
			}
			if n := strings.Count(out, "\n"); n > len(c.want) {
				t.Errorf("%s lines for %d problems:\n%s", strconv.Itoa(n), len(c.want), out)
			}
		})
	}
	t.Run("local paths", func(t *testing.T) {
		out := fails(t, exitUsage, "mix", "--in", dir, "--out", dir+"/out", "--cache", dir+"/c", "--runner", "dataflow", "--", "--project=p1", "--region=r", "--staging_location=gs://bkt/s")
		if strings.Count(out, dir) != 3 || !strings.Contains(out, dir+"/c are local paths, which Dataflow's workers cannot reach: use a bucket") {
			t.Errorf("it said:\n%s", out)
		}
	})
}
