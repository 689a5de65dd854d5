package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
