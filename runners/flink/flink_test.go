package flink

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	pipepb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/pipeline_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/premix/premix/runners/internal/goeson"
	"github.com/premix/premix/runners/internal/graphsize"
)

func TestMain(m *testing.M) {
	beam.Init()
	pollEvery = 10 * time.Millisecond
	os.Exit(m.Run())
}

func TestCheck(t *testing.T) {
	other := map[string]string{"amd64": "aarch64", "arm64": "amd64"}[runtime.GOARCH]
	own := architectures[runtime.GOARCH][0]
	for _, c := range []struct {
		name   string
		change func(*fakeCluster, *Options)
		slots  int
		err    string
		warn   string
	}{
		{"good", func(*fakeCluster, *Options) {}, 4, "", ""},
		{"parallelism", func(_ *fakeCluster, o *Options) { o.Parallelism = 3 }, 3, "", ""},
		{"more than there are", func(_ *fakeCluster, o *Options) { o.Parallelism = 9 }, 9, "", "has 4 slots"},
		{"other minor", func(f *fakeCluster, _ *Options) { f.version = "1.20.1" }, 0, "runs Flink 1.20.1, and the job server's runner is for 1.19.x", ""},
		{"longer minor", func(f *fakeCluster, _ *Options) { f.version = "1.190.0" }, 0, "minor versions must be equal", ""},
		{"no Flink", func(f *fakeCluster, _ *Options) { f.version = "" }, 0, "is not Flink", ""},
		{"no TaskManager", func(f *fakeCluster, _ *Options) { f.slots = 0 }, 0, "has no TaskManager", ""},
		{"no restart strategy", func(f *fakeCluster, _ *Options) { f.config = nil }, 4, "", "add this line to its configuration: restart-strategy.type: fixed-delay"},
		{"restart strategy none", func(f *fakeCluster, _ *Options) { f.config["restart-strategy.type"] = "none" }, 4, "", "has no restart strategy"},
		{"old name of it", func(f *fakeCluster, _ *Options) {
			f.config = map[string]string{"restart-strategy": "exponential-delay"}
		}, 4, "", ""},
		{"other platform", func(f *fakeCluster, _ *Options) { f.arch = other }, 0, "the cluster's hosts are " + other + ": build it for them (CGO_ENABLED=0 GOARCH=" + goArch(other), ""},
		{"platform unknown", func(f *fakeCluster, _ *Options) { f.arch = "" }, 4, "", ""},
		{"no REST", func(_ *fakeCluster, o *Options) { o.REST = "http://127.0.0.1:9" }, 0, "no REST interface at http://127.0.0.1:9 (dial tcp 127.0.0.1:9: connect: connection refused): start the cluster", ""},
		{"no job server", func(_ *fakeCluster, o *Options) { o.JobServer = "127.0.0.1:9" }, 0, "no Beam job server at 127.0.0.1:9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeCluster(t)
			f.arch = own
			o, said := f.options()
			c.change(f, &o)
			slots, err := Check(context.Background(), o)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			if err == nil && slots != c.slots {
				t.Errorf("%d slots, want %d", slots, c.slots)
			}
			if w := said.String(); c.warn == "" && w != "" || !strings.Contains(w, c.warn) {
				t.Errorf("warned %q, want %q", w, c.warn)
			}
		})
	}
}

