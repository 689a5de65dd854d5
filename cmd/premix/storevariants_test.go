package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/premix/premix/io/blob"
)

// TestStoreVariants makes several methods in one pass in a store, adds one, and wants the bytes of the local run, and nothing
// above the outputs. verify and inspect find them there.
func TestStoreVariants(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	flags := []string{"mix", "--in", "synth:40", "--size", "64", "--shards", "2", "--cache", filepath.Join(dir, "c")}
	first := []string{"--variant", "none:--method none", "--variant", "spec:--detector spectral --format webdataset,parquet"}
	more := slices.Concat(first, []string{"--variant", "mixup:--method mixup --label-form dense"})
	premix(t, slices.Concat(flags, more, []string{"--out", out})...)
	store := blob.Join(s3(t), "out")
	premix(t, slices.Concat(flags, first, []string{"--out", store})...)
	premix(t, slices.Concat(flags, more, []string{"--out", store})...)
	sameTree(t, out, store)
	premix(t, "verify", store)
	premix(t, "inspect", store)
	premix(t, "reindex", store)
	sameTree(t, out, store)
}
