package compat

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// bareLoad is a program that loads an output by its folder alone. It must take the shards of the first replica of each
// split, and nothing else that lies in the folder.
func bareLoad(t *testing.T, base snippet) snippet {
	t.Helper()
	files, samples := map[string][]string{}, map[string]int{}
	for _, split := range []string{"train", "validation"} {
		text, err := os.ReadFile(filepath.Join(base.Dir, "__premix__", split, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Replicas []struct {
				Shards []struct {
					Name    string
					Samples int
				}
			}
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		for _, s := range m.Replicas[0].Shards {
			files[split] = append(files[split], s.Name)
			samples[split] += s.Samples
		}
	}
	want, err := json.Marshal([]any{files, samples})
	if err != nil {
		t.Fatal(err)
	}
	base.Name, base.Checks = base.Name+"load_dataset", []string{}
	base.Blocks = []string{
		"import os\nfrom datasets import load_dataset, load_dataset_builder\n\ndata, builder = load_dataset(os.getcwd()), load_dataset_builder(os.getcwd())\n",
		fmt.Sprintf(`files, samples = %s
taken = {str(split): sorted(os.path.relpath(f, os.getcwd()) for f in found) for split, found in builder.config.data_files.items()}
assert taken == files, f"load_dataset takes {taken}, want {files}"
read = {split: len(rows) for split, rows in data.items()}
assert read == samples, f"load_dataset reads {read}, want {samples}"
`, want),
	}
	return base
}

// cacheRows is the program of docs/formats.md that reads a peaks cache. The files of another cache of the same images are
// put beside those that are there: so the cache looks when two runs share it at the same time.
func cacheRows(t *testing.T, base snippet, cache, other string) snippet {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(other, "*", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no files (%v)", other, err)
	}
	for _, name := range files {
		below, err := filepath.Rel(other, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name, filepath.Join(cache, below)); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile(`(?m)^    .*(glob\.|pandas\.).*\n`).FindAllString(string(page), -1)
	folders, err := filepath.Glob(filepath.Join(cache, "*", "fingerprint.json"))
	if len(blocks) != 2 || len(folders) != 1 || err != nil {
		t.Fatalf("docs/formats.md reads the cache in %d lines, want 2; caches %q (%v)", len(blocks), folders, err)
	}
	code := strings.ReplaceAll(strings.ReplaceAll(strings.Join(blocks, ""), "    ", ""), "CACHE/FINGERPRINT", filepath.Dir(folders[0]))
	base.Name, base.Checks = "docs/formats.md", []string{}
	base.Blocks = []string{"import glob\nimport pandas\n", code, `
assert len(pandas.read_parquet(files)) > len(rows), "no file repeats a row of another"
assert len(rows) == 37 * 4 == len(set(zip(rows["name"], rows["replica"]))), f"{len(rows)} rows of 37 images in 4 replicas"
`}
	return base
}
