package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/layouttest"
)

// TestZip: a zip archive goes the whole way: good images are mixed, by rows that were just made and by those of a
// cache; others are rows of failures.jsonl; the output is verified against the archive, and made again by its plan.
func TestZip(t *testing.T) {
	dir := t.TempDir()
	var files []layouttest.File
	for i, data := range layouttest.Pictures()[:12] {
		files = append(files, layouttest.File{Path: []string{"cat/", "dog/"}[i%2] + string(rune('a'+i)) + ".png", Data: data})
	}
	files = append(files, layouttest.File{Path: "dog/empty.png"}, layouttest.File{Path: "dog/bad.png", Data: []byte("STORED WRONG")}, layouttest.File{Path: "dog/link.png", Link: "a.png"})
	archive := layouttest.Zip(t, files)
	archive = bytes.Replace(archive, []byte("STORED WRONG"), []byte("STORED WORSE"), 1)
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	layouttest.Write(t, in, []layouttest.File{{Path: "pets.zip", Data: archive}})
	for _, args := range [][]string{
		{"mix", "--in", in, "--out", out, "--size", "16", "--cache", cache, "--max-bad", "30%"},
		{"mix", "--in", in, "--out", out, "--size", "16", "--cache", cache, "--max-bad", "30%"},
		{"mix", "--in", in, "--out", out + "2", "--size", "16", "--cache", cache, "--max-bad", "30%", "--seed", "5"},
		{"mix", "--in", in, "--out", out + "3", "--cache", cache, "--max-bad", "30%", "--plan", out},
		{"verify", out, "--deep", "12", "--in", in},
		{"verify", out + "2", "--deep", "12"},
	} {
		if code, said := runQuietly(t, args); code != exitDone {
			t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), code, said)
		}
	}
	const shard = "premix-train-000000.tar"
	a, err := os.ReadFile(filepath.Join(out, shard))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(out+"3", shard))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("%s by the plan is another one: %v", shard, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "__premix__", "train", "failures.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var f struct{ Name, Kind string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		kinds[f.Name] = f.Kind
	}
	for name, kind := range map[string]string{"pets.zip/dog/empty.png": "empty", "pets.zip/dog/bad.png": "corrupt", "pets.zip/dog/link.png": "unsupported"} {
		if kinds[name] != kind || len(kinds) != 3 {
			t.Errorf("failures are %v", kinds)
		}
	}
}
