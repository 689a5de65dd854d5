package compat

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/io/formats"
)

// quoted is a text between quotes that may be a pattern of files, in a program or in the card's YAML.
var quoted = regexp.MustCompile(`"([a-zA-Z0-9_./{}\[\]*-]*[*{][a-zA-Z0-9_./{}\[\]*-]*)"`)

// patternsOf are the patterns in a README.md: globs, and braces of webdataset.
func patternsOf(t *testing.T, dir string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, q := range quoted.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(q[1], "..") || strings.Contains(q[1], "*") {
			list = append(list, q[1])
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// TestPatterns: each pattern that README.md prints for an output of replica 0 matches the same files after
// replicas were added, in the words of each reader: Python's glob, fsspec's (Hugging Face), TensorFlow's, and
// the braces of webdataset.
func TestPatterns(t *testing.T) {
	py := python(t)
	bin := commandtest.Premix(t)
	root := t.TempDir()
	in, before, after := filepath.Join(root, "in"), filepath.Join(root, "before"), filepath.Join(root, "after")
	mix := func(out string, more ...string) []string {
		return append([]string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(root, "cache"), "--size", "32", "--shards", "3", "--format", strings.Join(formats.Names(), ",")}, more...)
	}
	for i, args := range [][]string{{"synth", "--out", in, "--images", "24"}, mix(before), mix(after, "--replicas", "3")} {
		if i == 2 {
			if err := os.CopyFS(after, os.DirFS(before)); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
		}
	}
	jobs := map[string][]string{}
	for _, format := range formats.Names() {
		list := patternsOf(t, filepath.Join(before, format))
		if len(list) == 0 && format != "tfds" && format != "mds" { // their readers take names of splits, and of folders
			t.Errorf("README.md of %s has no pattern", format)
		}
		for _, out := range []string{before, after} {
			jobs[filepath.Join(out, format)] = list
		}
		// What README.md says of all replicas begins with what it said of the first.
		for _, p := range list {
			if !slices.Contains(patternsOf(t, filepath.Join(after, format)), p) {
				t.Errorf("%s: README.md lost the pattern %s", format, p)
			}
		}
	}
	text, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(py, filepath.Join("readers", "patterns.py"))
	cmd.Stdin = strings.NewReader(string(text))
	cmd.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var found map[string]map[string]map[string][]string // folder, pattern, reader: files
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	for _, format := range formats.Names() {
		x, y := found[filepath.Join(before, format)], found[filepath.Join(after, format)]
		if d := cmp.Diff(x, y); d != "" {
			t.Errorf("%s: the patterns match other files after replicas were added:\n%s", format, d)
		}
		for pattern, readers := range x {
			for reader, files := range readers {
				if len(files) != 3 {
					t.Errorf("%s: %s matches %q by %s, want three shards", format, pattern, files, reader)
				}
			}
		}
	}
}
