//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A watched command runs on a terminal.
type watched struct {
	t      *testing.T
	vt     *vt
	tty    *os.File
	stdout bytes.Buffer
	done   chan struct{} // closed when the terminal has all
	cmd    *exec.Cmd
}

func watch(t *testing.T, columns int, term string, args ...string) *watched {
	t.Helper()
	dir := t.TempDir()
	w := &watched{t: t, vt: newVT(columns), done: make(chan struct{})}
	w.cmd = exec.Command("premix", append(args, "--out", filepath.Join(dir, "out"), "--cache", filepath.Join(dir, "c"))...)
	w.cmd.Env = append(os.Environ(), "TERM="+term)
	w.cmd.Stdout = &w.stdout
	var err error
	if w.tty, err = pty.StartWithSize(w.cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.cmd.Process.Kill() // it may have ended
		<-w.done
		w.tty.Close()
	})
	go func() {
		defer close(w.done)
		if _, err := io.Copy(w.vt, w.tty); err != nil && !errors.Is(err, syscall.EIO) {
			t.Error(err) // EIO is how Linux says that nobody has the other side any more
		}
	}()
	return w
}

// draws waits until n more lines of progress were drawn.
func (w *watched) draws(n int) {
	w.t.Helper()
	for from := w.vt.drawn(); w.vt.drawn() < from+n; time.Sleep(10 * time.Millisecond) {
		select {
		case <-w.done:
			lines, _ := w.vt.text()
			w.t.Fatalf("it ended:\n%s", strings.Join(lines, "\n"))
		default:
		}
	}
}

// wait waits for the end and wants an exit code.
func (w *watched) wait(code int) {
	w.t.Helper()
	<-w.done
	w.cmd.Wait() // its error is the exit code
	if got := w.cmd.ProcessState.ExitCode(); got != code {
		w.t.Errorf("exit code %d, want %d", got, code)
	}
}

// clean wants nothing but messages on the terminal, and a cursor that is seen at the beginning of an empty line.
func (w *watched) clean() []string {
	w.t.Helper()
	lines, current := w.vt.text()
	for _, l := range lines {
		if !strings.HasPrefix(l, "premix: ") {
			w.t.Errorf("left on the screen: %q", l)
		}
	}
	if current != "" || w.vt.col != 0 || w.vt.hidden || w.vt.noWrap || w.vt.unknown != nil {
		w.t.Errorf("cursor at column %d of %q, hidden %v, wrapping off %v, unknown sequences %q", w.vt.col, current, w.vt.hidden, w.vt.noWrap, w.vt.unknown)
	}
	return lines
}

// endless is an input that no test waits for.
const endless = "synth:1000000"

// TestBar watches a job on terminals: what is left are messages, one for each stage among them.
func TestBar(t *testing.T) {
	for _, columns := range []int{40, 120} {
		w := watch(t, columns, "xterm", "mix", "--in", "synth:600", "--size", "96", "--workers", "1")
		w.draws(2)
		w.wait(exitDone)
		lines := w.clean()
		if n := len(lines); n < 2 || !strings.HasPrefix(lines[n-2], "premix: peaks: 600 images in ") || !strings.HasPrefix(lines[n-1], "premix: mix: 600 samples in ") {
			t.Errorf("%d columns: the last messages are not those of the stages:\n%s", columns, strings.Join(lines, "\n"))
		}
		if !strings.Contains(w.stdout.String(), "samples  600 in ") {
			t.Errorf("%d columns: the summary is\n%s", columns, w.stdout.String())
		}
	}
}

// TestBarResized makes a terminal narrower and wider while a line is on it.
func TestBarResized(t *testing.T) {
	w := watch(t, 120, "xterm", "mix", "--in", endless, "--size", "64")
	for _, columns := range []int{40, 17, 120, 60} {
		w.draws(2)
		w.vt.resize(columns)
		if err := pty.Setsize(w.tty, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
			t.Fatal(err)
		}
		w.draws(3)
		lines, current := w.vt.text()
		for i, l := range lines {
			if last := i == len(lines)-1; !last && !strings.HasPrefix(l, "premix: ") || last && (l != current || !strings.HasPrefix(l, "peaks") || len(l) >= columns) {
				t.Errorf("%d columns: line %d of %d is %q", columns, i+1, len(lines), l)
			}
		}
	}
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	w.wait(exitInterrupted)
	w.clean()
}

// TestBarInterrupted presses Ctrl-C, and twice.
func TestBarInterrupted(t *testing.T) {
	for _, keys := range []string{"\x03", "\x03\x03"} {
		w := watch(t, 80, "xterm", "mix", "--in", endless, "--size", "64")
		w.draws(2)
		if _, err := w.tty.WriteString(keys); err != nil {
			t.Fatal(err)
		}
		w.wait(exitInterrupted)
		lines := w.clean()
		if last := lines[len(lines)-1]; len(keys) == 1 && !strings.HasPrefix(last, "premix: interrupted: ") {
			t.Errorf("it ends with %q", last)
		}
	}
}

// TestNoBar wants no character that moves a cursor where there is no terminal, or none that can.
func TestNoBar(t *testing.T) {
	for _, mode := range progressModes {
		dir := t.TempDir()
		cmd := exec.Command("premix", "mix", "--in", "synth:24", "--size", "32", "--out", filepath.Join(dir, "out"), "--cache", filepath.Join(dir, "c"), "--progress", mode)
		cmd.Env = append(os.Environ(), "TERM=xterm")
		text, err := cmd.CombinedOutput()
		if err != nil || bytes.ContainsAny(text, "\x1b\r") {
			t.Errorf("--progress %s: %v, %q", mode, err, text)
		}
	}
	w := watch(t, 80, "dumb", "mix", "--in", "synth:24", "--size", "32")
	w.wait(exitDone)
	if w.clean(); w.vt.drawn() != 0 {
		t.Errorf("%d lines were drawn on a dumb terminal", w.vt.drawn())
	}
}
