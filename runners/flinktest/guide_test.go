package flinktest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFlinkGuide runs the commands of docs/flink.md that are marked for it, as they are but for the
// addresses of the cluster, in an empty folder.
func TestFlinkGuide(t *testing.T) {
	c := theCluster(t)
	c.whole(t)
	page, err := os.ReadFile("../../docs/flink.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(page), "\n<!-- flink -->\n")
	if !ok {
		t.Fatal("no block of docs/flink.md is marked <!-- flink -->")
	}
	jobs := 0
	var commands []string
	for _, line := range strings.Split(strings.TrimLeft(text, "\n"), "\n") {
		command, indented := strings.CutPrefix(line, "    ")
		if !indented {
			break
		}
		if strings.Contains(command, "--runner flink") {
			jobs++
			command += " --flink-rest " + c.rest + " --flink-job-server " + c.jobServer
		}
		commands = append(commands, command)
	}
	if jobs != 1 {
		t.Fatalf("%d jobs in %q, want one", jobs, commands)
	}
	dir := t.TempDir()
	if err := os.Symlink(c.binary, filepath.Join(dir, "premix")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-ec", strings.Join(commands, "\n"))
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	says(t, string(out), "flink job premix", "no defects")
	c.alone(t)
}

// script runs one of scripts/flink on what is installed, with more of an environment.
func (c *cluster) script(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(c.scripts, name), append([]string{os.Getenv("PREMIX_FLINK_DIR")}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

// TestFlinkAnotherHost adds a TaskManager as another host does: with a folder, an address and a
// configuration of its own. It gets work, and the bytes stay the same.
func TestFlinkAnotherHost(t *testing.T) {
	w := theWorld(t)
	env := []string{"CLUSTER=" + filepath.Join(t.TempDir(), "cluster"), "HOST=127.0.0.2", "JOBMANAGER=127.0.0.1", "RPC_PORT=" + os.Getenv("PREMIX_FLINK_RPC_PORT")}
	defer w.whole(t)
	defer w.script(t, env, "stop.sh")
	w.script(t, env, "start.sh", "tm", "3")
	within(t, "the TaskManager has joined", func() bool { return w.free(t) == 6 })
	out := filepath.Join(t.TempDir(), "out")
	w.start(t, w.on(w.mix(out)...)...).wait(0)
	promised(t, w.want, out)
	w.clean(t, out)
	var there int64
	for _, s := range w.step(t, w.last(t).Jid, "transforms.Mix/") {
		if s.TM == "tm3" {
			there += s.Metrics.Read
		}
	}
	if there == 0 {
		t.Error("the other host had no work")
	}
}

// TestFlinkNoRestartStrategy looks at a second cluster, which would give a job up after the first
// fault: the report names the missing line.
func TestFlinkNoRestartStrategy(t *testing.T) {
	w := theWorld(t)
	dir := t.TempDir()
	env := []string{"CLUSTER=" + filepath.Join(dir, "cluster"), "TMS=1", "RESTART_STRATEGY=none", "REST_PORT=auto", "RPC_PORT=auto", "JOB_PORT=auto", "ARTIFACT_PORT=auto"}
	defer w.script(t, env, "stop.sh")
	told := strings.Fields(w.script(t, env, "start.sh"))
	i := slices.Index(told, "--runner")
	if i < 0 {
		t.Fatalf("start.sh does not tell how to run premix: %q", told)
	}
	args := append(w.mix(filepath.Join(dir, "out"), "--dry-run"), told[i:]...)
	says(t, w.start(t, args...).wait(0), "warning: flink: the cluster has no restart strategy", "add this line to its configuration: restart-strategy.type: fixed-delay")
}
