package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
)

// stdoutCommands are commands with results, at least one for each subcommand. OUT is an output, BAD one
// with a defect, NEW a folder that is not there.
var stdoutCommands = []string{
	"--help", "--version", "version", "version --json", "help verify", "mix --help", "cache", "docs", "completion bash",
	"mix --in synth:8 --out NEW --size 16 --cache none --print-config",
	"mix --in synth:8 --out NEW --size 16 --cache none --dry-run",
	"mix --in synth:8 --out NEW --size 16 --cache none",
	"mix --in synth:8 --out NEW --size 16 --cache none --progress json",
	"mix --in synth:8 --out NEW --size 16 --cache none --plan-only",
	"pack --in synth:8 --out NEW --size 16 --cache none",
	"peaks --in synth:8 --cache NEW --size 16",
	"synth --out NEW --images 2",
	"verify OUT", "verify OUT --json", "verify BAD", "verify BAD --json",
	"inspect OUT", "inspect OUT --json", "inspect OUT --sample 1", "inspect OUT --uses ball_000000000.jpg", "inspect CACHE",
	"cache ls --cache CACHE", "cache prune --cache CACHE --dry-run", "cache prune --cache CACHE",
	"reindex OUT", "reindex OUT --json", "reindex BAD",
}

// stdoutBench makes the places that stdoutCommands name, and returns what fills them in.
func stdoutBench(t *testing.T) (program string, fill func(command string) []string) {
	t.Helper()
	program, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "user"))
	out, cache, bad := filepath.Join(dir, "out"), filepath.Join(dir, "cache"), filepath.Join(dir, "bad")
	if text, err := exec.Command(program, "mix", "--in", "synth:8", "--out", out, "--size", "16", "--cache", cache).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := os.CopyFS(bad, os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	shards, err := filepath.Glob(filepath.Join(bad, "*.tar"))
	if err != nil || len(shards) == 0 {
		t.Fatalf("no shards: %v", err)
	}
	if err := os.Truncate(shards[0], 700); err != nil {
		t.Fatal(err)
	}
	n := 0
	return program, func(command string) []string {
		n++
		fresh := filepath.Join(dir, "new", string(rune('a'+n)))
		return strings.Fields(strings.NewReplacer("OUT", out, "BAD", bad, "CACHE", cache, "NEW", fresh).Replace(command))
	}
}

// TestStdoutFull: every command whose results cannot be written says so, and fails.
func TestStdoutFull(t *testing.T) {
	program, fill := stdoutBench(t)
	for _, command := range stdoutCommands {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		args := fill(command)
		var messages bytes.Buffer
		cmd := exec.Command(program, args...)
		cmd.Stdout, cmd.Stderr = full, &messages
		err = cmd.Run()
		full.Close()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
			t.Errorf("premix %s: %v, want exit code 1\n%s", command, err, &messages)
		}
		const want = "premix: the results could not be written to stdout: write /dev/stdout: no space left on device\n"
		if strings.Count(messages.String(), want) != 1 || !strings.HasSuffix(messages.String(), want) {
			t.Errorf("premix %s says\n%s", command, &messages)
		}
		// what the command was for is done, and no lock is left
		if i := slices.Index(args, "--out"); i > 0 && (args[0] == "mix" || args[0] == "pack") && !strings.Contains(command, "-only") && !strings.Contains(command, "--dry") && !strings.Contains(command, "--print") {
			if text, err := exec.Command(program, "verify", args[i+1]).CombinedOutput(); err != nil {
				t.Errorf("after premix %s: %v\n%s", command, err, text)
			}
		}
	}
}

// TestStdoutGone: a reader that goes away ends every command by SIGPIPE and without a message, as in
// premix … | head.
func TestStdoutGone(t *testing.T) {
	program, fill := stdoutBench(t)
	for _, command := range stdoutCommands {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		var messages bytes.Buffer
		cmd := exec.Command(program, fill(command)...)
		cmd.Stdout, cmd.Stderr = w, &messages
		err = cmd.Run()
		w.Close()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGPIPE {
			t.Errorf("premix %s: %v, want SIGPIPE\n%s", command, err, &messages)
		}
		for _, word := range []string{"stdout", "pipe", "panic"} {
			if strings.Contains(messages.String(), word) {
				t.Errorf("premix %s says\n%s", command, &messages)
			}
		}
	}
}

// TestStdoutAll: no subcommand is left out above.
func TestStdoutAll(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			path := strings.TrimPrefix(sub.CommandPath(), "premix ")
			if !slices.ContainsFunc(stdoutCommands, func(s string) bool { return s == path || strings.HasPrefix(s, path+" ") }) {
				t.Errorf("no test of the results of premix %s", path)
			}
			walk(sub)
		}
	}
	walk(newRootCommand(&app{stdout: io.Discard, stderr: io.Discard}))
}
