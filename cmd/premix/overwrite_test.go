package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOverwriteReplicas: --overwrite of a finished split replaces all its replicas, also with the same recipe and
// input, and leaves the other splits.
func TestOverwriteReplicas(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	args := []string{"--in", "synth:24", "--out", out, "--size", "32", "--shards", "1", "--cache", filepath.Join(dir, "c")}
	shards := func(want ...string) {
		t.Helper()
		paths, err := filepath.Glob(filepath.Join(out, "*.tar"))
		for i := range paths {
			paths[i] = filepath.Base(paths[i])
		}
		if err != nil || !slices.Equal(paths, want) {
			t.Errorf("%q, %v; want %q", paths, err, want)
		}
	}
	premix(t, append([]string{"pack"}, args...)...)
	premix(t, append([]string{"mix", "--replicas", "2"}, args...)...)
	shards("premix-train-r000-000000.tar", "premix-train-r001-000000.tar", "premix-validation-000000.tar")
	premix(t, append([]string{"mix", "--overwrite"}, args...)...)
	shards("premix-train-000000.tar", "premix-validation-000000.tar")
}

// TestUsageInGate: wrong usage that shows after the peaks writes no shard, and keeps the peaks for the next run.
func TestUsageInGate(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	args := []string{"mix", "--in", "synth:24", "--out", out, "--size", "32", "--cache", "none", "--shards"}
	code, _, text := runHere(append(args, "50")...)
	if code != exitUsage || !strings.Contains(text, "--shards 50: there are only 24 good images") {
		t.Errorf("exit code %d: %s", code, text)
	}
	if shards, err := filepath.Glob(filepath.Join(out, "*.tar")); err != nil || len(shards) > 0 {
		t.Errorf("%q, %v", shards, err)
	}
	if _, help, _ := runHere("--help"); !strings.Contains(help, "\n  2    wrong usage, configuration or input; no shard was written\n") {
		t.Errorf("the help says\n%s", help)
	}
	if text := premix(t, append(args, "2")...); !strings.Contains(text, "24 from the cache") {
		t.Errorf("the next run says\n%s", text)
	}
}
