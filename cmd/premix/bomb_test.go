package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/premix/premix/internal/layouttest"
)

// sampleTar is a WebDataset shard of n samples, without its end mark.
func sampleTar(t *testing.T, n int) []byte {
	t.Helper()
	pictures := layouttest.Pictures()
	var files []layouttest.File
	for i := range n {
		key, data := fmt.Sprintf("s%04d", i), pictures[i%len(pictures)]
		files = append(files, layouttest.File{Path: key + ".cls", Data: fmt.Append(nil, i%2)}, layouttest.File{Path: key + ".png", Data: data})
	}
	tar := layouttest.Tar(t, files)
	return tar[:len(tar)-1024]
}

// TestBomb: a shard that unpacks to 2 GiB of zeros is one row of the kind limit, the same by a scan, by the cache and
// without one. What came before is mixed, verified and made again by its plan.
func TestBomb(t *testing.T) {
	dir := t.TempDir()
	packer, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	zeros := packer.EncodeAll(make([]byte, 16<<20), nil)
	data := append(packer.EncodeAll(sampleTar(t, 12), nil), bytes.Repeat(zeros, 128)...)
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	layouttest.Write(t, in, []layouttest.File{{Path: "a.tar.zst", Data: data}})
	mix := []string{"mix", "--in", in, "--size", "16", "--max-bad", "100%"}
	for _, args := range [][]string{
		append(mix, "--cache", cache, "--out", out),
		append(mix, "--cache", cache, "--out", out+"-cached"),
		append(mix, "--cache", "none", "--out", out+"-none"),
		append(mix, "--cache", cache, "--out", out+"-plan", "--plan", out),
		{"verify", out, "--deep", "12", "--in", in},
	} {
		if code, said := runQuietly(t, args); code != exitDone {
			t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), code, said)
		}
	}
	read := func(out, name string) string {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const failures, shard = "__premix__/train/failures.jsonl", "premix-train-000000.tar"
	rows := read(out, failures)
	if strings.Count(rows, "\n") != 1 || !strings.Contains(rows, `"kind":"limit"`) || !strings.Contains(rows, "the zstd stream unpacks to more than 1073741824 bytes") {
		t.Error(rows)
	}
	for _, other := range []string{"-cached", "-none", "-plan"} {
		if read(out+other, failures) != rows || read(out+other, shard) != read(out, shard) {
			t.Errorf("out%s has other failures or another shard:\n%s", other, read(out+other, failures))
		}
	}
}