// TestSubmission looks at what the job server gets.
func TestSubmission(t *testing.T) {
	f := newFakeCluster(t)
	f.state = "FINISHED"
	o, said := f.options()
	o.Parallelism, o.SDKWorkers = 7, 2
	if err := Run(context.Background(), aPipeline(), o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "flink job "+flinkJob+"_0-1-2, shown at "+f.rest.URL) {
		t.Errorf("it said %q", said)
	}
	want := map[string]any{
		"beam:option:parallelism:v1": 7.0, "beam:option:execution_mode_for_batch:v1": "BATCH_FORCED",
		"beam:option:environment_cache_millis:v1": 60000.0, "beam:option:sdk_worker_parallelism:v1": 2.0,
		"beam:option:app_name:v1": jobName,
	}
	got := f.prepared.GetPipelineOptions().AsMap()
	for k, v := range want {
		if d := cmp.Diff(v, got[k]); d != "" {
			t.Errorf("%s: %s", k, d)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		t.Fatal(err)
	}
	for _, e := range f.prepared.GetPipeline().GetComponents().GetEnvironments() {
		var process pipepb.ProcessPayload
		if err := proto.Unmarshal(e.GetPayload(), &process); err != nil {
			t.Fatal(err)
		}
		if e.GetUrn() != "beam:env:process:v1" || process.GetCommand() != exe || len(e.GetDependencies()) != 0 {
			t.Errorf("environment %v with command %q", e, process.GetCommand())
		}
	}
}

// TestTooLarge wants a job that the cluster would not take to be told before it is sent anywhere.
func TestTooLarge(t *testing.T) {
	for limit, fits := range map[string]bool{"100": false, "104857600": true, "": true, "unknown": true} {
		f := newFakeCluster(t)
		f.state = "FINISHED"
		f.config["rest.server.max-content-length"] = limit
		o, _ := f.options()
		err := Run(context.Background(), aPipeline(), o)
		var large *graphsize.Error
		if fits && err != nil || !fits && (!errors.As(err, &large) || !strings.Contains(err.Error(), "rest.server.max-content-length") || f.prepared != nil) {
			t.Errorf("limit %q: %v", limit, err)
		}
	}
}

// Flink's page shows the options of a job; the environment of the workers, which may hold secrets, is not in them.
func TestOptionsWithoutEnvironment(t *testing.T) {
	defer func(config string) { *jobopts.EnvironmentConfig = config }(*jobopts.EnvironmentConfig)
	if err := flag.Set("environment_config", `{"command":"/opt/premix","env":{"K":"CANARY"}}`); err != nil {
		t.Fatal(err)
	}
	options, err := pipelineOptions(Options{JobName: "job", Parallelism: 2})
	if err != nil {
		t.Fatal(err)
	}
	text := options.String()
	if strings.Contains(text, "CANARY") || strings.Contains(text, "environment_config") || !strings.Contains(text, "go_options") {
		t.Errorf("options: %s", text)
	}
}

func TestOutcome(t *testing.T) {
	refusal, err := os.ReadFile("testdata/refusal.txt")
	if err != nil {
		t.Fatal(err)
	}
	lost := fault{Time: 5, TaskOwner: "tm2", Trace: "org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id tm2 is no longer reachable.\n\tat x.y(Z.java:1)\n"}
	for _, c := range []struct {
		name    string
		play    func(f *fakeCluster, o *Options)
		err     []string // nil: success
		said    []string
		cancels int
	}{
		{"done", func(f *fakeCluster, _ *Options) {
			f.state = "RUNNING"
			f.onLook = func(f *fakeCluster, n int) {
				if n == 2 {
					f.state = "FINISHED"
				}
			}
		}, nil, nil, 0},
		{"failed", func(f *fakeCluster, _ *Options) { f.state, f.root = "FAILED", string(refusal) }, []string{"flink: job " + flinkJob + "_0-1-2 failed: premix-refusal={"}, nil, 0},
		{"failed in several lines", func(f *fakeCluster, _ *Options) {
			f.state, f.root = "FAILED", "java.lang.RuntimeException: x\n\tcaused by:\nDoFn[UID:4, PID:e8, Name: mixFn] failed:\nread a: gone\nread b: gone\n\tat a.b(C.java:1)\n"
		}, []string{"failed: read a: gone read b: gone"}, nil, 0},
		{"failed before Flink had it", func(f *fakeCluster, _ *Options) {
			f.tell(jobpb.JobState_FAILED, "java.lang.IllegalArgumentException: no such transform")
		}, []string{"failed: no such transform"}, nil, 0},
		{"failed without a reason", func(f *fakeCluster, _ *Options) { f.state = "FAILED" }, []string{"no reason is known", "logs"}, nil, 0},
		{"cancelled by somebody", func(f *fakeCluster, _ *Options) { f.state = "CANCELED" }, []string{"it was cancelled from outside"}, nil, 0},
		{"job server gone", func(f *fakeCluster, _ *Options) {
			f.state = "RUNNING"
			f.onLook = func(f *fakeCluster, n int) {
				switch n {
				case 1:
					close(f.messages)
				case 4:
					f.state = "FINISHED"
				}
			}
		}, nil, []string{"warning: flink: the job server went away"}, 0},
		{"recovered", func(f *fakeCluster, _ *Options) {
			f.state = "RUNNING"
			f.onLook = func(f *fakeCluster, n int) {
				f.faults = []fault{lost}
				if n == 3 {
					f.state = "FINISHED"
				}
			}
		}, nil, []string{"warning: flink: a worker failed on tm2, and its part is done again: TaskManager with id tm2 is no longer reachable."}, 0},
		{"useless to try again", func(f *fakeCluster, o *Options) {
			f.state = "RUNNING"
			f.faults = []fault{{Time: 5, Trace: string(refusal)}, lost}
			o.Final = func(text string) bool { return strings.Contains(text, "premix-refusal=") }
		}, []string{`premix-refusal={"Code":4`}, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeCluster(t)
			o, said := f.options()
			o.Parallelism = 4
			c.play(f, &o)
			err := Run(context.Background(), aPipeline(), o)
			if c.err == nil && err != nil {
				t.Fatal(err)
			}
			for _, w := range c.err {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("error %v, want %q", err, w)
				}
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %v", err)
			}
			for _, w := range c.said {
				if strings.Count(said.String(), w) != 1 {
					t.Errorf("it said %q, want once %q", said, w)
				}
			}
			if f.cancels != c.cancels {
				t.Errorf("cancelled %d times, want %d", f.cancels, c.cancels)
			}
		})
	}
}

