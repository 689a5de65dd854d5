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

// TestInterruptUnpacking: Ctrl-C ends a run that goes through zeros without end behind a compressed shard. That has
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
	for size := int64(1 << 40); ; size /= 2 { // as long as this file system lets one be
		err := os.Truncate(path, size)
		if err == nil {
			break
		}
		if size < 1<<32 {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop() // and the process, if it still runs
	cmd := exec.CommandContext(ctx, "premix", "mix", "--in", filepath.Dir(path), "--out", filepath.Join(dir, "out"), "--cache", filepath.Join(dir, "c"), "--size", "16")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for read := 0; read < 1<<26 && ctx.Err() == nil; time.Sleep(time.Millisecond) { // it is among the zeros
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", cmd.Process.Pid))
		if err != nil { // this system does not tell what a process reads
			time.Sleep(time.Second)
			break
		}
		fmt.Sscanf(string(text), "rchar: %d", &read)
	}
	cmd.Process.Signal(syscall.SIGINT)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
}
