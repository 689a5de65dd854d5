package examples

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterrupted presses Ctrl-C while a program trains with workers: it ends with exit code 130 and one line, and leaves
// no process.
func TestInterrupted(t *testing.T) {
	py := python(t)
	const says = "interrupted: no state was kept\n"
	out := filepath.Join(t.TempDir(), "out")
	premix(t, "mix", "--in", "synth:96", "--out", out, "--size", "32", "--shards", "4", "--cache", "none")
	cmd := exec.CommandContext(t.Context(), py, "pytorch/train_webdataset.py", out, "--epochs", "100000", "--workers", "2")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	group := cmd.Process.Pid
	defer syscall.Kill(-group, syscall.SIGKILL)
	lines := bufio.NewScanner(stdout)
	trains := false
	for !trains && lines.Scan() {
		trains = strings.HasPrefix(lines.Text(), "epoch 2 of ")
	}
	if !trains {
		t.Fatalf("it does not train: %v\n%s", cmd.Wait(), stderr.String())
	}
	if err := syscall.Kill(-group, syscall.SIGINT); err != nil { // as the terminal does, to all of them
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	cmd.Wait() // its error is the exit code
	if code := cmd.ProcessState.ExitCode(); code != 130 || stderr.String() != says {
		t.Errorf("exit code %d, want 130; it says\n%swant\n%s", code, stderr.String(), says)
	}
	var left []string
	for range 100 { // a process that was killed takes a moment to end
		if left = alive(t, group); len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("processes are left: %s", left)
}

// alive lists the processes of a group that have not ended.
func alive(t *testing.T, group int) (names []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Fatal("no /proc", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		name := string(text[:bytes.LastIndexByte(text, ')')+1])
		fields := strings.Fields(string(text[len(name):])) // state, parent, group, …
		if fields[0] != "Z" && fields[2] == fmt.Sprint(group) {
			names = append(names, name)
		}
	}
	return names
}
