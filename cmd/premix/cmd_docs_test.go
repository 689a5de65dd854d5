package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocsCurrent(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"docs"}, &out, &errs); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(page), "\n"), strings.Split(out.String(), "\n")); d != "" {
		t.Errorf("docs/cli.md is not what the code says: go generate ./cmd/premix\n%s", d)
	}
}

// testMark stands above a block of commands, in a document, that the tests run as it is.
const testMark = "<!-- test -->"

// TestDocsCommands runs the marked commands of all documents. Those of a document share an empty
// folder; "go run ./cmd/premix" there is that of the repository.
func TestDocsCommands(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"))
	bin := shim(t, root)
	total := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := marked(string(text))
		if err != nil {
			t.Errorf("%s: %v", page, err)
		}
		total += len(blocks)
		if len(blocks) == 0 {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, block := range blocks {
				cmd := exec.Command("sh", "-ec", block)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"), "XDG_CACHE_HOME="+filepath.Join(dir, ".cache"), "HOME="+dir)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s\n%v\n%s", block, err, out)
				}
			}
		})
	}
	if total < 3 {
		t.Errorf("%d blocks of commands are marked %s; README.md alone has two", total, testMark)
	}
}

// shim makes a command go that runs the premix of this very test for "go run ./cmd/premix".
func shim(t *testing.T, root string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "cmd", "premix", "main.go")); err != nil {
		t.Fatal(err)
	}
	premix, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nif [ \"$1 $2\" != 'run ./cmd/premix' ]; then echo \"go $*: only go run ./cmd/premix works in a test\" >&2; exit 9; fi\nshift 2\nexec '%s' \"$@\"\n", premix)
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// marked returns the blocks below a testMark: fenced, or indented by four spaces up to an empty line.
func marked(text string) (blocks []string, err error) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != testMark {
			continue
		}
		mark := i + 1
		for i++; i < len(lines) && lines[i] == ""; i++ {
		}
		var block []string
		if i < len(lines) && strings.HasPrefix(lines[i], "```") {
			for i++; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
				block = append(block, lines[i])
			}
		} else {
			for ; i < len(lines) && strings.HasPrefix(lines[i], "    "); i++ {
				block = append(block, lines[i][4:])
			}
		}
		if len(block) == 0 {
			return blocks, fmt.Errorf("line %d: no block of commands below %s", mark, testMark)
		}
		blocks = append(blocks, strings.Join(block, "\n"))
	}
	return blocks, nil
}

func TestMarked(t *testing.T) {
	text := "a\n\n    not this\n\n<!-- test -->\n\n    one \\\n      more\n    two\n\n    not this\n<!-- test -->\n```sh\nthree\n\nfour\n```\n"
	got, err := marked(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"one \\\n  more\ntwo", "three\n\nfour"}, got); d != "" {
		t.Error(d)
	}
	if _, err := marked("<!-- test -->\n\ntext\n"); err == nil {
		t.Error("a mark without a block is no error")
	}
}
