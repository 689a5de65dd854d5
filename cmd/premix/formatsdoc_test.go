package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// documented are the files of an output: what docs/formats.md calls them, and what they are called.
var documented = []struct{ text, pattern string }{
	{"OUT/NAME-SPLIT[-rNNN]-000000.tar", `webdataset/premix-train-r00\d-\d{6}\.tar`},
	{"OUT/__index__/NAME-SPLIT[-rNNN]-000000.idx", `webdataset/__index__/premix-train-r00\d-\d{6}\.idx`},
	{"OUT/__index__/wids-SPLIT[-rNNN].json", `webdataset/__index__/wids-train-r00\d\.json`},
	{"OUT/_info.json", `webdataset/_info\.json`},
	{"OUT/SPLIT[-rNNN]-00000-of-01024", `tfrecord/train-r00\d-\d{5}-of-\d{5}`},
	{"OUT/__index__/SPLIT[-rNNN]-00000-of-01024.idx", `tfrecord/__index__/train-r00\d-\d{5}-of-\d{5}\.idx`},
	{"OUT/NAME/1.0.0/NAME-SPLIT[_rNNN].tfrecord-00000-of-01024", `tfds/premix/1\.0\.0/premix-train_r00\d\.tfrecord-\d{5}-of-\d{5}`},
	{"OUT/NAME/1.0.0/__index__/NAME-SPLIT[_rNNN].tfrecord-00000-of-01024.idx", `tfds/premix/1\.0\.0/__index__/premix-train_r00\d\.tfrecord-\d{5}-of-\d{5}\.idx`},
	{"OUT/NAME/1.0.0/features.json, dataset_info.json, label.labels.txt, label_a.labels.txt, label_b.labels.txt", `(?:tfds|array_record)/premix/1\.0\.0/(?:features\.json|dataset_info\.json|label(_[ab])?\.labels\.txt)`},
	{"OUT/NAME/1.0.0/NAME-SPLIT[_rNNN].array_record-00000-of-01024", `array_record/premix/1\.0\.0/premix-train_r00\d\.array_record-\d{5}-of-\d{5}`},
	{"OUT/data/SPLIT[_rNNN]-00000-of-01024.parquet", `parquet/data/train_r00\d-\d{5}-of-\d{5}\.parquet`},
	{"OUT/SPLIT[-rNNN]/SPLIT[-rNNN]-00000-of-01024.mds", `mds/train-r00\d/train-r00\d-\d{5}-of-\d{5}\.mds`},
	{"OUT/SPLIT[-rNNN]/index.json", `mds/train-r00\d/index\.json`},
	{"`OUT/README.md`", `\w+/README\.md`},
	{"`config.json`", `\w+/__premix__/train/config\.json`},
	{"`classes.txt`", `\w+/__premix__/train/classes\.txt`},
	{"`shards/rNNN-SSSSSS.json`", `\w+/__premix__/train/shards/r00\d-\d{6}\.json`},
	{"`plan/SHARD.parquet`", `\w+/__premix__/train/plan/[\w.-]*train[\w.-]+\.parquet`},
	{"`failures.jsonl`", `\w+/__premix__/train/failures\.jsonl`},
	{"`manifest.json`", `\w+/__premix__/train/manifest\.json`},
	{"`inputs.json`", `\w+/__premix__/train/inputs\.json`},
	{"`run.json`", `\w+/__premix__/train/run\.json`},
	{"`report.html`", `\w+/__premix__/train/report\.html`},
}

