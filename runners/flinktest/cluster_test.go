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
	"sync"
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

// A run is the command at work.
type run struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     lockedBuffer // stdout and stderr
	done    chan struct{}
	code    int
	started time.Time
	wall    time.Duration
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start starts the command.
func (c *cluster) start(t *testing.T, args ...string) *run {
	t.Helper()
	r := &run{t: t, cmd: exec.Command(c.binary, args...), done: make(chan struct{}), started: time.Now()}
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.cmd.Wait()
		r.wall = time.Since(r.started)
		r.code = r.cmd.ProcessState.ExitCode()
		close(r.done)
	}()
	t.Cleanup(func() {
		select {
		case <-r.done:
		default:
			r.cmd.Process.Signal(syscall.SIGTERM)
			<-r.done
		}
	})
	return r
}

// wait waits for the end and wants an exit code.
func (r *run) wait(code int) string {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		r.t.Fatalf("it does not end; so far it said:\n%s", r.out.String())
	}
	if r.code != code {
		r.t.Fatalf("exit code %d, want %d:\n%s", r.code, code, r.out.String())
	}
	return r.out.String()
}

// on returns the arguments of a job on the cluster.
func (c *cluster) on(args ...string) []string {
	return append(args, "--runner", "flink", "--flink-rest", c.rest, "--flink-job-server", c.jobServer, "--progress", "plain")
}

// local runs the command in its own process, and wants success.
func (c *cluster) local(t *testing.T, args ...string) {
	t.Helper()
	c.start(t, args...).wait(0)
}

// records counts the shard records of an output.
func records(out string) int {
	list, _ := filepath.Glob(filepath.Join(out, "__premix__", "train", "shards", "*.json"))
	return len(list)
}

// mixing waits until some shards of an output are done, which says that the mix stage is at work.
func (r *run) mixing(out string, shards int) {
	r.t.Helper()
	for records(out) < shards {
		select {
		case <-r.done:
			r.t.Fatalf("it ended before %d shards were there:\n%s", shards, r.out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// promised wants that two outputs hold the same bytes in every file that is promised to, and no
// temporary file.
func promised(t *testing.T, a, b string) {
	t.Helper()
	x, y := files(t, a), files(t, b)
	if len(x) == 0 {
		t.Fatalf("%s is empty", a)
	}
	for name, text := range x {
		if other, ok := y[name]; !ok {
			t.Errorf("%s lacks %s", b, name)
		} else if text != other {
			t.Errorf("%s differs in %s", b, name)
		}
	}
	for name := range y {
		if _, ok := x[name]; !ok {
			t.Errorf("%s has %s too", b, name)
		}
	}
}

// files reads the promised files of an output, hidden ones included, as there must be none.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains([]string{"run.json", "inputs.json", "report.html"}, d.Name()) {
			return err
		}
		text, err := os.ReadFile(path)
		m[strings.TrimPrefix(path, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// hidden wants no hidden file below a folder: neither temporaries nor markers.
func hidden(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasPrefix(d.Name(), ".") {
				t.Errorf("left behind: %s", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// says wants texts in what a command said.
func says(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(output, s) {
			t.Errorf("it did not say %q but:\n%s", s, output)
		}
	}
}

// lines returns the lines of an output that are neither progress nor about the job in general.
func problem(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return lines[len(lines)-1]
}

// figure logs a measurement in a form that docs/flink.md can quote.
func figure(t *testing.T, format string, args ...any) {
	t.Helper()
	t.Log("figure: " + fmt.Sprintf(format, args...))
}
