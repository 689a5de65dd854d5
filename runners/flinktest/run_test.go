package flinktest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

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
