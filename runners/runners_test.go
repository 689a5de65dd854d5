package runners

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
)

// TestFlags gives flags after -- that a runner cannot take: each is a mistake of usage, in a line.
func TestFlags(t *testing.T) {
	for _, c := range []struct {
		runner string
		args   []string
		want   string
	}{
		{Flink, []string{"--no_such_flag"}, "flags after --: flag provided but not defined: -no_such_flag"},
		{Flink, []string{"word"}, `flags after --: "word" is not a flag`},
		{Flink, []string{"--environment_type=DOCKER"}, "--environment_type=DOCKER: on Flink the workers are processes"},
		{Flink, []string{"--environment_config=/opt/premix"}, `as {"command":"/opt/premix/premix"}`},
		{Flink, []string{`--environment_config={"env":{}}`}, `as {"command":"/opt/premix/premix"}`},
		{Direct, []string{"--nonsense"}, "not defined: -nonsense"},
		{Dataflow, []string{"--project=p"}, "--region, --staging_location are missing"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Setenv("CLOUDSDK_COMPUTE_REGION", "")
			defer func() { *jobopts.EnvironmentType, *jobopts.EnvironmentConfig = "", "" }()
			_, err := Check(context.Background(), Options{Runner: c.runner, Args: c.args})
			var usage *UsageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestLocal(t *testing.T) {
	for name, want := range map[string]bool{Direct: true, Prism: true, Flink: false, Dataflow: false} {
		if Local(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if c, err := Check(context.Background(), Options{Runner: Direct}); err != nil || c != (Cluster{}) {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestElsewhere asks whether a local runner's workers are in this process.
func TestElsewhere(t *testing.T) {
	for _, c := range []struct {
		runner, args string
		want         Cluster
	}{
		{Prism, "", Cluster{}},
		{Prism, "--job_name=x", Cluster{}},
		{Prism, "--environment_type=LOOPBACK", Cluster{}},
		{Prism, "--endpoint=localhost:1", Cluster{Elsewhere: true}},
		{Prism, "--endpoint=localhost:1 --environment_type=loopback", Cluster{}},
		{Prism, "--environment_type=PROCESS --worker_binary=w", Cluster{Elsewhere: true, WorkerBinary: "w"}},
		{Direct, "--environment_type=PROCESS --worker_binary=w", Cluster{}},
	} {
		t.Run(c.runner+c.args, func(t *testing.T) {
			defer func() {
				*jobopts.EnvironmentType, *jobopts.Endpoint, *jobopts.WorkerBinary, *jobopts.JobName = "", "", "", ""
			}()
			if got, err := Check(t.Context(), Options{Runner: c.runner, Args: strings.Fields(c.args), PrismOpenPort: true}); err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

// TestPrismLeavesNothing looks for temporary files after a job.
func TestPrismLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	p, s := beam.NewPipelineWithRoot()
	beam.Impulse(s)
	if finished, err := Run(context.Background(), p, Options{Runner: Prism}); err != nil || !finished {
		t.Fatal(finished, err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
	if os.TempDir() != dir {
		t.Errorf("temporary files go to %s", os.TempDir())
	}
}
