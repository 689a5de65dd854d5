package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/premix/premix/internal/doctest"
	"github.com/premix/premix/internal/layouttest"
)

// TestTutorialCommands runs the commands of docs/tutorial.md that need no Python, on drawn images. Package examples runs all
// of them, on photographs.
func TestTutorialCommands(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := doctest.Blocks(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []doctest.Block
	premix := 0
	for _, b := range all {
		if b.Lang != "sh" {
			continue
		}
		var own strings.Builder // a block may also train
		for line := range strings.Lines(b.Text) {
			if !strings.Contains(line, "python") && !strings.Contains(line, "activate") {
				own.WriteString(line)
			}
			if strings.HasPrefix(line, "premix ") {
				premix++
			}
		}
		blocks = append(blocks, doctest.Block{Text: own.String()})
	}
	if premix < 10 {
		t.Errorf("%d commands of premix in the page", premix)
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	layouttest.ILSVRC(t, data, "", false)
	script, err := doctest.Script(blocks, map[string]string{
		"DATA": data, "WORK": filepath.Join(dir, "work"), "SIZE": "32", "REPLICAS": "2",
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-ec", script)
	cmd.Env = append(os.Environ(), "PATH="+buildShim(t)+string(filepath.ListSeparator)+os.Getenv("PATH"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTutorialClasses compares what the page says of the 1,000 classes with what is said of a tar that has them.
func TestTutorialClasses(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^    (1000 classes: .*)$`).FindSubmatch(text)
	if line == nil {
		t.Fatal("the page has no line of the classes")
	}
	dir := t.TempDir()
	layouttest.ILSVRC(t, dir, "", true)
	for _, name := range []string{"ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"} {
		out, err := exec.Command("premix", "inspect", filepath.Join(dir, name)).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if !strings.Contains(string(out), string(line[1])) {
			t.Errorf("%s: no %q in\n%s", name, line[1], out)
		}
	}
}

// buildShim makes a command go whose "go build -o FILE ./cmd/premix" gives the premix of this very test.
func buildShim(t *testing.T) string {
	t.Helper()
	premix, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1 $2 $4\" != 'build -o ./cmd/premix' ]; then echo \"go $*: only go build -o FILE ./cmd/premix works in a test\" >&2; exit 9; fi\nln -s '%s' \"$3\"\n", premix)
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}
