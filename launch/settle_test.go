package launch

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/pipeline"
)

// TestFindPlaces reads NAME=URI as a path where such a file is.
func TestFindPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"split=train", "both=a", "a", "plain"} {
		if err := os.MkdirAll(filepath.Join(dir, "c"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for in, want := range map[string]string{
		"split=train":   "./split=train",
		"./split=train": "./split=train",
		"x=plain":       "x=plain",
		"plain":         "plain",
		"x=gs://b/k":    "x=gs://b/k",
		"split=other":   "split=other",
	} {
		c := pipeline.Config{In: []string{in}}
		if err := findPlaces(t.Context(), &c); err != nil || c.In[0] != want {
			t.Errorf("--in %s: %s, %v; want %s", in, c.In[0], err, want)
		}
	}
	err := findPlaces(t.Context(), &pipeline.Config{In: []string{"both=a"}})
	if err == nil || !strings.Contains(err.Error(), "./both=a") || !strings.Contains(err.Error(), "both=./a") {
		t.Errorf("both exist: %v", err)
	}
}

// TestDryRunKeepsNothing prepares a job with a folder of maps and tries it: a dry run writes nothing, also not what it
// learned of the maps, and uses what an earlier start kept.
func TestDryRunKeepsNothing(t *testing.T) {
	home, dir := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CACHE_HOME", home)
	t.Setenv("HOME", home) // where macOS has its caches
	maps := filepath.Join(dir, "maps")
	if err := os.Mkdir(maps, 0o755); err != nil {
		t.Fatal(err)
	}
	one, old := filepath.Join(maps, "a.png"), time.Now().Add(-time.Hour)
	var text bytes.Buffer
	if err := png.Encode(&text, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(one, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(one, old, old); err != nil {
		t.Fatal(err)
	}
	c := pipeline.Default()
	c.In, c.Out, c.Cache, c.Detector = []string{"synth:30"}, filepath.Join(dir, "out"), filepath.Join(dir, "cache"), maps
	c.Size.H, c.Size.W = 32, 32
	before := tree(t, dir)
	job, err := Prepare(t.Context(), c, Options{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := job.Try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := tree(t, home); len(list) > 1 { // the folder itself
		t.Errorf("a dry run wrote %v", list)
	}
	if d := cmp.Diff(before, tree(t, dir)); d != "" {
		t.Errorf("a dry run changed (-before +after):\n%s", d)
	}
	if _, err := Prepare(t.Context(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	if list := tree(t, home); len(list) < 2 {
		t.Errorf("what the folder of maps has was not kept: %v", list)
	}
}
