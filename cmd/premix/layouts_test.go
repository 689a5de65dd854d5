package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/layouttest"
)

// TestLayouts runs mix over layouts of data sets. Those in whose rows nothing but names counts are tested
// in io/source; here are the ones that are refused, or warned of, when all labels are known, and each
// twentieth of the others. With PREMIX_LAYOUTS=all it runs all of them.
func TestLayouts(t *testing.T) {
	all := os.Getenv("PREMIX_LAYOUTS") == "all"
	n := 0
	for _, name := range layouttest.Tables() {
		for _, l := range layouttest.Load(t, name) {
			var rows []layouttest.Row
			for _, row := range l.Rows {
				if n++; all || row.Gate || n%20 == 0 {
					rows = append(rows, row)
				}
			}
			if len(rows) == 0 {
				continue
			}
			dir := t.TempDir()
			layouttest.Write(t, dir, l.Files(t))
			for _, row := range rows {
				t.Run(row.String(), func(t *testing.T) {
					t.Parallel()
					runLayout(t, row, dir, filepath.Join(dir, row.Path))
				})
			}
		}
	}
}

// runLayout compares what mix does with what is right.
func runLayout(t *testing.T, row layouttest.Row, dir, uri string) {
	t.Helper()
	if strings.HasPrefix(row.Path, "hf:") {
		uri = row.Path
	}
	out := t.TempDir()
	args := []string{"mix", "--in", uri, "--out", out, "--size", "16", "--cache", "none", "--progress", "none"}
	words := strings.Fields(row.Flags)
	for i, w := range words {
		if i > 0 && (words[i-1] == "--labels" || words[i-1] == "--classes") {
			words[i] = filepath.Join(dir, w)
		}
	}
	code, said := runQuietly(t, append(args, words...), "HF_HOME="+filepath.Join(dir, "hf-home"), "HF_HUB_CACHE=")
	want := exitDone
	if row.Outcome == "refused" {
		want = exitUsage
	}
	if code != want {
		t.Fatalf("exit code %d, right is %d: %s", code, want, said)
	}
	if w := row.Unlike(said, uri); w != "" {
		t.Errorf("it does not say %s: %s", w, said)
	}
	if shards, _ := filepath.Glob(filepath.Join(out, "*.tar")); want == exitUsage && len(shards) > 0 {
		t.Errorf("refused, but it wrote %d shards", len(shards))
	}
	if want == exitDone {
		compareOutput(t, row, out)
	}
}

// compareOutput compares the class list and the number of images.
func compareOutput(t *testing.T, row layouttest.Row, out string) {
	t.Helper()
	metas, err := filepath.Glob(filepath.Join(out, "__premix__", "*", "manifest.json"))
	if err != nil || len(metas) != 1 {
		t.Fatalf("%d manifests, %v", len(metas), err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(metas[0]), "classes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(list) != row.Classes || !slices.Equal(list[:min(len(list), len(row.First))], row.First) {
		t.Errorf("%d classes %q, right are %d %q", len(list), list[:min(len(list), 5)], row.Classes, row.First)
	}
	var manifest struct{ Counts struct{ Good int } }
	text, err = os.ReadFile(metas[0])
	if err == nil {
		err = json.Unmarshal(text, &manifest)
	}
	if err != nil || manifest.Counts.Good != row.Images {
		t.Errorf("%d images, right are %d; %v", manifest.Counts.Good, row.Images, err)
	}
}

// runQuietly runs the program and returns its exit code and all that it said.
func runQuietly(t *testing.T, args []string, env ...string) (int, string) {
	t.Helper()
	cmd := exec.Command("premix", args...)
	cmd.Env = append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), said.String()
}
