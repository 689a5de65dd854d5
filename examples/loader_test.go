package examples

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/commandtest"
)

// TestLoaderPage runs the programs of docs/loader.md.
func TestLoaderPage(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	premix(t, "synth", "--images", "70", "--out", in)
	premix(t, "mix", "--in", in, "--out", out, "--cache", cache, "--size", "32", "--replicas", "2", "--plan-only")
	caches, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "loader.md"))
	if err != nil {
		t.Fatal(err)
	}
	programs := strings.Split(string(page), "<!-- python -->\n\n")[1:]
	if len(programs) != 3 {
		t.Fatalf("%d programs, want 3", len(programs))
	}
	names := strings.NewReplacer(`"OUT"`, `"`+out+`"`, `"IN"`, `"`+in+`"`, `"CACHE/FINGERPRINT"`, `"`+caches[0]+`"`)
	for _, p := range programs {
		var text strings.Builder
		for line := range strings.Lines(p) {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") {
				break
			}
			text.WriteString(strings.TrimPrefix(line, "    "))
		}
		cmd := exec.Command(py, "-W", "error::UserWarning:premix_shards", "-c", names.Replace(text.String()))
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "python"), "XDG_CACHE_HOME="+filepath.Join(dir, "maps"), "OMP_NUM_THREADS=1")
		if got, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, text.String(), got)
		}
	}
}

// TestComparison trains a few rows of examples/comparison on a few images, each twice with one seed: the same accuracies.
func TestComparison(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "results")
	premix(t, "synth", "--images", "60", "--out", in)
	cmd := exec.Command(py, "comparison/compare.py", in, "--premix", commandtest.Premix(t), "--epochs", "2", "--size", "32", "--batch", "16",
		"--workers", "1", "--seeds", "3,3", "--rows", "cutmix,saliencymix-1,saliencymix-batch", "--out", out, "--work", dir)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "python"), "OMP_NUM_THREADS=1")
	table, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		HeldOut  int `json:"held_out"`
		Accuracy map[string][][]float64
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.HeldOut != 12 || len(got.Accuracy) != 3 || strings.Count(string(table), "± 0.0 |") != 3 {
		t.Errorf("%+v\n%s", got, table)
	}
	for row, curves := range got.Accuracy {
		if len(curves) != 2 || len(curves[0]) != 2 || curves[0][0] != curves[1][0] || curves[0][1] != curves[1][1] {
			t.Errorf("%s: %v, want twice the same two numbers", row, curves)
		}
	}
	for _, name := range []string{"table.md", "curves.svg"} {
		if data, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(string(data), "saliencymix-batch") {
			t.Errorf("%s: %v, %q", name, err, data)
		}
	}
}
