package launch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/runners"
)

// TestWorkersBuild asks which build the workers of a job must be.
func TestWorkersBuild(t *testing.T) {
	own, err := buildid.Own()
	if err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		cluster runners.Cluster
		sum     string
		wrong   string
	}{
		{"in this process", runners.Cluster{}, "", ""},
		{"elsewhere", runners.Cluster{Elsewhere: true}, own.SHA256, ""},
		{"this file is sent", runners.Cluster{Elsewhere: true, WorkerBinary: own.Path}, own.SHA256, ""},
		{"another file is sent", runners.Cluster{Elsewhere: true, WorkerBinary: tool}, "", "--worker_binary: " + tool + " is build "},
		{"a script is sent", runners.Cluster{Elsewhere: true, WorkerBinary: script}, "", "is not premix"},
	} {
		id, err := workersBuild(c.cluster)
		if usage := (*UsageError)(nil); c.wrong != "" && (!errors.As(err, &usage) || !strings.Contains(err.Error(), c.wrong)) || c.wrong == "" && err != nil {
			t.Errorf("%s: %v, want %q", c.name, err, c.wrong)
		}
		if id.SHA256 != c.sum {
			t.Errorf("%s: %q, want %q", c.name, id.SHA256, c.sum)
		}
	}
}

// TestNoHash prepares a job in this process: it does not wait for the hash of the program's file.
func TestNoHash(t *testing.T) {
	for _, runner := range []string{runners.Direct, runners.Prism} {
		c := pipeline.Default()
		c.In, c.Out, c.Cache, c.Runner, c.PrismOpenPort = []string{"synth:20"}, filepath.Join(t.TempDir(), "out"), pipeline.NoCache, runner, true
		job, err := Prepare(t.Context(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if b := job.Description.Build; b.SHA256 != "" || b.Process == "" {
			t.Errorf("%s: the build of the workers is %+v", runner, b)
		}
	}
}
