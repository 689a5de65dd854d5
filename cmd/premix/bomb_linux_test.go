package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/premix/premix/internal/layouttest"
)

// TestInterruptUnpacking: Ctrl-C ends a run that goes through a terabyte of zeros behind a compressed shard. That has
// more samples than are looked at for the labels, so that it is not read to its end before the peaks.
func TestInterruptUnpacking(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(sampleTar(t, 200)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "in", "a.tar.gz")
	layouttest.Write(t, filepath.Join(dir, "in"), []layouttest.File{{Path: "a.tar.gz", Data: packed.Bytes()}})
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip("no such files here: ", err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop() // and the process, if it still runs
	cmd := exec.CommandContext(ctx, "premix", "mix", "--in", filepath.Dir(path), "--out", filepath.Join(dir, "out"), "--cache", filepath.Join(dir, "c"), "--size", "16")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for read := 0; read < 1<<26 && ctx.Err() == nil; time.Sleep(time.Millisecond) { // it is among the zeros
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", cmd.Process.Pid))
		if err != nil {
			t.Skip("this system does not tell what a process reads: ", err)
		}
		fmt.Sscanf(string(text), "rchar: %d", &read)
	}
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}