// TestInterrupted ends the context at several moments of a job.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(f *fakeCluster, stop func())
	}{
		{"while it runs", func(f *fakeCluster, stop func()) {
			f.state = "RUNNING"
			f.onLook = func(_ *fakeCluster, n int) {
				if n == 2 {
					stop()
				}
			}
		}},
		{"while it is started", func(f *fakeCluster, stop func()) {
			f.onRun = func(f *fakeCluster) {
				stop()
				f.state = "RUNNING"
			}
		}},
		{"before Flink has it", func(f *fakeCluster, stop func()) {
			f.onFind = func(f *fakeCluster, n int) {
				switch n {
				case 2:
					stop()
				case 5:
					f.state = "RUNNING"
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeCluster(t)
			o, _ := f.options()
			o.Parallelism = 4
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			c.play(f, stop)
			if err := Run(ctx, aPipeline(), o); !errors.Is(err, errCancelled) {
				t.Fatal(err)
			}
			if f.cancels != 1 || f.state != "CANCELED" || !f.forgot {
				t.Errorf("%d cancels, state %s, the job service told: %v", f.cancels, f.state, f.forgot)
			}
		})
	}
	t.Run("and Flink does not answer", func(t *testing.T) {
		f := newFakeCluster(t)
		o, _ := f.options()
		o.Parallelism = 4
		f.state = "RUNNING"
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		f.onLook = func(_ *fakeCluster, n int) {
			if n == 2 {
				stop()
				go f.rest.Close()
			}
		}
		if err := Run(ctx, aPipeline(), o); !errors.Is(err, goeson.Err) || !strings.Contains(err.Error(), "could not be cancelled") {
			t.Error(err)
		}
	})
}

func TestAsync(t *testing.T) {
	f := newFakeCluster(t)
	f.state = "RUNNING"
	o, said := f.options()
	o.Async = true
	if err := Run(context.Background(), aPipeline(), o); err != nil {
		t.Fatal(err)
	}
	if want := "cancel it with: curl -X PATCH '" + f.rest.URL + "/jobs/f00d?mode=cancel'"; !strings.Contains(said.String(), want) {
		t.Errorf("it said %q, want %q", said, want)
	}
}

func TestProgress(t *testing.T) {
	f := newFakeCluster(t)
	f.state = "RUNNING"
	f.onLook = func(f *fakeCluster, n int) {
		if n == 2 {
			f.state = "FINISHED"
		}
	}
	o, _ := f.options()
	var got []Status
	o.Progress = func(s Status) { got = append(got, s) }
	if err := Run(context.Background(), aPipeline(), o); err != nil {
		t.Fatal(err)
	}
	want := []Status{{State: "RUNNING", Steps: []Step{{"[1]transforms.Mix/mixFn", "RUNNING"}}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
