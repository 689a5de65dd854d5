package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/golden"
)

// TestBytes holds the shards, plans and indexes of a few recipes to checksums that are committed: the
// bytes are the same in every build, with and without assembly, and on every architecture. A change of
// them is a change of a version in pipeline/fingerprint.go.
func TestBytes(t *testing.T) {
	recipes := map[string][]string{
		"default": {},
		"formats": {"--geometry", "center", "--format", "webdataset,tfrecord,tfds,array_record,parquet,mds", "--encode", "png", "--label-form", "dense"},
		"methods": {
			"--size", "96x128", "--interpolation", "lanczos", "--detector", "spectral", "--scheme", "sal2sal", "--replicas", "2", "--encode", "jpeg:80:444",
			"--method", "saliencymix:0.4,mixup:0.2:alpha=0.4,resizemix:0.2,cutmix:0.1,cutout:0.1",
		},
	}
	var list strings.Builder
	for _, name := range slices.Sorted(maps.Keys(recipes)) {
		out := t.TempDir()
		premix(t, append([]string{"mix", "--in", "synth:60", "--out", out, "--cache", "none", "--shards", "2"}, recipes[name]...)...)
		files, err := promised(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range slices.Sorted(maps.Keys(files)) {
			// The manifest, and shard records with its fingerprint, name the version of the program.
			if filepath.Ext(file) != ".json" && filepath.Base(file) != "README.md" {
				fmt.Fprintf(&list, "%s  %s/%s\n", files[file], name, filepath.ToSlash(file))
			}
		}
	}
	golden.Equal(t, "bytes.txt", []byte(list.String()))
}
