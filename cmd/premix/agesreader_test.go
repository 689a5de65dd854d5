package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstReader: a cache of a version that could not read some of an input holds failures of that. They are made
// anew, once; what was read right is used. testdata/ages/README.md says what the version made of it.
func TestFirstReader(t *testing.T) {
	program, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	b := &ageBench{t: t, dir: t.TempDir(), program: program}
	b.unpack(filepath.Join(ageFolder(t), "reader-1.tar.zst"))
	for _, test := range []struct {
		in          string
		first, then []string
	}{
		{"records", []string{"with failures of an earlier version, read again: c.tfrecord; not in the cache yet, or changed: b.tfrecord", "8 images, 4 of them from the cache, 1 failed"},
			[]string{"6 of 6 images are in the cache", "8 images, 8 of them from the cache, 1 failed"}},
		{"tars", []string{"0 of 3 images are in the cache", "with failures of an earlier version, read again: s.tar", "3 images, 2 of them from the cache, 0 failed"},
			[]string{"3 of 3 images are in the cache", "3 images, 3 of them from the cache, 0 failed"}},
		{"rows", []string{"moved or touched, compared before use: t.parquet", "4 images, 4 of them from the cache, 0 failed"},
			[]string{"4 of 4 images are in the cache", "4 images, 4 of them from the cache, 0 failed"}},
	} {
		for i, says := range [][]string{test.first, test.then} {
			text := b.premix("peaks", "--in", test.in, "--cache", "cache", "--size", "32")
			for _, s := range says {
				if !strings.Contains(text, s) {
					t.Errorf("run %d on %s does not say %q:\n%s", i+1, test.in, s, text)
				}
			}
		}
	}
}
