package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/doctest"
	"github.com/premix/premix/internal/layouttest"
	"github.com/premix/premix/internal/sharedtest"
)

// A training is the last line of a program that trains.
type training struct {
	Losses     []float64
	Epochs     int
	Train      int
	Validation int
	Accuracy   float64
}

// TestTutorial copies every command of docs/tutorial.md into one shell, in their order. The tars are small, of five classes of
// real photographs; the settings that the page itself makes are changed to that, and nothing else is.
func TestTutorial(t *testing.T) {
	py := python(t)
	flowers := sharedtest.Dir(t, "data", "flowers")
	page, err := os.ReadFile("../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := doctest.Blocks(string(page))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	data, work := filepath.Join(dir, "data"), filepath.Join(dir, "work")
	layouttest.ILSVRC(t, data, flowers, false)
	settings := map[string]string{
		"DATA": data, "WORK": work, "VENV": filepath.Dir(filepath.Dir(py)),
		// The five classes on which a newcomer tries everything are run as the page has them; all of it is made smaller.
		"SIZE": "64", "REPLICAS": "2", "EPOCHS": "1", "MODEL": "resnet18", "KERAS_MODEL": "small", "BATCH": "30", "WORKERS": "1",
	}
	output := tutorialOutput(t, dir, blocks, settings)

	var trained []training
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "{") {
			var r training
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			trained = append(trained, r)
		}
	}
	if len(trained) != 4 {
		t.Fatalf("%d trainings, want PyTorch and Keras on five classes and on all of it:\n%s", len(trained), output)
	}
	for i, r := range trained {
		name := []string{"PyTorch, five classes", "Keras, five classes", "PyTorch", "Keras"}[i]
		t.Logf("%s: accuracy %v, losses %v", name, r.Accuracy, r.Losses)
		if r.Train != 150 || r.Validation != 50 || len(r.Losses) == 0 || len(r.Losses) != r.Epochs {
			t.Errorf("%s: %+v, want 150 and 50 samples, and a loss of each epoch", name, r)
			continue
		}
		if first, last := r.Losses[0], r.Losses[len(r.Losses)-1]; !(last > 0 && last < first) && i < 2 {
			t.Errorf("%s: the loss does not fall: %v", name, r.Losses)
		}
		if chance := 1.0 / float64(len(layouttest.PlantSynsets)); i < 2 && r.Accuracy <= 2*chance {
			t.Errorf("%s: validation accuracy %v, want above twice that of guessing, %v", name, r.Accuracy, 2*chance)
		}
	}
}

// tutorialOutput runs the commands of a page, checks that they print what the page says that they do, and returns what they
// printed.
func tutorialOutput(t *testing.T, dir string, blocks []doctest.Block, settings map[string]string) string {
	t.Helper()
	var script []doctest.Block
	for _, b := range blocks {
		if b.Lang == "sh" {
			script = append(script, doctest.Block{Text: fmt.Sprintf("echo '%s'\n", mark(b.Line))}, b)
		}
	}
	text, err := doctest.Script(script, settings)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-ec", text)
	cmd.Dir = ".."
	// pip may not load anything: it says whether what the page installs is there. Threads of PyTorch that wait give way to
	// other tests.
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "GOCACHE="+goenv(t, "GOCACHE"), "PIP_NO_INDEX=1", "PIP_NO_DEPS=1",
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=", "OMP_WAIT_POLICY=PASSIVE", "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	output := string(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	said := output
	for _, b := range blocks {
		switch b.Lang {
		case "sh":
			_, said, _ = strings.Cut(output, mark(b.Line)+"\n")
			said, _, _ = strings.Cut(said, "@@ ")
		case "text":
			for line := range strings.Lines(b.Text) {
				if !strings.Contains(said, strings.TrimSpace(line)) {
					t.Errorf("line %d of the page: the commands above do not print %q:\n%s", b.Line, line, said)
				}
			}
		}
	}
	return output
}

func mark(line int) string { return fmt.Sprintf("@@ line %d", line) }

func goenv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
