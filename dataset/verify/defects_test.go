package verify_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset/internal/fixture"
)

// edit changes a file of an output.
func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func replace(old, new string) func(*testing.T, []byte) []byte {
	return func(t *testing.T, data []byte) []byte {
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("the file does not contain %q", old)
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
}

// member changes a member of a tar in place; its size must stay.
func member(name string, change func([]byte) []byte) func(*testing.T, []byte) []byte {
	return func(t *testing.T, data []byte) []byte {
		r := bytes.NewReader(data)
		tr := tar.NewReader(r)
		for {
			h, err := tr.Next()
			if err != nil {
				t.Fatalf("no member %s: %v", name, err)
			}
			if h.Name != name {
				continue
			}
			at := len(data) - r.Len()
			body, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			fresh := change(bytes.Clone(body))
			if len(fresh) != len(body) || bytes.Equal(fresh, body) {
				t.Fatalf("%s: %d bytes instead of %d, or the same", name, len(fresh), len(body))
			}
			return append(append(bytes.Clone(data[:at]), fresh...), data[at+len(fresh):]...)
		}
	}
}

func swap(old, new string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
}

// TestDefects spoils each thing once; verify must name it, and nothing but what follows from it.
func TestDefects(t *testing.T) {
	tests := []struct {
		name  string
		file  string
		spoil func(*testing.T, []byte) []byte // nil: remove the file
		want  []string                        // parts of the lines, in any order; every line must have one
	}{
		{"shard missing", tar0, nil, []string{tar0 + ": missing"}},
		{"shard truncated", tar1, func(_ *testing.T, b []byte) []byte { return b[:len(b)/2] },
			[]string{"tar1: ", "bytes, its record says", "sha256", "samples, its record says"}},
		{"bytes behind the end", tar0, func(_ *testing.T, b []byte) []byte { return append(b, "x"...) }, []string{tar0 + ": ", "sha256", "its record says"}},
		{"bit of a picture", tar0, member("000000002.png", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }),
			[]string{"000000002: image: ", "sha256", "000000002: built again"}},
		{"header of a member", tar0, func(_ *testing.T, b []byte) []byte { copy(b[100:], "0000644\x00"); fix(b[:512]); return b },
			[]string{"header field mode", "sha256"}},
		{"cls", tar0, member("000000001.cls", func([]byte) []byte { return []byte("7") }),
			[]string{"cls is 7", "000000001: label 7 is outside", "json differs", "label is 7, the plan says", "sha256"}},
		{"cls of another class", tar0, member("000000001.cls", func(b []byte) []byte { return []byte{'0' + (b[0]-'0'+1)%3} }),
			[]string{"cls is", "is the heavier of", "json differs", "the plan says", "sha256"}},
		{"lam in json", tar0, member("000000001.json", func(b []byte) []byte {
			i := bytes.Index(b, []byte(`"lam":`)) + len(`"lam":`)
			for b[i] < '1' || b[i] > '8' {
				i++
			}
			b[i]++
			return b
		}), []string{"000000001: lam is", "json differs", "the plan says", "statistics", "sha256"}},
		{"target in json", tar0, member("000000003.json", swap(`image 0`, `image 9`)), []string{"the plan says", "sha256", "an image is source and not target of its shard"}},
		{"flat in json", tar0, member("000000003.json", swap(`"flat":false`, `"flat":true `)), []string{"flat is true, the plan says false", "json differs", "statistics", "sha256"}},
		{"index missing", "__index__/demo-train-000001.idx", nil, []string{"000001.idx: missing"}},
		{"index off by one", "__index__/demo-train-000001.idx", replace("512 1", "513 1"), []string{"000001.idx: line 2 is not what"}},
		{"plan missing", plan0, nil, []string{plan0 + ": missing"}},
		{"plan truncated", plan0, func(_ *testing.T, b []byte) []byte { return b[:len(b)-9] }, []string{plan0 + ": "}},
		{"manifest missing", meta + "manifest.json", nil, []string{"the split is not finished"}},
		{"manifest damaged", meta + "manifest.json", replace(`"schema": 1,`, `"schema": 1`), []string{"manifest.json: dataset: "}},
		{"manifest reformatted", meta + "manifest.json", replace(`"schema": 1,`, `"schema":1,`), []string{"manifest.json: line 2 is not as premix writes it"}},
		{"recipe of the manifest", meta + "manifest.json", replace(`"seed": 7`, `"seed": 8`), []string{"seed: 7 → 8"}},
		{"counts", meta + "manifest.json", replace(`"ignored": 3`, `"ignored": 4`), []string{"18 entries, but good, ignored"}},
		{"good", meta + "manifest.json", replace(`"good": 12,`, `"good": 13,`), []string{"13 images are good, but replica 0 has 12", "entries, but", "add up to the totals"}},
		{"failures by kind", meta + "manifest.json", replace(`"corrupt": 2`, `"empty": 2`), []string{"failures by kind"}},
		{"statistics", meta + "manifest.json", replace(`"mixed": 12`, `"mixed": 11`), []string{"statistics differ"}},
		{"sha256 in the manifest", meta + "manifest.json", func(_ *testing.T, b []byte) []byte {
			i := bytes.LastIndex(b, []byte(`"sha256": "`)) // that of the manifest itself
			i = bytes.LastIndex(b[:i], []byte(`"sha256": "`)) + 11
			b[i] = 'a' + (b[i]-'a'+1)%6
			return b
		}, []string{tar1 + ": the manifest says"}},
		{"class list cut", meta + "classes.txt", func(_ *testing.T, b []byte) []byte { return b[:5] }, []string{"classes.txt: 1 names with sha256"}},
		{"class list", meta + "classes.txt", replace("hash", "mash"), []string{"classes.txt: 3 names with sha256"}},
		{"config", meta + "config.json", replace(`"f00d"`, `"f00e"`), []string{"fingerprint f00d, config.json says f00e"}},
		{"failure lost", meta + "failures.jsonl", func(_ *testing.T, b []byte) []byte { return b[bytes.IndexByte(b, '\n')+1:] },
			[]string{"3 failures, failures.jsonl has 2", "failures by kind"}},
		{"failure damaged", meta + "failures.jsonl", replace(`{"name"`, `{"name`), []string{"failures.jsonl: line 1: ", "failures by kind"}},
		{"failure without a reason", meta + "failures.jsonl", replace(`"reason":"gone"`, `"reason":""`), []string{"line 1 lacks a name, stage, kind or reason"}},
		{"record lost", meta + "shards/r000-000001.json", nil,
			[]string{tar1 + ": the manifest lists it, but its record __premix__/train/shards/r000-000001.json is missing", "12 samples, the records say 6", "replica 0 has 6 samples", "statistics", "plan of no shard", "has the name of shard 1, but no record"}},
		{"record of another recipe", meta + "shards/r000-000001.json", replace(`"f00d"`, `"beef"`), []string{"the record of demo-train-000001.tar says beef"}},
		{"timm's index", "_info.json", replace(`12`, `13`), []string{"_info.json: line "}},
		{"README", "README.md", nil, []string{"README.md: missing; premix reindex"}},
		{"a shard too many", tar0, func(t *testing.T, b []byte) []byte { return b }, []string{"demo-train-000007.tar: is not a shard of the split, but readers that take demo-train-*.tar"}},
	}
	base := fixture.Output{Dir: t.TempDir(), Failures: []premix.Failure{
		{Name: "a", Stage: "decode", Kind: premix.Truncated, Reason: "gone"},
		{Name: "b", Stage: "decode", Kind: premix.Corrupt, Reason: "bad"},
		{Name: "c", Stage: "decode", Kind: premix.Corrupt, Reason: "bad"},
	}}
	base.Make(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(base.Dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, test.file)
			switch {
			case test.name == "a shard too many":
				path = filepath.Join(dir, "demo-train-000007.tar")
				if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
					t.Fatal(err)
				}
			case test.spoil == nil:
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			default:
				edit(t, path, func(b []byte) []byte { return test.spoil(t, b) })
			}
			o := options(&base)
			o.Deep = 12
			r := run(t, dir, o)
			if r.OK || r.Total == 0 {
				t.Fatal("nothing was found")
			}
			got := text(r)
			for _, want := range test.want {
				want = strings.Replace(want, "tar1", tar1, 1)
				if !strings.Contains(got, want) {
					t.Errorf("no defect with %q in\n%s", want, got)
				}
			}
			for _, d := range r.Defects {
				if strings.Contains(d.What, "\n") || !slices.ContainsFunc(test.want, func(w string) bool {
					return strings.Contains(d.String(), strings.Replace(w, "tar1", tar1, 1))
				}) {
					t.Errorf("unexpected: %s", d)
				}
			}
		})
	}
}

// fix sets the checksum of a tar header.
func fix(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}
