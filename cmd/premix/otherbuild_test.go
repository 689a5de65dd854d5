package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/otherbuild"
)

// TestOtherBuild gives a job workers in processes of their own. A build with another constant is refused
// before it writes anything; a copy of the launcher's binary makes the bytes of a run in one process, from
// the cache that the other build did not get to.
func TestOtherBuild(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	args := func(out, cache string, more ...string) []string {
		return append([]string{"mix", "--in", "synth:40", "--out", out, "--cache", cache, "--size", "32", "--shards", "2", "--detector", "center"}, more...)
	}
	workers := func(binary string) []string {
		return []string{"--runner", "prism", prismPort(), "--", "--environment_type=PROCESS", fmt.Sprintf(`--environment_config={"command":%q}`, binary)}
	}
	launcher, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	other, out := otherbuild.Premix(t), filepath.Join(dir, "out")
	said := fails(t, exitUsage, args(out, cache, workers(other)...)...)
	for _, want := range []string{"the worker on ", " was rejected, before it did anything: " + other + " there is build ", "and the job wants build ", "copy " + launcher + " of host ", " to " + other + " on "} {
		if !strings.Contains(said, want) {
			t.Errorf("it did not say %q but:\n%s", want, said)
		}
	}
	if strings.Contains(said, "caused by") || strings.Count(said, "premix: the worker") != 1 {
		t.Errorf("not one line of its own:\n%s", said)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("the refused run left %v, %v", list, err)
	}

	// The other build does make other bytes: as a launcher it is its own worker.
	direct, wrong := filepath.Join(dir, "direct"), filepath.Join(dir, "wrong")
	premix(t, args(direct, filepath.Join(dir, "c1"))...)
	if text, err := exec.Command(other, args(wrong, filepath.Join(dir, "c2"))...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	right := filepath.Join(t.TempDir(), "premix") // a test binary is premix by its name only
	text, err := os.ReadFile(launcher)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(right, text, 0o777); err != nil {
		t.Fatal(err)
	}
	premix(t, args(out, cache, workers(right)...)...)
	files := map[string]map[string]string{}
	for _, d := range []string{direct, wrong, out} {
		if files[d], err = promised(d); err != nil || len(files[d]) == 0 {
			t.Fatal(len(files[d]), err)
		}
	}
	if !maps.Equal(files[direct], files[out]) {
		t.Error("workers with a copy of the binary make other bytes than a run in one process")
	}
	if maps.Equal(files[direct], files[wrong]) {
		t.Error("the other build makes the same bytes, so this test shows nothing")
	}
}

// TestNoWorker gives a job on prism workers that are no premix: it ends, and says why.
func TestNoWorker(t *testing.T) {
	for _, command := range []string{"true", "no-such-program"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			said := fails(t, exitFailed, "mix", "--in", "synth:10", "--out", filepath.Join(t.TempDir(), "out"), "--cache", "none", "--size", "32",
				"--runner", "prism", prismPort(), "--", "--environment_type=PROCESS", `--environment_config={"command":"`+command+`","env":{"K":"hidden"}}`)
			if want := "the command " + command + " in --environment_config ended before the job did"; !strings.Contains(said, want) || strings.Contains(said, "hidden") {
				t.Errorf("it did not say %q but:\n%s", want, said)
			}
		})
	}
}
