package flinktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A cluster is the one that scripts/flink/test.sh started.
type cluster struct {
	rest, jobServer string
	binary          string // premix, linked statically
	dir             string // CLUSTER of start.sh
	scripts         string
}

// theCluster returns the cluster, or skips the test where there is none.
func theCluster(t *testing.T) *cluster {
	t.Helper()
	if os.Getenv("PREMIX_FLINK") == "" {
		t.Skip("needs a Flink cluster: run scripts/flink/test.sh")
	}
	c := &cluster{
		rest: os.Getenv("PREMIX_FLINK_REST"), jobServer: os.Getenv("PREMIX_FLINK_JOB_SERVER"),
		binary: os.Getenv("PREMIX_BINARY"), dir: os.Getenv("CLUSTER"),
	}
	for _, v := range []string{c.rest, c.jobServer, c.binary, c.dir} {
		if v == "" {
			t.Fatal("PREMIX_FLINK is set, but not PREMIX_FLINK_REST, PREMIX_FLINK_JOB_SERVER, PREMIX_BINARY and CLUSTER: run scripts/flink/test.sh")
		}
	}
	var err error
	if c.scripts, err = filepath.Abs("../../scripts/flink"); err != nil {
		t.Fatal(err)
	}
	return c
}

// get reads from the REST interface, again where a busy JobManager gives no answer.
func (c *cluster) get(t *testing.T, path string, out any) {
	t.Helper()
	var err error
	for range 60 {
		if err = c.ask(path, out); err == nil {
			return
		}
		time.Sleep(time.Second)
	}
	t.Fatal(err)
}

func (c *cluster) ask(path string, out any) error {
	resp, err := http.Get(c.rest + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// A job as Flink lists it.
type job struct {
	Jid, Name, State string
	Start            int64 `json:"start-time"`
	Duration         int64
}

// jobs lists all jobs, the latest first.
func (c *cluster) jobs(t *testing.T) []job {
	t.Helper()
	var list struct{ Jobs []job }
	c.get(t, "/jobs/overview", &list)
	slices.SortFunc(list.Jobs, func(a, b job) int { return int(b.Start - a.Start) })
	return list.Jobs
}

// last returns the latest job.
func (c *cluster) last(t *testing.T) job {
	t.Helper()
	all := c.jobs(t)
	if len(all) == 0 {
		t.Fatal("the cluster has seen no job")
	}
	return all[0]
}

// state is that of a job.
func (c *cluster) state(t *testing.T, jid string) string {
	t.Helper()
	var j struct{ State string }
	c.get(t, "/jobs/"+jid, &j)
	return j.State
}

// A subtask is the part of a step that ran in one slot.
type subtask struct {
	Status  string
	TM      string `json:"taskmanager-id"`
	Attempt int
	Metrics struct {
		Read  int64 `json:"read-records"`
		Write int64 `json:"write-records"`
	}
}

// step returns the subtasks of the step of a job whose name holds part.
func (c *cluster) step(t *testing.T, jid, part string) []subtask {
	t.Helper()
	var j struct{ Vertices []struct{ ID, Name string } }
	c.get(t, "/jobs/"+jid, &j)
	for _, v := range j.Vertices {
		if strings.Contains(v.Name, part) {
			var s struct{ Subtasks []subtask }
			c.get(t, "/jobs/"+jid+"/vertices/"+v.ID, &s)
			return s.Subtasks
		}
	}
	t.Fatalf("job %s has no step %s", jid, part)
	return nil
}

// faults counts the failures that Flink remembers of a job.
func (c *cluster) faults(t *testing.T, jid string) int {
	t.Helper()
	var ex struct {
		History struct{ Entries []any } `json:"exceptionHistory"`
	}
	c.get(t, "/jobs/"+jid+"/exceptions", &ex)
	return len(ex.History.Entries)
}

// pid is that of a process of the cluster: jm, tm1 …, jobserver.
func (c *cluster) pid(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "run", name+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// restart starts a TaskManager that was killed, and waits until the cluster has all of its slots.
func (c *cluster) restart(t *testing.T, n string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(c.scripts, "start.sh"), os.Getenv("PREMIX_FLINK_DIR"), "tm", n)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c.whole(t)
}

// free is the number of slots that no job uses.
func (c *cluster) free(t *testing.T) int {
	t.Helper()
	var o struct {
		Free int `json:"slots-available"`
	}
	c.get(t, "/overview", &o)
	return o.Free
}

// whole waits until all slots are there and free. A TaskManager that ended counts until the cluster
// has noticed.
func (c *cluster) whole(t *testing.T) {
	t.Helper()
	within(t, "the four slots are there, and free", func() bool { return c.free(t) == 4 })
}

// patience bounds every wait for what a cluster brings about. Only something broken takes as long,
// however busy the machine is.
const patience = 5 * time.Minute

// within waits for a condition that the cluster or a command brings about.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v it is not so that %s", patience, what)
		}
	}
}

// A process is one of those that /proc lists.
type process struct{ pid, parent int }

// workers lists the worker processes of the binary.
func (c *cluster) workers(t *testing.T) []process {
	t.Helper()
	var list []process
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		line, err := os.ReadFile(filepath.Join(d, "cmdline"))
		if err != nil || !bytes.Contains(line, []byte("--provision_endpoint=")) || !bytes.HasPrefix(line, []byte(c.binary)) {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(d, "stat"))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		var p process
		p.pid, _ = strconv.Atoi(filepath.Base(d))
		p.parent, _ = strconv.Atoi(fields[1])
		list = append(list, p)
	}
	return list
}

// alone wants that no worker is left: they end on their own soon after their job.
func (c *cluster) alone(t *testing.T) {
	t.Helper()
	within(t, "no worker is left", func() bool { return len(c.workers(t)) == 0 })
}

// signal sends a signal to every worker that is there.
func (c *cluster) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	for _, w := range c.workers(t) {
		syscall.Kill(w.pid, s) // it may have ended since
	}
}