// TestFormatsPage holds docs/formats.md to what a job writes: every file, every key of its JSON
// files, every column and every feature is named there.
func TestFormatsPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	dir := t.TempDir()
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	premix(t, "synth", "--out", in, "--images", "24")
	if err := os.WriteFile(filepath.Join(in, "ball", "broken.jpg"), []byte("?"), 0o666); err != nil {
		t.Fatal(err)
	}
	premix(t, "mix", "--in", in, "--out", out, "--cache", cache, "--size", "16", "--shards", "2", "--replicas", "2",
		"--format", "webdataset,tfrecord,tfds,array_record,parquet,mds", "--label-form", "dense", "--max-bad", "10%")

	named := func(what, name string) {
		t.Helper()
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/formats.md does not name `%s` of %s", name, what)
		}
	}
	found := map[string]bool{}
	err = filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(out, path)
		if err != nil {
			return err
		}
		known := false
		for _, f := range documented {
			if regexp.MustCompile(`^` + f.pattern + `$`).MatchString(filepath.ToSlash(rel)) {
				found[f.text], known = true, true
			}
		}
		if !known {
			t.Errorf("%s is not documented", rel)
		}
		switch data, err := os.ReadFile(path); {
		case err != nil:
			return err
		case strings.HasSuffix(rel, ".json") && !strings.HasPrefix(rel, "tfds/premix") && !strings.HasPrefix(rel, "array_record/premix"), strings.HasSuffix(rel, ".jsonl"):
			for _, key := range jsonKeys(t, data) {
				named(rel, key)
			}
		case strings.HasSuffix(rel, ".parquet"):
			columns(t, rel, data, named)
		case strings.HasPrefix(rel, "tfrecord/train-"):
			features(t, rel, data, named)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range documented {
		if !found[f.text] {
			t.Errorf("%s: no such file was written", f.text)
		}
		if !strings.Contains(page, f.text) {
			t.Errorf("docs/formats.md does not name %s", f.text)
		}
	}
	chunks, err := filepath.Glob(filepath.Join(cache, "*", "*.parquet"))
	if err != nil || len(chunks) == 0 {
		t.Fatalf("no cache: %v", err)
	}
	data, err := os.ReadFile(chunks[0])
	if err != nil {
		t.Fatal(err)
	}
	columns(t, "the peaks cache", data, named)
}

// jsonKeys lists the keys of all objects in a JSON text of one or more values. What is below recipe,
// execution, failures and splits has keys of other lists.
func jsonKeys(t *testing.T, data []byte) (keys []string) {
	t.Helper()
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				keys = append(keys, k)
				switch k {
				case "recipe", "execution", "failures":
				case "splits":
					for _, split := range e.(map[string]any) {
						walk(split)
					}
				default:
					walk(e)
				}
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	for dec.More() {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
	return keys
}

func columns(t *testing.T, rel string, data []byte, named func(what, name string)) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Schema().Fields() {
		name := c.Name()
		if strings.HasPrefix(name, "source_") { // listed for both by target_
			name = "target_" + strings.TrimPrefix(name, "source_")
		}
		named(rel, name)
	}
	for _, kv := range f.Metadata().KeyValueMetadata {
		named(rel, kv.Key)
		if kv.Key == "premix" {
			for _, key := range jsonKeys(t, []byte(kv.Value)) {
				named(rel, key)
			}
		}
	}
}

func features(t *testing.T, rel string, data []byte, named func(what, name string)) {
	t.Helper()
	r := tfrecord.NewReader(bytes.NewReader(data), 1<<20)
	first, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	var ex tfexample.Example
	if err := ex.Parse(first); err != nil {
		t.Fatal(err)
	}
	for i := range ex.Len() {
		name, _ := ex.Feature(i)
		named(rel, strings.TrimPrefix(name, "image/mix/"))
	}
}

// TestInProcess: the command line works inside of another program, more than once.
func TestInProcess(t *testing.T) {
	for range 2 {
		var out, errs bytes.Buffer
		if code := run(context.Background(), []string{"mix", "--in", "synth:12", "--size", "16", "--out", filepath.Join(t.TempDir(), "o"), "--cache", "none"}, &out, &errs); code != exitDone {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		if !strings.Contains(out.String(), "peaks    12 computed, 0 from the cache") {
			t.Errorf("counts of another run: %s", out.String())
		}
	}
}
