package compat

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/io/formats"
)

// TestLoader reads by premix_shards.torch as trainings do: three ranks of two workers and an uneven number of samples, workers
// that live on, a run that is killed in the middle of an epoch, new processes as workers, damaged plans and caches.
func TestLoader(t *testing.T) {
	py, dir := python(t), t.TempDir()
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	commandtest.Run(t, "synth", "--images", "41", "--out", in)
	commandtest.Run(t, "mix", "--in", in, "--out", out, "--cache", cache, "--size", "32", "--shards", "2", "--replicas", "3", "--plan-only")
	commandtest.Run(t, "mix", "--in", in, "--out", filepath.Join(dir, "anew"), "--cache", cache, "--size", "32", "--shards", "2", "--replicas", "3", "--plan-only", "--seed", "5")
	commandtest.Run(t, "mix", "--in", in, "--out", filepath.Join(dir, "formats"), "--cache", cache, "--size", "32", "--shards", "2", "--replicas", "3",
		"--plan-only", "--format", strings.Join(formats.Names(), ","))
	caches, err := filepath.Glob(filepath.Join(cache, "*", "fingerprint.json"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	cmd := exec.Command(py, "loader_check.py", dir, out, in, filepath.Dir(caches[0]))
	cmd.Env = append(os.Environ(), module(t), "OMP_NUM_THREADS=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	t.Log(stderr.String())
	const want = `["ranks", "resumed", "formats", "spawned", "work", "tables", "converted", "anew", "peaks", "numbers", "beside", "transforms", "copies", "truncated", "unread", "refusals"]` + "\n"
	if string(got) != want {
		t.Errorf("passed: %s, want %s", got, want)
	}
}

// module returns the variable by which Python finds premix_shards of this checkout. It reads the files, so that go test does
// not take the result of other ones from its cache.
func module(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "python")
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".py" {
			return err
		}
		files++
		_, err = os.ReadFile(path)
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files in %s: %v", files, dir, err)
	}
	return "PYTHONPATH=" + dir
}
