package flinktest

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFlinkVariants makes several methods in one job, with two detectors and one variant in two formats, and wants the
// outputs of a local job and of runs of their own, and nothing above them. A second job adds a variant, and lets the others be.
func TestFlinkVariants(t *testing.T) {
	w := theWorld(t)
	dir := t.TempDir()
	local, flink, cache := filepath.Join(dir, "local"), filepath.Join(dir, "flink"), filepath.Join(dir, "c2")
	args := []string{"mix", "--in", w.in, "--size", "64", "--shards", "16", "--limit", "400"}
	variants := []string{
		"--variant", "none:--method none", "--variant", "cutmix:--method cutmix --format webdataset,tfrecord --label-form dense",
		"--variant", "spec:--detector spectral --encode png",
	}
	all := append(args, variants...)
	w.local(t, append(all, "--out", local, "--cache", filepath.Join(dir, "c1"))...)
	w.start(t, w.on(append(all, "--out", flink, "--cache", cache)...)...).wait(0)
	promised(t, local, flink)
	promised(t, filepath.Join(dir, "c1"), cache)
	alone := filepath.Join(dir, "alone")
	w.local(t, append(args, "--out", alone, "--cache", cache, "--detector", "spectral", "--encode", "png")...)
	promised(t, alone, filepath.Join(flink, "spec"))
	more := append(all, "--variant", "mixup:--method mixup")
	w.local(t, append(more, "--out", local, "--cache", cache)...)
	w.start(t, w.on(append(more, "--out", flink, "--cache", cache)...)...).wait(0)
	promised(t, local, flink)
	hidden(t, flink, cache)
	if _, err := os.Stat(filepath.Join(flink, "__premix__")); err == nil {
		t.Errorf("a folder is left above the outputs")
	}
	w.alone(t)
}
